//! What is sent, in which shape and rhythm.

use std::time::Duration;

use serde_json::json;

use super::{UNKNOWN, active_connections, gated, quiet};
use crate::harness::{
    brief,
    http::Request,
    service::Service,
    sse::{End, Next, Stream},
    upstream::{Gate, Step, Upstream, complete},
    wait,
};

#[test]
fn the_headers_keep_proxies_from_buffering_and_changing() {
    let (service, _upstream, id) = quiet(|builder| builder);
    let path = format!("/api/v1/generations/{id}/events");
    let stream = Stream::open(service.address(), &Request::get(&path).header("Accept-Encoding", "gzip, br, zstd"));
    assert_eq!(stream.head().header("cache-control"), Some("no-cache, no-transform"));
    assert_eq!(stream.head().header("x-accel-buffering"), Some("no"));
    assert_eq!(stream.head().header("content-encoding"), None);
}

#[test]
fn the_first_block_has_the_retry_and_the_progress() {
    let (service, _upstream, id) = quiet(|builder| builder.env("GENERATION__SSE__RETRY", "1234ms"));
    let first = service.events(&id, "").event();
    assert_eq!((first.name.as_str(), first.retry), ("progress", Some(1234)));
    assert_eq!(first.data["jobId"], json!(id));
    assert!(first.data["value"].is_u64() && first.data["currentStep"].is_string(), "{first:?}");
    assert!(first.data["estimatedTime"].is_u64() || first.data["estimatedTime"].is_null(), "{first:?}");
    assert_eq!(first.data.as_object().expect("an object").len(), 5, "{first:?}");
    assert!(first.position().is_some(), "{first:?}");
}

#[test]
fn the_text_comes_as_previews_and_ends_with_one_completed() {
    let (upstream, gates) = gated(&["FADE IN:\n\n", "두 사람이 만난다."]);
    let service = Service::builder().upstream(&upstream).env("GENERATION__SSE__PREVIEW_INTERVAL", "10ms").start();
    let id = service.create(&brief());
    let mut stream = service.events(&id, "");
    gates[0].open();
    let preview = stream.event_named("preview");
    assert_eq!(preview.data["markdown"], "FADE IN:\n\n");
    assert_eq!(preview.data["isPartial"], true);
    assert_eq!(preview.data["wordCount"], 2);
    assert!(preview.data["estimatedTokens"].as_u64().is_some_and(|tokens| tokens > 0), "{preview:?}");
    assert_eq!(preview.data.as_object().expect("an object").len(), 6, "{preview:?}");
    gates[1].open();
    let (events, end) = stream.rest();
    assert_eq!(end, End::Clean);
    assert_eq!(events.iter().filter(|event| event.is_terminal()).count(), 1);
    let last = events.last().expect("events");
    assert_eq!(last.name, "completed");
    let result = &last.data["result"];
    assert_eq!(result["markdown"], "FADE IN:\n\n두 사람이 만난다.");
    assert_eq!((&result["wordCount"], &result["savedToEpisode"]), (&json!(5), &json!(true)));
    assert!(result["tokens"].is_u64() && result["modelUsed"].is_string(), "{result}");
    assert_eq!((&result["episodeId"], &result["episodeNumber"]), (&service.job(&id)["episodeId"], &json!(1)));
    assert_eq!(result.as_object().expect("an object").len(), 7, "{result}");
}

#[test]
fn the_first_preview_does_not_wait_and_the_next_ones_keep_their_distance() {
    let (gate, pace) = (Gate::default(), Duration::from_millis(2));
    let held = gate.clone();
    let upstream = Upstream::start(move |_| {
        let more = (0..60).flat_map(|_| [Step::Text("word ".into()), Step::Pause(pace)]);
        let first = [Step::Head, Step::Text("first ".into()), Step::Hold(held.clone())];
        first.into_iter().chain(more).chain([Step::Finish("stop"), Step::Done]).collect()
    });
    let service = Service::builder().upstream(&upstream).env("GENERATION__SSE__PREVIEW_INTERVAL", "1m").start();
    let id = service.create(&brief());
    let mut stream = service.events(&id, "");
    assert_eq!(stream.event_named("preview").data["markdown"], "first ");
    gate.open();
    let (events, _) = stream.rest();
    // The interval is not over; only the complete text need not wait, since saving it may take a while.
    let previews = events.iter().filter(|event| event.name == "preview");
    assert_eq!(previews.filter(|event| event.data["isPartial"] == true).count(), 0);
    assert_eq!(events.last().expect("events").data["result"]["wordCount"], 61);
}

#[test]
fn a_delta_reader_puts_together_what_a_full_reader_is_shown() {
    let (upstream, gates) = gated(&["가나다 😀 ", "line\n\nbreaks\r\nid: 9\n\n", "\u{2028}\u{0}\u{feff}끝"]);
    let service = Service::builder().upstream(&upstream).env("GENERATION__SSE__PREVIEW_INTERVAL", "10ms").start();
    let id = service.create(&brief());
    let mut delta = service.events(&id, "?preview=delta");
    gates[0].open();
    let first = delta.event_named("preview");
    assert_eq!((&first.data["delta"], &first.data["offset"]), (&json!("가나다 😀 "), &json!(0)));
    assert_eq!(first.data.get("markdown"), None);
    gates[1].open();
    let second = delta.event_named("preview");
    assert_eq!(second.data["offset"], 7, "UTF-16 code units: the emoji counts twice");
    gates[2].open();
    let last = delta.event_named("completed");
    let whole = "가나다 😀 line\n\nbreaks\r\nid: 9\n\n\u{2028}\u{0}\u{feff}끝";
    assert_eq!(last.data["result"]["markdown"], whole);
    assert_eq!(service.script(&id), whole);
    let mut reader = service.reader(&id, "?preview=delta");
    reader.follow();
}

#[test]
fn a_preview_mode_that_does_not_exist_is_refused() {
    let (service, _upstream, id) = quiet(|builder| builder);
    let error =
        service.get(&format!("/api/v1/generations/{id}/events?preview=bogus")).expect_error(422, "VALIDATION_ERROR");
    assert_eq!(error["details"][0]["field"], "preview");
}

#[test]
fn head_answers_the_headers_of_a_stream_alone() {
    let (service, _upstream, id) = quiet(|builder| builder);
    let head = service.send(&Request::new("HEAD", &format!("/api/v1/generations/{id}/events"))).expect(200);
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    assert_eq!(head.header("cache-control"), Some("no-cache, no-transform"));
    assert_eq!(active_connections(&service), 0);
    let unknown = service.send(&Request::new("HEAD", &format!("/api/v1/generations/{UNKNOWN}/events")));
    assert_eq!(unknown.status(), 404);
}

#[test]
fn delivered_and_skipped_events_are_counted() {
    let (upstream, gates) = gated(&["Some text. ", "The end."]);
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    let mut stream = service.events(&id, "");
    gates.iter().for_each(Gate::open);
    let (events, _) = stream.rest();
    let counts = service.stats()["events"].clone();
    assert_eq!(counts["delivered"], json!(events.len()), "{counts}");
    assert!(counts["published"].as_u64() >= counts["delivered"].as_u64(), "{counts}");
}

#[test]
fn a_complete_script_of_one_piece_is_enough() {
    let upstream = Upstream::start(|_| complete(["Everything at once."]));
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    let end = service.reader(&id, "").follow();
    assert_eq!(end.data["result"]["markdown"], "Everything at once.");
    assert_eq!(end.data["type"], "completed");
}
#[test]
fn heartbeats_tell_the_status_and_carry_no_id() {
    let (service, upstream, id) =
        quiet(|builder| builder.env("GENERATION__SSE__HEARTBEAT", "50ms").env("GENERATION__JOBS__MAX_STREAMING", "1"));
    let mut stream = service.events(&id, "");
    for _ in 0..3 {
        let beat = stream.event_named("heartbeat");
        assert_eq!((beat.id, &beat.data["jobId"], &beat.data["status"]), (None, &json!(id), &json!("streaming")));
        assert_eq!(beat.data.get("queuePosition"), None);
        let time = beat.data["timestamp"].as_str().expect("a time");
        assert!(time.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(time).is_ok(), "{time}");
    }
    let waiting: Vec<String> = (0..2).map(|_| service.create(&brief())).collect();
    for (position, waiting) in (1..).zip(&waiting) {
        // Places are counted once a second.
        let mut stream = service.events(waiting, "");
        let beat = stream.event_where(|event| event.data["queuePosition"].is_u64());
        assert_eq!(beat.name, "heartbeat");
        assert_eq!((&beat.data["status"], &beat.data["queuePosition"]), (&json!("queued"), &json!(position)));
    }
    drop(upstream);
}

#[test]
fn an_idle_stream_is_kept_open_by_lines_that_no_client_shows() {
    let (service, _upstream, id) = quiet(|builder| builder.env("GENERATION__SSE__KEEP_ALIVE", "20ms"));
    let mut stream = service.events(&id, "");
    let opening = stream.event();
    assert_eq!(opening.name, "progress");
    wait::until("three comment lines", || {
        let shown = stream.next_within(Duration::from_millis(20));
        assert!(shown.is_none_or(|next| matches!(next, Next::Event(event) if event.name == "progress")));
        (stream.parser.comments >= 3).then_some(())
    });
}
