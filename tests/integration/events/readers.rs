//! Readers that come late, vanish, dawdle or are many.

use std::{thread, time::Duration};

use serde_json::json;

use super::{gated, quiet, wait_for_connections};
use crate::harness::{
    brief,
    service::{Service, Signal},
    sse::End,
    upstream::{Script, Step, Upstream},
    wait,
};

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
    // Whoever comes after the end finds `retry:` in the same block; the event is the same.
    assert!(ends.iter().all(|end| (&end.name, &end.id, &end.data) == (&ends[0].name, &ends[0].id, &ends[0].data)));
    assert_eq!(ends[0].data["result"]["markdown"], json!(service.script(&id)));
}

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
pub(super) fn flood() -> Script {
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
    // What a first job brings into memory is not the reader's doing.
    let undisturbed = service.create(&brief());
    service.reader(&undisturbed, "").follow();
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
fn a_service_that_was_frozen_goes_on_where_it_was() {
    let service = Service::builder().words_per_second(100).env("GENERATION__SSE__PREVIEW_INTERVAL", "20ms").start();
    let id = service.create(&brief());
    let mut stream = service.events(&id, "");
    stream.event_named("preview");
    service.signal(Signal::STOP);
    // Whatever was under way arrives; then there is silence.
    wait::until("silence", || stream.next_within(Duration::from_millis(100)).is_none().then_some(()));
    service.signal(Signal::CONT);
    let (events, end) = stream.rest();
    assert_eq!((events.last().expect("events").name.as_str(), end), ("completed", End::Clean));
}
