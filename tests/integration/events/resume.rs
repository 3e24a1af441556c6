//! How streams end, and what a client is told that comes back.

use proptest::prelude::*;
use serde_json::json;

use super::{UNKNOWN, gated, quiet};
use crate::harness::{
    brief,
    http::Request,
    service::Service,
    sse::{End, Stream},
    wait,
};

#[test]
fn a_client_that_comes_back_is_told_to_stop_in_two_steps() {
    let service = Service::start();
    let id = service.create(&brief());
    let (events, _) = service.events(&id, "").rest();
    let seen = events.last().and_then(|event| event.id.clone()).expect("the id of the terminal event");
    let (again, end) = service.resume(&id, "", &seen).rest();
    assert_eq!((again.len(), end), (1, End::Clean), "{again:?}");
    assert_eq!((again[0].name.as_str(), again[0].id.as_deref()), ("heartbeat", Some("1-end")));
    let stop = Request::get(&format!("/api/v1/generations/{id}/events")).header("Last-Event-ID", "1-end");
    assert!(service.send(&stop).expect(204).body.is_empty());
    let mut reader = service.reader(&id, "");
    reader.follow();
    assert_eq!(reader.connections, 3);
}

#[test]
fn an_unknown_job_is_an_error_on_a_first_connect_and_gone_on_a_later_one() {
    let service = Service::start();
    let path = format!("/api/v1/generations/{UNKNOWN}/events");
    service.get(&path).expect_error(404, "JOB_NOT_FOUND");
    let (events, end) = service.resume(UNKNOWN, "", "1-5").rest();
    assert_eq!((events.len(), end), (1, End::Clean), "{events:?}");
    let gone = &events[0];
    assert_eq!((gone.name.as_str(), gone.id.as_deref()), ("failed", Some("gone")));
    assert_eq!(gone.data["error"]["code"], "JOB_NOT_FOUND");
    assert_eq!((&gone.data["jobId"], &gone.data["error"]["retryable"]), (&json!(UNKNOWN), &json!(false)));
    service.send(&Request::get(&path).header("Last-Event-ID", "gone")).expect(204);
}

#[test]
fn an_id_that_says_nothing_starts_afresh() {
    let (upstream, gates) = gated(&["Some text. ", "The end."]);
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    gates[0].open();
    service.wait_for_text(&id);
    for last in ["nonsense", "0-1", "1-", "-", "1-x", "99999999999999999999-1", "💥", "1-1-1"] {
        let mut stream = service.resume(&id, "?preview=delta", last);
        assert_eq!(stream.event().name, "progress", "{last}");
        let preview = stream.event();
        assert_eq!((&preview.data["offset"], &preview.data["delta"]), (&json!(0), &json!("Some text. ")), "{last}");
    }
}

#[test]
fn a_resumed_reader_is_sent_nothing_it_has_seen() {
    let (upstream, gates) = gated(&["First. ", "Second. ", "Third."]);
    let service = Service::builder().upstream(&upstream).env("GENERATION__SSE__PREVIEW_INTERVAL", "10ms").start();
    let id = service.create(&brief());
    gates[0].open();
    service.wait_for_text(&id);
    let mut stream = service.events(&id, "?preview=delta");
    let seen = stream.event_named("preview").id.expect("an id");
    let mut resumed = service.resume(&id, "?preview=delta", &seen);
    gates[1].open();
    let next = resumed.event_named("preview");
    assert_eq!((&next.data["offset"], &next.data["delta"]), (&json!(7), &json!("Second. ")));
    drop(stream);
    gates[2].open();
    service.wait_for(&id, "completed");
    let (events, _) = service.resume(&id, "", &next.id.expect("an id")).rest();
    assert_eq!(events.iter().filter(|event| event.name == "preview").count(), 0, "completed carries the text");
    assert_eq!(events.last().expect("events").data["result"]["markdown"], "First. Second. Third.");
}

#[test]
fn the_last_id_may_come_in_the_query_but_the_header_wins() {
    let service = Service::start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    let path = format!("/api/v1/generations/{id}/events?lastEventId=1-end");
    service.get(&path).expect(204);
    let (events, _) = Stream::open(service.address(), &Request::get(&path).header("Last-Event-ID", "1-0")).rest();
    assert_eq!(events.last().expect("events").name, "completed");
}

#[test]
fn a_drain_cuts_streams_after_a_jittered_retry() {
    let (mut service, _upstream, id) = quiet(|builder| builder);
    let mut streams: Vec<_> = (0..8).map(|_| service.events(&id, "")).collect();
    for stream in &mut streams {
        stream.event();
    }
    service.sigterm();
    let mut pauses = Vec::new();
    for stream in &mut streams {
        let (_, end) = stream.rest();
        assert_eq!(end, End::Cut);
        pauses.push(stream.parser.newest_retry.expect("a retry"));
    }
    assert!(pauses.iter().all(|pause| (1500..=4500).contains(pause)), "{pauses:?}");
    assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}: they would all come back together");
    assert!(service.wait_for_exit(wait::TIMEOUT).success());
}

#[test]
fn no_last_id_whatsoever_makes_a_browser_give_up() {
    let service = Service::start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    let (known, unknown) =
        (format!("/api/v1/generations/{id}/events"), format!("/api/v1/generations/{UNKNOWN}/events"));
    let ids = prop_oneof!["[!-~]{1,40}", "[0-9]{1,25}-[0-9]{1,25}", "[0-9]{1,3}-(end|gone|)", "[가-힣]{1,5}"];
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    proptest::test_runner::TestRunner::new(config)
        .run(&ids, |last| {
            for path in [&known, &unknown] {
                let status = service.send(&Request::get(path).header("Last-Event-ID", &last)).status();
                prop_assert!(matches!(status, 200 | 204), "{} for {:?}", status, last);
            }
            Ok(())
        })
        .unwrap();
}
