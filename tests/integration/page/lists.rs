//! The lists beside the sheet agree with it.

use serde_json::json;

use super::{ask_for_a_script, open, unhurried, wait_for_end, wait_for_script, wait_for_text};
use crate::harness::{brief_with, browser::Browser, http::Request, service::Service, wait};

#[test]
fn the_list_says_what_the_stage_says() {
    let service = unhurried().start();
    let browser = open(&service);
    ask_for_a_script(&browser, 600);
    wait_for_text(&browser);
    browser.wait_until("document.querySelector('#jobs progress')");
    let both = "return [document.querySelector('#bar').value, document.querySelector('#jobs progress')?.value, \
                document.querySelector('#step').textContent, document.querySelector('#jobs .where')?.textContent]";
    let mut readings = 0;
    wait::until("most of the script", || {
        let shown = browser.run(both, Vec::new());
        if shown[1].is_null() {
            return Some(());
        }
        assert_eq!(shown[0], shown[1]);
        let place = format!("{} {}%", shown[2].as_str()?, shown[0]);
        assert!(shown[3].as_str()?.ends_with(&place), "{shown}");
        readings += 1;
        (shown[0].as_f64()? > 70.0).then_some(())
    });
    assert!(readings > 10, "{readings} readings");
}

#[test]
fn a_job_that_has_ended_is_not_being_written() {
    let service = unhurried().start();
    let browser = open(&service);
    ask_for_a_script(&browser, 2000);
    wait_for_text(&browser);
    browser.wait_until("document.querySelector('#jobs a')");
    // The next answer about the list would come seconds later.
    browser.run(
        "const real = window.fetch; \
         window.fetch = (url, options) => String(url).includes('/active') ? new Promise(() => {}) : real(url, options)",
        Vec::new(),
    );
    browser.click("#cancel");
    wait_for_end(&browser, "canceled");
    assert_eq!(browser.run("return document.querySelectorAll('#jobs a').length", Vec::new()), 0);
}

#[test]
fn reading_an_episode_of_another_project_shows_the_list_of_that_project() {
    let service = Service::start();
    let post = Request::new("POST", "/api/v1/projects/elsewhere/episodes");
    let script = json!({ "title": "A visitor", "script": { "markdown": "INT. HALL - DAY" } });
    let episode = service.send(&post.json(&script)).expect(201).json();
    let browser = Browser::start();
    browser.open(&service.url(&format!("/#episode/elsewhere/{}", episode["id"].as_str().expect("an id"))));
    browser.wait_until("document.querySelector('#title').textContent === 'A visitor'");
    browser.wait_until("document.querySelector('#episodes [aria-current]')");
    assert_eq!(browser.text("#episodes-of"), "elsewhere");
    assert!(browser.text("#episodes a").contains("A visitor"));

    // The form's project comes back once it is chosen.
    browser.fill("#f-project", "another");
    browser.click("#f-title");
    browser.wait_until("document.querySelector('#episodes-of').textContent === 'another'");
}

#[test]
fn an_episode_shows_the_one_number_it_got() {
    let service = Service::start();
    for _ in 0..2 {
        let id = service.create(&brief_with(json!({ "projectId": "numbers", "episodeNumber": 4321 })));
        service.wait_for(&id, "completed");
    }
    let browser = open(&service);
    browser.fill("#f-project", "numbers");
    browser.click("#f-title");
    browser.wait_until("document.querySelectorAll('#episodes a').length === 2");
    for (item, number) in [(1, 2), (2, 1)] {
        let text = browser.text(&format!("#episodes li:nth-child({item}) a"));
        assert!(!text.contains("4321") && text.contains(&format!("Episode {number} ")), "{text}");
    }
    browser.click("#episodes a");
    browser.wait_until("document.querySelector('#meta').textContent.includes('2')");
    assert_eq!(browser.text("#title"), "numbers");
}

#[test]
fn the_models_there_are_are_offered_and_a_placeholder_is_called_one() {
    let service = Service::start();
    let browser = Browser::start();
    let answer = |patterns: &str| {
        format!(
            "{{ const real = window.fetch; window.asked = []; window.fetch = async (url, options) => {{ \
                 if (options?.method === 'POST') window.asked.push(JSON.parse(options.body)); \
                 return String(url).endsWith('/api/v1/models') \
                     ? new Response(JSON.stringify({{ models: [{{ name: 'large', provider: 'cloud', default: true }}, \
                           {{ name: 'builtin', provider: 'builtin', default: false }}], patterns: {patterns} }})) \
                     : real(url, options); }}; }}"
        )
    };
    // Any name may be typed: the field suggests.
    browser.prepare_pages(&answer("[{ pattern: '*', provider: 'builtin' }]"));
    browser.open(&service.url("/"));
    browser.wait_until("document.querySelectorAll('#models option').length === 2");
    assert!(browser.is_shown("#f-model") && !browser.is_shown("#model-choice"));
    let suggested = browser.run("return document.querySelector('#f-model').placeholder", Vec::new());
    assert!(suggested.as_str().is_some_and(|text| text.starts_with("large (")), "{suggested}");
    assert!(!browser.is_shown("#model-help"));
    browser.fill("#f-model", "builtin");
    assert!(browser.is_shown("#model-help"), "a placeholder draft");

    // Nothing else can be asked for: a list to choose from, with the default chosen and not sent.
    browser.prepare_pages(&answer("[]"));
    browser.run("localStorage.clear(); sessionStorage.clear()", Vec::new());
    browser.open(&service.url("/sse_test.html"));
    browser.wait_until("document.querySelector('#model-choice').options.length === 2");
    assert!(!browser.is_shown("#f-model") && browser.is_shown("#model-choice"));
    assert!(browser.text("#model-choice").starts_with("large ("));
    browser.click("#brief-form [type=submit]");
    browser.wait_until("window.asked.length");
    assert_eq!(browser.run("return window.asked[0].model", Vec::new()), json!(null));
    wait_for_end(&browser, "completed");
    assert!(browser.is_shown("#placeholder"), "the tests' default writes placeholders");
}

#[test]
fn a_long_title_widens_neither_the_list_nor_the_page() {
    let service = unhurried().start();
    let title = "An endless title ".repeat(15);
    service.create(&brief_with(json!({ "title": title, "lengthTarget": 2000 })));
    let browser = Browser::start();
    browser.resize(375, 700);
    browser.open(&service.url("/"));
    browser.wait_until("document.querySelector('#jobs a')");
    let overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.run(overflow, Vec::new()), 0);
}

#[test]
fn a_long_title_without_blanks_leaves_room_for_the_script() {
    let service = Service::start();
    let id = service.create(&brief_with(json!({ "title": "M".repeat(300), "lengthTarget": 100 })));
    service.wait_for(&id, "completed");
    let browser = Browser::start();
    browser.resize(390, 844);
    browser.open(&service.url(&format!("/#{id}")));
    wait_for_end(&browser, "completed");
    let height = browser.run("return document.querySelector('.well').clientHeight", Vec::new());
    assert!(height.as_u64().is_some_and(|height| height > 200), "{height} px");
}

#[test]
fn a_finished_script_opens_at_its_beginning() {
    let service = Service::start();
    let id = service.create(&brief_with(json!({ "lengthTarget": 1000 })));
    service.wait_for(&id, "completed");
    let browser = Browser::start();
    browser.open(&service.url(&format!("/#{id}")));
    wait_for_end(&browser, "completed");
    wait_for_script(&browser, &service.script(&id));
    let scroller = "document.querySelector('#scroller')";
    browser.wait_until(&format!("{scroller}.scrollHeight > 2 * {scroller}.clientHeight"));
    assert_eq!(browser.run(&format!("return {scroller}.scrollTop"), Vec::new()), 0);
}

#[test]
fn every_field_has_a_label_and_sending_moves_the_focus_to_the_script() {
    let service = unhurried().start();
    let browser = open(&service);
    let unlabelled = "return [...document.querySelectorAll('input, textarea, select')] \
                      .filter((field) => !field.hidden && field.labels.length === 0).map((field) => field.id)";
    assert_eq!(browser.run(unlabelled, Vec::new()), json!([]));
    ask_for_a_script(&browser, 300);
    assert_eq!(browser.wait_until("document.activeElement.id"), "title");
    wait_for_text(&browser);
    let spoken = "return document.querySelector('#paper').closest('[aria-live], [role=status], [role=alert]')";
    assert_eq!(browser.run(spoken, Vec::new()), json!(null), "nobody has every word read out");
}
