//! What somebody has typed or begun is never lost.

use std::time::Duration;

use serde_json::json;

use super::{PAPER, ask_for_a_script, letters, open, unhurried, wait_for_end, wait_for_script, wait_for_text};
use crate::harness::{
    browser::Browser,
    service::Service,
    upstream::{Gate, Step, Upstream, complete},
};

const STORY: &str = "return document.querySelector('#f-description').value";

/// The texts of the links in a list.
fn listed(browser: &Browser, list: &str) -> Vec<String> {
    let texts = browser
        .run(&format!("return [...document.querySelectorAll('{list} a')].map((link) => link.textContent)"), Vec::new());
    texts.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

#[test]
fn a_reload_keeps_what_was_typed() {
    let service = Service::start();
    let browser = open(&service);
    browser.fill("#f-description", "A story of my own");
    browser.fill("#f-length", "321");
    browser.reload();
    assert_eq!(browser.wait_until("document.querySelector('#f-description').value"), "A story of my own");
    assert_eq!(browser.run("return document.querySelector('#f-length').value", Vec::new()), "321");
}

#[test]
fn the_example_can_be_undone_also_after_a_reload() {
    let service = Service::start();
    let browser = open(&service);
    browser.fill("#f-description", "A story of my own");
    browser.click("#brief-form .actions .quiet");
    assert_ne!(browser.run(STORY, Vec::new()), "A story of my own");
    browser.reload();
    browser.wait_until("document.querySelector('#undo')?.hidden === false");
    browser.click("#undo");
    assert_eq!(browser.run(STORY, Vec::new()), "A story of my own");
    assert!(!browser.is_shown("#undo"), "there is nothing more to undo");
}

#[test]
fn a_stopped_script_is_listed_and_opens_again_while_the_service_holds_it() {
    let mut service = unhurried().env("GENERATION__JOBS__RETENTION", "1h").start();
    let browser = open(&service);
    let id = ask_for_a_script(&browser, 2000);
    wait_for_text(&browser);
    browser.click("#cancel");
    wait_for_end(&browser, "canceled");
    let script = service.script(&id);

    // Also for somebody who comes back later.
    browser.open(&service.url("/sse_test.html"));
    browser.wait_until("document.querySelector('#kept a')");
    assert!(listed(&browser, "#kept")[0].contains("비밀의 카페"));
    browser.click("#kept a");
    wait_for_end(&browser, "canceled");
    wait_for_script(&browser, &script);
    assert!(browser.is_shown("#note"), "it says what became of it");

    // What the service no longer holds leaves the list.
    browser.run(
        "const jobId = 'job_00000000000000000000000000000000'; \
         const gone = { jobId, title: 'Gone', projectId: 'p', status: 'failed', body: null }; \
         localStorage.setItem(`script/${jobId}`, JSON.stringify(gone))",
        Vec::new(),
    );
    browser.reload();
    browser.wait_until("document.querySelectorAll('#kept a').length === 1");
    assert_eq!(listed(&browser, "#kept").len(), 1);
    service.stop();
}

#[test]
fn writing_again_keeps_the_text_of_the_earlier_attempt() {
    let gate = Gate::default();
    let opens = gate.clone();
    let upstream = Upstream::start(move |request| match request {
        0 => vec![Step::Head, Step::Text("The first attempt came this far.".into()), Step::Cut],
        _ => [Step::Hold(opens.clone())].into_iter().chain(complete(["A second text entirely."])).collect(),
    });
    let service = Service::builder().upstream(&upstream).env("GENERATION__SSE__PREVIEW_INTERVAL", "50ms").start();
    let browser = open(&service);
    let first = ask_for_a_script(&browser, 50);
    wait_for_end(&browser, "failed");
    wait_for_script(&browser, "The first attempt came this far.");
    browser.click("#retry");
    browser.wait_until(&format!("location.hash.startsWith('#job_') && location.hash !== '#{first}'"));
    browser.wait_until("document.querySelector('#stage').dataset.state === 'live'");
    upstream.wait_for_requests(2);
    assert_eq!(browser.run(&format!("return {PAPER}"), Vec::new()), "The first attempt came this far.");

    gate.open();
    wait_for_end(&browser, "completed");
    wait_for_script(&browser, "A second text entirely.");
    browser.click("#earlier-link");
    wait_for_end(&browser, "failed");
    wait_for_script(&browser, "The first attempt came this far.");
    assert_eq!(listed(&browser, "#kept").len(), 1, "and it is in a list");
}

#[test]
fn an_order_whose_answer_was_lost_is_one_job_also_after_a_reload() {
    let service = Service::builder().words_per_second(200).start();
    let browser = open(&service);
    // The request arrives; its answer does not.
    browser.run(
        "const real = window.fetch; \
         window.fetch = async (url, options) => { \
             const answer = await real(url, options); \
             if (options?.method === 'POST') { window.fetch = real; throw new TypeError('cut'); } \
             return answer; \
         };",
        Vec::new(),
    );
    browser.fill("#f-title", "Only once");
    browser.click("#brief-form [type=submit]");
    browser.wait_until("document.querySelector('.banner').hidden === false");
    browser.reload();
    browser.wait_until("document.querySelector('#f-title').value");
    browser.click("#brief-form [type=submit]");
    browser.wait_until("location.hash.startsWith('#job_')");
    assert_eq!(service.stats()["jobs"]["total"], json!(1));
    browser.wait_until_within(Duration::from_secs(60), "document.querySelector('#stage').dataset.end === 'completed'");
    assert!(!letters(browser.run(&format!("return {PAPER}"), Vec::new()).as_str().expect("text")).is_empty());
}
