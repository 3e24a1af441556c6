//! The web page, as somebody uses it in a real browser.

mod drafts;
mod errors;
mod lists;
mod words;

use serde_json::{Value, json};

use crate::harness::{
    brief_with,
    browser::Browser,
    service::{Builder, Service},
    upstream::{Upstream, complete},
    wait,
};

/// Jobs take a few seconds: long enough to do something meanwhile.
fn unhurried() -> Builder {
    Service::builder().words_per_second(80).env("GENERATION__SSE__PREVIEW_INTERVAL", "50ms")
}

fn open(service: &Service) -> Browser {
    let browser = Browser::start();
    browser.open(&service.url("/"));
    browser
}

/// Fills in the form and sends it; the id of the job that the page then follows.
fn ask_for_a_script(browser: &Browser, words: u32) -> String {
    browser.fill("#f-project", "page-project");
    browser.fill("#f-title", "비밀의 카페");
    browser.fill("#f-description", "비 오는 밤, 두 사람이 카페에서 비밀을 나눈다");
    browser.fill("#f-length", &words.to_string());
    let before = browser.run("return location.hash", Vec::new());
    browser.click("#brief-form [type=submit]");
    let job = browser.wait_until(&format!(
        "location.hash.startsWith('#job_') && location.hash !== {before} && location.hash.slice(1)"
    ));
    job.as_str().expect("a job's id").to_owned()
}

const PAPER: &str = "document.querySelector('#paper').textContent";

fn wait_for_text(browser: &Browser) {
    browser.wait_until(&format!("{PAPER}.length"));
}

fn wait_for_end(browser: &Browser, end: &str) {
    browser.wait_until(&format!("document.querySelector('#stage').dataset.end === '{end}'"));
}

/// What layout leaves of a text: its letters.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

/// Waits until the sheet shows that text, all of it and nothing else.
fn wait_for_script(browser: &Browser, script: &str) {
    let expected = letters(script);
    assert!(!expected.is_empty());
    wait::until("the whole script on the sheet", || {
        let shown = browser.run(&format!("return {PAPER}"), Vec::new());
        (letters(shown.as_str()?) == expected).then_some(())
    });
}

#[test]
fn a_script_is_asked_for_watched_through_a_lost_connection_and_found_saved() {
    let service = unhurried().start();
    let browser = open(&service);
    let id = ask_for_a_script(&browser, 400);
    wait_for_text(&browser);
    let early = browser.run(&format!("return {PAPER}.length"), Vec::new());
    browser.wait_until(&format!("{PAPER}.length > {early}"));
    browser.wait_until("document.querySelector('#bar').value > 0");

    assert!(!browser.is_shown("#drop") && !browser.is_shown("#log"), "they are for developers");
    browser.click("#developer");
    browser.click("#drop");
    browser.wait_until("document.querySelector('#stage').dataset.state === 'dropped'");
    browser.wait_until("document.querySelector('#stage').dataset.state === 'live'");

    wait_for_end(&browser, "completed");
    assert_eq!(browser.run("return document.querySelector('#bar').value", Vec::new()), 100);
    let script = service.script(&id);
    wait_for_script(&browser, &script);
    assert_eq!(service.stats()["connections"]["total"], 2, "it came back once");

    browser.wait_until("document.querySelector('#episodes a')");
    assert!(browser.text("#episodes a").contains("비밀의 카페"));
    browser.click("#episodes a");
    browser.wait_until("document.querySelector('#stage').dataset.shows === 'episode'");
    wait_for_script(&browser, &script);
    assert_eq!(service.episodes("page-project").len(), 1);
}

#[test]
fn a_reloaded_page_goes_on_following() {
    let service = unhurried().start();
    let browser = open(&service);
    let id = ask_for_a_script(&browser, 250);
    wait_for_text(&browser);
    browser.reload();
    wait_for_text(&browser);
    wait_for_end(&browser, "completed");
    wait_for_script(&browser, &service.script(&id));
    browser.reload();
    wait_for_script(&browser, &service.script(&id));
}

#[test]
fn the_page_can_stop_the_writing_and_keeps_the_text() {
    let service = unhurried().start();
    let browser = open(&service);
    let id = ask_for_a_script(&browser, 2000);
    wait_for_text(&browser);
    browser.click("#cancel");
    wait_for_end(&browser, "canceled");
    let job = service.job(&id);
    assert_eq!((&job["status"], &job["errorCode"]), (&json!("canceled"), &json!("JOB_CANCELED")));
    assert_eq!(json!(browser.text("#note")), job["errorMessage"], "what was asked for is no fault");
    wait_for_script(&browser, &service.script(&id));
}

#[test]
fn a_job_started_elsewhere_is_listed_and_can_be_followed() {
    let service = unhurried().start();
    let id = service.create(&brief_with(json!({ "title": "From elsewhere", "lengthTarget": 400 })));
    let browser = open(&service);
    browser.wait_until("document.querySelector('#jobs a')");
    assert!(browser.text("#jobs a").contains("From elsewhere"));
    browser.click("#jobs a");
    wait_for_end(&browser, "completed");
    wait_for_script(&browser, &service.script(&id));
}

#[test]
fn faults_are_shown_at_their_fields_in_both_languages() {
    let service = Service::start();
    let browser = open(&service);
    browser.fill("#f-temperature", "9");
    browser.fill("#f-length", "0");
    browser.click("#brief-form [type=submit]");
    let invalid = "[...document.querySelectorAll('[aria-invalid=true]')].map((field) => field.name)";
    browser.wait_until(&format!("{invalid}.length"));
    assert_eq!(browser.run(&format!("return {invalid}"), Vec::new()), json!(["temperature", "lengthTarget"]));
    let fault = "document.querySelector('#fault-temperature')?.textContent";
    let shown = || browser.wait_until(fault).as_str().expect("text").to_owned();
    let one = shown();

    // Which of the two it begins with is the browser's preference.
    browser.click("#language");
    browser.click("#brief-form [type=submit]");
    let other = wait::until("the fault in the other language", || Some(shown()).filter(|text| *text != one));
    let (korean, english) = if one.is_ascii() { (other, one) } else { (one, other) };
    assert!(english.is_ascii() && korean.chars().any(|c| ('가'..='힣').contains(&c)), "{korean} / {english}");
    assert_eq!(service.stats()["jobs"]["total"], 0);
}

const HOSTILE: &str = "<img src=x onerror=\"window.hacked = 1\"><script>window.hacked = 1</script> \
                       [link](javascript:window.hacked=1) <b>bold</b> &amp; the end";

#[test]
fn a_models_text_is_never_markup() {
    let upstream = Upstream::start(|_| complete([HOSTILE]));
    let service = Service::builder().upstream(&upstream).start();
    let browser = open(&service);
    browser.fill("#f-model", "test-model");
    ask_for_a_script(&browser, 50);
    wait_for_end(&browser, "completed");
    wait_for_script(&browser, HOSTILE);
    let elements = "return document.querySelectorAll('#paper img, #paper script, #paper b, #paper a').length";
    assert_eq!(browser.run(elements, Vec::new()), 0);
    assert_eq!(browser.run("return window.hacked", Vec::new()), Value::Null);
}

#[test]
fn the_page_is_whole_under_its_strict_policy_and_fits_a_phone() {
    let service = Service::start();
    for path in ["/", "/sse_test.html"] {
        let page = service.get(path).expect(200);
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
        assert!(!page.text().contains("https://"), "nothing comes from elsewhere");
    }
    assert_eq!(service.get("/").body, service.get("/sse_test.html").body);
    let browser = Browser::start();
    browser.resize(375, 700);
    browser.open(&service.url("/sse_test.html"));
    browser.wait_until("document.querySelector('#f-description').value");
    let missing = "return performance.getEntriesByType('resource') \
                   .filter(({ name, responseStatus }) => !name.includes('/api/') && responseStatus !== 200).length";
    assert_eq!(browser.run(missing, Vec::new()), 0);
    let overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.run(overflow, Vec::new()), 0);
}
