//! What goes wrong is said where it is looked for, and is gone once it is over.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ask_for_a_script, open, unhurried, wait_for_end, wait_for_script, wait_for_text};
use crate::harness::{
    brief_with,
    browser::Browser,
    free_address,
    service::Service,
    upstream::{Step, Upstream, refuse},
    wait,
};

/// What the page says in red, or would if it were shown.
fn errors(browser: &Browser) -> Value {
    let shown = "return [...document.querySelectorAll('.banner, .alert')].filter((box) => !box.hidden).length";
    browser.run(shown, Vec::new())
}

fn english(browser: &Browser) {
    if browser.run("return document.documentElement.lang", Vec::new()) != "en" {
        browser.click("#language");
    }
    browser.wait_until("document.documentElement.lang === 'en'");
}

#[test]
fn after_a_crash_and_a_recovery_no_error_remains() {
    // The page comes back to the address it knows.
    let port = free_address().port().to_string();
    let mut service = unhurried().env("GENERATION__SERVER__PORT", &port).start();
    let browser = open(&service);
    let id = ask_for_a_script(&browser, 500);
    wait_for_text(&browser);
    service.kill9();
    browser.wait_until("document.querySelector('#stage').dataset.state === 'reconnecting'");
    browser.click("#cancel");
    browser.wait_until("!document.querySelector('#alert').hidden");
    browser.click("#brief-form [type=submit]");
    browser.wait_until("!document.querySelector('.banner').hidden");
    assert_eq!(errors(&browser), 2);

    service.restart();
    wait_for_end(&browser, "completed");
    wait_for_script(&browser, &service.script(&id));
    wait::until("the errors to be gone", || (errors(&browser) == 0).then_some(()));
    assert_eq!(browser.run("return document.querySelector('#bar').value", Vec::new()), 100);
}

#[test]
fn on_a_phone_a_refused_order_is_explained_beside_its_button() {
    let mut service = Service::start();
    let browser = Browser::start();
    browser.resize(390, 844);
    browser.open(&service.url("/"));
    browser.wait_until("document.querySelector('#f-description').value");
    service.kill9();
    browser.click("#brief-form [type=submit]");
    browser.wait_until("!document.querySelector('.banner').hidden && !document.querySelector('#submit').disabled");
    let inside = "[document.querySelector('.banner'), document.querySelector('#submit')].every((part) => { \
                  const { top, bottom } = part.getBoundingClientRect(); return top > -1 && bottom < innerHeight + 1; })";
    browser.wait_until(inside);
}

#[test]
fn a_device_that_is_online_again_no_longer_says_that_the_service_cannot_be_reached() {
    let service = Service::start();
    let browser = open(&service);
    browser.wait_until("!document.querySelector('#no-jobs').hidden");
    let list = browser.text("#no-jobs");
    browser.set_offline(true);
    browser.click("#brief-form [type=submit]");
    browser.wait_until("!document.querySelector('.banner').hidden");
    // The next question after a failed one would come 10 s later.
    browser.run("document.dispatchEvent(new Event('visibilitychange'))", Vec::new());
    wait::until("a list that is out of date", || (browser.text("#no-jobs") != list).then_some(()));
    browser.set_offline(false);
    browser.wait_until_within(Duration::from_secs(4), "document.querySelector('.banner').hidden");
}

#[test]
fn a_cancellation_is_announced_neither_as_a_success_nor_as_an_error() {
    let service = unhurried().start();
    let browser = open(&service);
    ask_for_a_script(&browser, 2000);
    wait_for_text(&browser);
    browser.click("#cancel");
    wait_for_end(&browser, "canceled");
    let colours = browser.run(
        "const [paint, note] = [document.createElement('i'), document.querySelector('#note')]; \
         document.body.append(paint); \
         const colour = (name) => { paint.style.color = `var(--${name})`; return getComputedStyle(paint).color; }; \
         return [getComputedStyle(note).color, colour('green'), colour('red')];",
        Vec::new(),
    );
    assert!(!browser.text("#note").is_empty());
    assert_ne!(colours[0], colours[1], "not in green");
    assert_ne!(colours[0], colours[2], "nor in red");
    assert_eq!(errors(&browser), 0);
}

#[test]
fn a_full_queue_says_when_to_try_again_and_then_that_it_is_time() {
    let service =
        unhurried().env("GENERATION__JOBS__MAX_STREAMING", "1").env("GENERATION__JOBS__MAX_QUEUED", "1").start();
    for _ in 0..2 {
        service.create(&brief_with(json!({ "lengthTarget": 20_000 })));
    }
    wait::until("a full queue", || (service.post(&brief_with(json!({}))).status() == 503).then_some(()));
    let browser = open(&service);
    english(&browser);
    browser.click("#brief-form [type=submit]");
    browser.wait_until("!document.querySelector('.banner').hidden");
    let refused = browser.text(".banner");
    assert!(refused.starts_with("The queue is full.") && refused.contains(" in 5 s"), "{refused}");
    browser.wait_until("document.querySelector('.banner').textContent.endsWith('You can try again now.')");
}

#[test]
fn a_failure_that_trying_again_cannot_help_says_so() {
    let upstream = Upstream::start(|_| refuse(400, "context_length_exceeded"));
    let service = Service::builder().upstream(&upstream).start();
    let browser = open(&service);
    english(&browser);
    ask_for_a_script(&browser, 50);
    wait_for_end(&browser, "failed");
    let alert = browser.text("#alert");
    assert!(alert.contains("The token limit was exceeded") && alert.contains("TOKEN_LIMIT_EXCEEDED"), "{alert}");
    assert!(alert.contains("Trying again unchanged will not help"), "{alert}");
    assert!(!browser.is_shown("#retry"));
}

#[test]
fn a_refused_repetition_says_so_beside_its_button_and_keeps_the_text() {
    let upstream = Upstream::start(|_| vec![Step::Head, Step::Text("As far as it came.".into()), Step::Cut]);
    let service = Service::builder().upstream(&upstream).start();
    let browser = open(&service);
    english(&browser);
    ask_for_a_script(&browser, 50);
    wait_for_end(&browser, "failed");
    // Refused by the page's own hand, so that it does not matter how long the queue stays full.
    browser.run(
        "window.fetch = async () => new Response(JSON.stringify({ error: { code: 'QUEUE_FULL', message: 'The queue is \
         full. Please try again in a moment.', retryable: true } }), { status: 503, headers: { 'Retry-After': '7' } })",
        Vec::new(),
    );
    browser.click("#retry");
    browser.wait_until("document.querySelector('#alert-text').textContent.includes('in 7 s')");
    assert!(browser.is_shown("#retry"));
    wait_for_script(&browser, "As far as it came.");
    assert!(!browser.is_shown(".banner"), "the form has nothing to do with it");
}

#[test]
fn a_device_that_is_offline_says_so_and_goes_on_by_itself() {
    let port = free_address().port().to_string();
    let mut service = unhurried().env("GENERATION__SERVER__PORT", &port).start();
    let browser = open(&service);
    let id = ask_for_a_script(&browser, 500);
    wait_for_text(&browser);
    // Emulated, it spares the connections there are; a real one does not.
    browser.set_offline(true);
    service.kill9();
    browser.wait_until("document.querySelector('#stage').dataset.state === 'offline'");
    assert!(browser.is_shown("#note"));
    service.restart();
    browser.set_offline(false);
    browser.wait_until("document.querySelector('#stage').dataset.state === 'live'");
    wait_for_end(&browser, "completed");
    wait_for_script(&browser, &service.script(&id));
}

#[test]
fn an_address_that_cannot_be_read_says_so_and_the_page_works_on() {
    let service = Service::builder().words_per_second(200).start();
    let browser = Browser::start();
    browser.open(&service.url("/#%"));
    wait_for_end(&browser, "lost");
    assert!(!browser.text("#alert").is_empty());
    let id = ask_for_a_script(&browser, 60);
    wait_for_end(&browser, "completed");
    wait_for_script(&browser, &service.script(&id));
}
