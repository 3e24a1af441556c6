//! What the original documents, run as it stands there: the curl session and the JavaScript example.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{brief, browser::Browser, service::Service, wait};

const CREATE: &str = r#"
curl -X POST http://localhost:8000/api/v1/generations \
  -H "Content-Type: application/json" \
  -d '{
    "projectId": "test-project",
    "title": "Test Script",
    "description": "Test description",
    "scriptType": "drama"
  }'
"#;

const FOLLOW: &str = "curl -N http://localhost:8000/api/v1/generations/job_123/events";

const CANCEL: &str = "curl -X DELETE http://localhost:8000/api/v1/generations/job_123";

/// Runs a command of the session against this service and this job; what it printed.
fn shell(service: &Service, command: &str, job: &str) -> String {
    let address = format!("localhost:{}", service.address().port());
    let command = command.replace("localhost:8000", &address).replace("job_123", job);
    let output = Command::new("bash").args(["-c", &command]).output().expect("bash and curl run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_curl_session_creates_follows_and_cancels() {
    let service = Service::builder().words_per_second(2000).start();
    let created: Value = serde_json::from_str(&shell(&service, CREATE, "")).expect("JSON");
    let id = created["jobId"].as_str().expect("a jobId");
    assert_eq!(created["status"], "queued");
    let events = shell(&service, FOLLOW, id);
    for name in ["progress", "completed"] {
        assert!(events.contains(&format!("event: {name}\n")), "{name} in {events}");
    }
    assert_eq!(shell(&service, CANCEL, id), "");
    assert_eq!(service.job(id)["status"], "completed");

    let slow = Service::builder().words_per_second(20).start();
    let created: Value = serde_json::from_str(&shell(&slow, CREATE, "")).expect("JSON");
    let id = created["jobId"].as_str().expect("a jobId");
    shell(&slow, CANCEL, id);
    slow.wait_for(id, "canceled");
    assert!(shell(&slow, FOLLOW, id).contains("JOB_CANCELED"));
}

/// The functions that the example leaves to the page.
const PAGE: &str = "
    window.seen = { progress: [], texts: [] };
    window.updateProgress = (value, step) => window.seen.progress.push([value, step]);
    window.updateContent = (markdown) => window.seen.texts.push(markdown);
    window.showFinalResult = (result) => { window.seen.result = result; };
    window.showError = (error) => { window.seen.error = error; };
";

const EXAMPLE: &str = "
const eventSource = new EventSource('/api/v1/generations/job_123/events');

eventSource.addEventListener('progress', (event) => {
    const data = JSON.parse(event.data);
    updateProgress(data.value, data.currentStep);
});

eventSource.addEventListener('preview', (event) => {
    const data = JSON.parse(event.data);
    updateContent(data.markdown);
});

eventSource.addEventListener('completed', (event) => {
    const data = JSON.parse(event.data);
    showFinalResult(data.result);
    eventSource.close();
});

eventSource.addEventListener('failed', (event) => {
    const data = JSON.parse(event.data);
    showError(data.error);
    eventSource.close();
});
";

#[test]
fn the_javascript_example_shows_progress_text_and_result_in_a_browser() {
    let service = Service::builder().words_per_second(100).env("GENERATION__SSE__PREVIEW_INTERVAL", "50ms").start();
    let browser = Browser::start();
    browser.open(&service.url("/health/live"));
    let id = service.create(&brief());
    browser.run(PAGE, Vec::new());
    browser.run(&EXAMPLE.replace("job_123", &id), Vec::new());
    let result = browser.wait_until("window.seen.result");
    assert_eq!(result["markdown"], json!(service.script(&id)));
    assert_eq!(result["savedToEpisode"], true);
    let seen = browser.run("return window.seen", Vec::new());
    let texts = seen["texts"].as_array().expect("texts");
    assert!(texts.len() >= 3, "{} previews", texts.len());
    assert!(seen["progress"].as_array().is_some_and(|progress| progress.len() >= 2), "{seen}");
    assert_eq!(seen.get("error"), None);

    let slow = service.create(&brief());
    browser.run(PAGE, Vec::new());
    browser.run(&EXAMPLE.replace("job_123", &slow), Vec::new());
    browser.wait_until("window.seen.texts.length");
    service.cancel(&slow);
    assert_eq!(browser.wait_until("window.seen.error")["code"], "JOB_CANCELED");
    wait::until("the closed sources to be noticed", || (service.stats()["connections"]["active"] == 0).then_some(()));
}

/// A page of another origin that never closes its source; it counts what it is sent.
const CARELESS: &str = "
    window.names = [];
    fetch(arguments[0] + '/api/v1/generations', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'from-a-page' },
        body: JSON.stringify(arguments[1]),
    }).then((answer) => answer.json()).then((job) => {
        window.source = new EventSource(job.sseUrl);
        for (const name of ['progress', 'preview', 'completed', 'failed', 'heartbeat']) {
            window.source.addEventListener(name, () => window.names.push(name));
        }
    });
";

#[test]
fn a_page_of_any_origin_can_create_and_follow_and_is_stopped_after_the_end() {
    let service = Service::builder().env("GENERATION__SSE__RETRY", "50ms").start();
    let browser = Browser::start();
    let elsewhere = Service::start();
    browser.open(&elsewhere.url("/health/live"));
    browser.run(CARELESS, vec![json!(service.url("")), brief()]);
    // Neither an end of the stream nor an error: only 204 makes a browser stop for good.
    browser.wait_until("window.source && window.source.readyState === EventSource.CLOSED");
    let names = browser.run("return window.names", Vec::new());
    let count = |wanted: &str| names.as_array().expect("names").iter().filter(|name| *name == wanted).count();
    assert_eq!((count("completed"), count("failed")), (1, 0), "{names}");
    assert_eq!(count("heartbeat"), 1, "the mark of the end: {names}");
}
