//! The event stream: what is sent, in which shape, and how it ends.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::harness::{
    brief,
    http::Request,
    service::{Builder, Service},
    sse::{Connected, End, Next, Stream},
    upstream::{Gate, Script, Step, Upstream, complete},
    wait,
};

const UNKNOWN: &str = "job_00000000000040008000000000000000";

/// An upstream that sends each piece when the test opens its gate, and the end with the last one.
fn gated(pieces: &'static [&'static str]) -> (Upstream, Vec<Gate>) {
    let gates: Vec<Gate> = pieces.iter().map(|_| Gate::default()).collect();
    let held = gates.clone();
    let upstream = Upstream::start(move |_| {
        let mut script = vec![Step::Head];
        for (piece, gate) in pieces.iter().zip(&held) {
            script.extend([Step::Hold(gate.clone()), Step::Text((*piece).into())]);
        }
        script.extend([Step::Finish("stop"), Step::Done]);
        script
    });
    (upstream, gates)
}

/// A service whose one job waits for a gate that is never opened, so that its streams stay open.
fn quiet(configure: impl FnOnce(Builder) -> Builder) -> (Service, Upstream, String) {
    let upstream = Upstream::start(|_| vec![Step::Head, Step::Stall]);
    let service = configure(Service::builder().upstream(&upstream)).start();
    let id = service.create(&brief());
    upstream.wait_for_requests(1);
    (service, upstream, id)
}

fn active_connections(service: &Service) -> u64 {
    service.stats()["connections"]["active"].as_u64().expect("a count")
}

fn wait_for_connections(service: &Service, count: u64) {
    wait::until(&format!("{count} open streams"), || (active_connections(service) == count).then_some(()));
}

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
    assert_eq!(result["episodeId"], service.job(&id)["episodeId"]);
    assert_eq!(result.as_object().expect("an object").len(), 6, "{result}");
}

#[test]
fn the_first_preview_does_not_wait_and_the_next_ones_keep_their_distance() {
    let upstream = Upstream::start(|_| {
        let pieces = (0..60).flat_map(|_| [Step::Text("word ".into()), Step::Pause(Duration::from_millis(10))]);
        [Step::Head].into_iter().chain(pieces).chain([Step::Stall]).collect()
    });
    let service = Service::builder().upstream(&upstream).env("GENERATION__SSE__PREVIEW_INTERVAL", "1m").start();
    let id = service.create(&brief());
    let mut stream = service.events(&id, "");
    stream.event_named("preview");
    wait::until("the rest of the text", || (service.job(&id)["wordCount"] == 60).then_some(()));
    let second = std::iter::from_fn(|| stream.next_within(Duration::from_millis(50)))
        .find(|next| matches!(next, Next::Event(event) if event.name == "preview"));
    assert_eq!(second, None, "a second preview within the interval");
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
fn a_late_reader_gets_the_present_state_at_once() {
    let (upstream, gates) = gated(&["Some text. ", "The end."]);
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    gates[0].open();
    service.wait_for_text(&id);
    for _ in 0..5 {
        let mut stream = service.events(&id, "");
        assert_eq!(stream.event().name, "progress");
        let preview = stream.event();
        assert_eq!((preview.name.as_str(), &preview.data["markdown"]), ("preview", &json!("Some text. ")));
    }
    gates[1].open();
    service.wait_for(&id, "completed");
    let (events, end) = service.events(&id, "").rest();
    assert_eq!((events.len(), events[0].name.as_str(), end), (1, "completed", End::Clean));
}

#[test]
fn readers_of_a_finished_job_get_the_same_bytes() {
    let service = Service::start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    let first = service.events(&id, "").bytes(usize::MAX);
    for _ in 0..20 {
        assert!(service.events(&id, "").bytes(usize::MAX) == first);
    }
}

#[test]
fn many_readers_at_once_all_end_with_the_script() {
    let service = Service::builder().words_per_second(300).env("GENERATION__SSE__PREVIEW_INTERVAL", "20ms").start();
    let id = service.create(&brief());
    let readers: Vec<_> = (0..50)
        .map(|number| {
            let mut reader = service.reader(&id, if number % 2 == 0 { "" } else { "?preview=delta" });
            thread::spawn(move || reader.follow())
        })
        .collect();
    let ends: Vec<_> = readers.into_iter().map(|reader| reader.join().expect("a reader")).collect();
    assert!(ends.iter().all(|end| *end == ends[0]));
    assert_eq!(ends[0].data["result"]["markdown"], json!(service.script(&id)));
}

// Ends and reconnects.

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

mod cuts {
    use proptest::prelude::*;

    use super::*;

    /// One service for all cases; a case is one short job with a reader in each mode.
    fn follow_with_cuts(service: &Service, cuts: &[usize]) {
        let id = service.create(&brief());
        let readers: Vec<_> = ["", "?preview=delta", "?preview=full"]
            .into_iter()
            .enumerate()
            .map(|(number, query)| {
                let (mut reader, cuts) = (service.reader(&id, query), cuts.to_vec());
                thread::spawn(move || {
                    for most in cuts.into_iter().skip(number) {
                        if reader.connect(most) == Connected::Stop {
                            break;
                        }
                    }
                    if reader.terminal.is_none() {
                        reader.follow();
                    }
                    reader
                })
            })
            .collect();
        for reader in readers {
            let reader = reader.join().expect("nothing missed and nothing doubled");
            let end = reader.terminal.expect("the end");
            assert_eq!(end.data["result"]["markdown"], json!(service.script(&id)));
        }
    }

    #[test]
    fn a_reader_cut_anywhere_misses_and_doubles_nothing() {
        let service = Service::builder().words_per_second(400).env("GENERATION__SSE__PREVIEW_INTERVAL", "10ms").start();
        let cuts = prop::collection::vec(prop_oneof![1usize..200, 200usize..2000, 2000usize..9000], 1..25);
        let config = ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() };
        proptest::test_runner::TestRunner::new(config)
            .run(&cuts, |cuts| {
                follow_with_cuts(&service, &cuts);
                Ok(())
            })
            .unwrap();
    }
}

// Signs of life.

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
        let beat = service.events(waiting, "").event_named("heartbeat");
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

// Readers that come, go and dawdle.

#[test]
fn a_reader_that_vanishes_is_noticed_at_once() {
    let (service, _upstream, id) =
        quiet(|builder| builder.env("GENERATION__SSE__HEARTBEAT", "1h").env("GENERATION__SSE__KEEP_ALIVE", "1h"));
    let mut streams: Vec<_> = (0..3).map(|_| service.events(&id, "")).collect();
    wait_for_connections(&service, 3);
    streams.pop();
    wait_for_connections(&service, 2);
    let half_closed = streams.pop().expect("a stream");
    half_closed.half_close();
    wait_for_connections(&service, 1);
    let counts = service.stats()["connections"].clone();
    assert_eq!((&counts["peak"], &counts["total"]), (&json!(3), &json!(3)));
}

/// Text so large that a few full previews of it fill every buffer between the service and a reader.
fn flood() -> Script {
    let mut script = vec![Step::Head, Step::Text("long ".repeat(100_000))];
    script.extend((0..60).flat_map(|_| [Step::Text("more ".into()), Step::Pause(Duration::from_millis(15))]));
    script
}

#[test]
fn a_reader_that_takes_nothing_is_disconnected() {
    let upstream = Upstream::start(|_| [flood(), vec![Step::Stall]].concat());
    let service = Service::builder()
        .upstream(&upstream)
        .env("GENERATION__SSE__PREVIEW_INTERVAL", "10ms")
        .env("GENERATION__SSE__WRITE_TIMEOUT", "300ms")
        .start();
    let id = service.create(&brief());
    let stuck = service.events(&id, "");
    wait_for_connections(&service, 1);
    wait_for_connections(&service, 0);
    assert_eq!(service.job(&id)["status"], "streaming", "the job goes on");
    drop(stuck);
}

#[test]
fn a_slow_reader_holds_up_neither_the_job_nor_others_and_still_gets_the_end() {
    let upstream = Upstream::start(|_| [flood(), vec![Step::Finish("stop"), Step::Done]].concat());
    let service = Service::builder().upstream(&upstream).env("GENERATION__SSE__PREVIEW_INTERVAL", "10ms").start();
    let id = service.create(&brief());
    let mut slow = service.events(&id, "");
    let before = service.resident_memory();
    service.reader(&id, "?preview=delta").follow();
    service.wait_for(&id, "completed");
    let grown = service.resident_memory().saturating_sub(before);
    assert!(grown < 30 << 20, "{grown} bytes more while one reader takes nothing");
    let (events, end) = slow.rest();
    let previews = events.iter().filter(|event| event.name == "preview").count();
    assert!(previews < 50, "{previews} previews: a slow reader skips to the newest");
    assert_eq!((events.last().expect("events").name.as_str(), end), ("completed", End::Clean));
}

#[test]
fn streams_beyond_the_limit_are_cut_not_refused() {
    let (service, _upstream, id) = quiet(|builder| builder.env("GENERATION__SSE__MAX_CONNECTIONS", "1"));
    let mut first = service.events(&id, "");
    first.event();
    let mut second = service.events(&id, "");
    let (events, end) = second.rest();
    assert_eq!((events.len(), end), (0, End::Cut));
    assert!(second.parser.newest_retry.is_some(), "it is told when to come back");
    assert_eq!(active_connections(&service), 1);
}

#[test]
fn a_drain_cuts_streams_after_a_jittered_retry() {
    let (service, _upstream, id) = quiet(|builder| builder);
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
    assert_eq!(end.data["type"], Value::from("completed"));
}
