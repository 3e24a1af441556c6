//! A browser, nginx with the configuration of `deploy/nginx`, the service.

use serde_json::json;

use crate::harness::{
    brief,
    browser::Browser,
    nginx::Nginx,
    service::Service,
    upstream::{Gate, Step, Upstream},
    wait,
};

const STREAMS: usize = 20;

/// Opens a stream for each job and remembers the names of what comes.
const OPEN: &str = "
    window.seen = arguments[0].map(() => []);
    window.sources = arguments[0].map((job, number) => {
        const source = new EventSource(`/api/v1/generations/${job}/events`);
        for (const name of ['progress', 'preview', 'completed', 'failed']) {
            source.addEventListener(name, () => {
                window.seen[number].push(name);
                if (name === 'completed' || name === 'failed') source.close();
            });
        }
        return source;
    });";

#[test]
fn twenty_streams_of_one_page_are_open_at_once_and_all_get_their_end() {
    let gate = Gate::default();
    let held = gate.clone();
    let upstream = Upstream::start(move |_| {
        let text = |text: &str| Step::Text(text.into());
        vec![Step::Head, text("First. "), Step::Hold(held.clone()), text("Last."), Step::Finish("stop"), Step::Done]
    });
    let service = Service::builder().upstream(&upstream).start();
    let nginx = Nginx::before(service.address());
    let jobs: Vec<String> = (0..STREAMS).map(|_| service.create(&brief())).collect();
    let browser = Browser::start();
    browser.open(&nginx.url("/"));
    browser.run(OPEN, vec![json!(jobs)]);

    // Over HTTP/1.1 the seventh would wait for one of the first six to end, and none ends yet.
    browser.wait_until("window.seen.every((names) => names.includes('preview'))");
    let connections = service.stats()["connections"].clone();
    assert!(connections["active"].as_u64() >= Some(STREAMS as u64), "{connections}");
    assert_eq!(browser.run("return window.seen.flat().filter((name) => name === 'completed').length", vec![]), 0);

    gate.open();
    browser.wait_until("window.seen.every((names) => names.at(-1) === 'completed')");
    let seen = browser.run("return window.seen", vec![]);
    let ends = |names: &serde_json::Value| {
        names.as_array().map(|names| names.iter().filter(|name| *name == "completed").count())
    };
    assert!(seen.as_array().expect("lists").iter().all(|names| ends(names) == Some(1)), "{seen}");

    let protocols =
        "return [...new Set(performance.getEntries().map((entry) => entry.nextHopProtocol).filter(Boolean))]";
    assert_eq!(browser.run(protocols, vec![]), json!(["h2"]));
    let streams = wait::until("nginx to have logged the streams", || {
        Some(nginx.answered("/events")).filter(|streams| streams.len() >= STREAMS)
    });
    assert!(streams.iter().all(|stream| *stream == streams[0]), "one connection: {streams:?}");
    assert_eq!(streams[0].0, "HTTP/2.0");
}
