//! What the page says, it says in one language; what somebody wrote, it shows as it was written.

use serde_json::json;

use super::{PAPER, ask_for_a_script, open, unhurried, wait_for_end, wait_for_text};
use crate::harness::{brief_with, browser::Browser, service::Service, wait};

fn has_hangul(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

/// Everything that one sees outside the script and the form's own fields.
fn said(browser: &Browser) -> String {
    [".slip", ".lists", "#brief-form"].map(|part| browser.text(part)).join("\n")
}

fn switch_to(browser: &Browser, language: &str) {
    if browser.run("return document.documentElement.lang", Vec::new()) != language {
        browser.click("#language");
    }
    browser.wait_until(&format!("document.documentElement.lang === '{language}'"));
}

/// Asks for a script that has no Korean in its names, in Korean.
fn ask_in_korean(browser: &Browser, words: u32) {
    switch_to(browser, "ko");
    for (field, text) in [("#f-project", "names"), ("#f-title", "A name"), ("#f-description", "두 사람이 만난다")]
    {
        browser.fill(field, text);
    }
    browser.fill("#f-length", &words.to_string());
    browser.click("#brief-form [type=submit]");
    browser.wait_until("location.hash.startsWith('#job_')");
}

#[test]
fn a_language_switch_leaves_no_half_a_sentence() {
    let service = unhurried().start();
    let browser = open(&service);
    ask_in_korean(&browser, 2000);
    wait_for_text(&browser);
    browser.wait_until("document.querySelector('#jobs a') && document.querySelector('#counts').textContent");
    assert!(has_hangul(&said(&browser)));
    switch_to(&browser, "en");
    wait::until("the progress in English", || (!has_hangul(&browser.text(".facts"))).then_some(()));
    assert!(!has_hangul(&said(&browser)), "{}", said(&browser));

    browser.click("#cancel");
    wait_for_end(&browser, "canceled");
    browser.wait_until("document.querySelector('#kept a')");
    assert!(!has_hangul(&said(&browser)), "{}", said(&browser));
    switch_to(&browser, "ko");
    assert!(!browser.text("#note").is_ascii(), "{}", browser.text("#note"));
}

#[test]
fn faults_at_the_fields_follow_a_language_switch() {
    let service = Service::start();
    let browser = open(&service);
    switch_to(&browser, "ko");
    browser.fill("#f-temperature", "9");
    browser.click("#brief-form [type=submit]");
    browser.wait_until("document.querySelector('#fault-temperature')");
    assert!(has_hangul(&browser.text("#fault-temperature")));
    switch_to(&browser, "en");
    assert_eq!(browser.text("#fault-temperature"), "must be between 0.0 and 2.0");
    assert!(!has_hangul(&browser.text(".banner")), "{}", browser.text(".banner"));
}

#[test]
fn a_title_with_markup_is_shown_as_it_was_written() {
    let service = Service::start();
    let title = "<script>alert(1)</script> *A* & B_c_";
    let id = service.create(&brief_with(json!({ "title": title, "lengthTarget": 200 })));
    service.wait_for(&id, "completed");
    let browser = Browser::start();
    browser.open(&service.url(&format!("/#{id}")));
    wait_for_end(&browser, "completed");
    browser.wait_until("document.querySelector('#paper .title')");
    assert_eq!(browser.run("return document.querySelector('#paper .title').textContent", Vec::new()), title);
    assert!(!browser.run(&format!("return {PAPER}"), Vec::new()).as_str().expect("a text").contains('\\'));
}

#[test]
fn the_end_is_centred_in_korean_too() {
    let service = Service::start();
    let id = service.create(&brief_with(json!({ "lengthTarget": 200 })));
    service.wait_for(&id, "completed");
    assert!(service.script(&id).trim_end().ends_with("(끝)"));
    let browser = Browser::start();
    browser.open(&service.url(&format!("/#{id}")));
    browser.wait_until("document.querySelector('#paper .leaf:last-child > .stanza:last-child')");
    let last = "return getComputedStyle(document.querySelector('#paper .leaf:last-child > .stanza:last-child > \
                :last-child')).textAlign";
    assert_eq!(browser.run(last, Vec::new()), "center");
}

#[test]
fn the_page_speaks_plainly_of_a_job_that_is_gone() {
    let service = Service::start();
    let browser = open(&service);
    switch_to(&browser, "ko");
    browser.open(&service.url("/#job_00000000000000000000000000000000"));
    wait_for_end(&browser, "lost");
    assert!(has_hangul(&browser.text("#title")));
    switch_to(&browser, "en");
    assert_eq!(browser.text("#title"), "Job not found");
    assert!(!has_hangul(&said(&browser)), "{}", said(&browser));
    let id = ask_for_a_script(&browser, 60);
    wait_for_end(&browser, "completed");
    assert_eq!(service.job(&id)["status"], "completed");
}
