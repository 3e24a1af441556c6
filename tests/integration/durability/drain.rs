//! Orderly ends: not ready, nothing new, nothing lost, in time.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{undisturbed, unhurried};
use crate::harness::{
    brief,
    reader::Connected,
    service::{Service, Signal},
    sse::{End, Stream},
    upstream::{Step, Upstream},
    wait,
};

#[test]
fn a_draining_service_says_so_and_takes_nothing_new() {
    let mut service = Service::builder().env("GENERATION__SERVER__DRAIN_DELAY", "10s").start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    service.sigterm();
    wait::until("not to be ready", || (service.get("/health/ready").status() == 503).then_some(()));
    service.get("/health/live").expect(200);
    let refused = service.post(&brief());
    let error = refused.expect_error(503, "SHUTTING_DOWN");
    assert_eq!(error["retryable"], true);
    assert!(refused.header("retry-after").is_some_and(|pause| pause.parse::<u64>().is_ok()));
    assert_eq!(service.stats()["service"]["status"], "draining");
    service.get(&format!("/api/v1/generations/{id}")).expect(200);
    // A second signal means now.
    service.sigterm();
    service.wait_for_exit(Duration::from_secs(5));
    service.forgive_exit();
}

#[test]
fn sigterm_ends_in_good_order_well_within_its_time() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut service = unhurried().words_per_second(20).start();
        let id = service.create(&brief());
        service.wait_for_text(&id);
        let mut stream = service.events(&id, "");
        stream.event();
        let began = Instant::now();
        service.signal(signal);
        let status = service.wait_for_exit(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0));
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

/// Previews that fill every buffer between the service and a reader that takes nothing, until one is stuck.
fn with_a_stuck_reader() -> (Service, Upstream, Stream) {
    let pieces = (0..60).flat_map(|_| [Step::Text("long ".repeat(20_000)), Step::Pause(Duration::from_millis(15))]);
    let script: Vec<_> = [Step::Head].into_iter().chain(pieces).chain([Step::Stall]).collect();
    let upstream = Upstream::start(move |_| script.clone());
    let service = Service::builder()
        .upstream(&upstream)
        .env("GENERATION__SSE__PREVIEW_INTERVAL", "10ms")
        .env("GENERATION__SSE__WRITE_TIMEOUT", "10m")
        .start();
    let id = service.create(&brief());
    let stuck = service.events(&id, "");
    wait::until("a reader that is stuck", || {
        let events = &service.stats()["events"];
        let count = |name| events[name].as_u64().expect("a count");
        (count("published") > count("delivered") + 20).then_some(())
    });
    (service, upstream, stuck)
}

#[test]
fn a_reader_that_is_behind_still_gets_what_is_due_and_is_told_when_to_come_back() {
    let (mut service, _upstream, mut behind) = with_a_stuck_reader();
    service.sigterm();
    let is_cut = || service.log().contains("connections waiting to send their last bytes: 1").then_some(());
    wait::until("the end of the job's streams", is_cut);
    let text = String::from_utf8(behind.bytes(usize::MAX)).expect("UTF-8");
    let last = text.lines().next_back().expect("lines");
    assert!(last.starts_with("retry: ") && text.ends_with('\n'), "cut within an event after {} bytes", text.len());
    assert_eq!(service.wait_for_exit(wait::TIMEOUT).code(), Some(0));
    assert!(!service.log().contains("did not read the last bytes"), "{}", service.log());
}

#[test]
fn a_reader_that_takes_nothing_holds_up_the_end_for_seconds_only_and_is_disconnected() {
    let (mut service, _upstream, mut stuck) = with_a_stuck_reader();
    service.sigterm();
    assert_eq!(service.wait_for_exit(Duration::from_secs(10)).code(), Some(0));
    assert!(service.log().contains("clients did not read the last bytes in time: 1"), "{}", service.log());
    assert_eq!(stuck.rest().1, End::Cut);
}

#[test]
fn a_job_interrupted_in_good_order_loses_no_text_that_was_shown() {
    let expected = undisturbed(&brief());
    let mut service = unhurried().words_per_second(20).env("GENERATION__JOBS__CHECKPOINT_INTERVAL", "1m").start();
    let id = service.create(&brief());
    let mut reader = service.reader(&id, "?preview=delta");
    while reader.text().is_empty() {
        assert_ne!(reader.connect(1200), Connected::Stop);
    }
    service.stop();
    service.restart();
    let shown = reader.text();
    let first = service.events(&id, "").event_named("preview");
    assert!(first.data["markdown"].as_str().expect("text").starts_with(&shown), "the text was checkpointed");
    service.wait_for(&id, "completed");
    assert_eq!(service.script(&id), expected);
}

/// Reads the database from outside, as an operator's tool does, so that closing it waits for five seconds.
fn keep_database_busy(service: &Service) -> Connection {
    let reader = Connection::open(service.data().path().join("data/generation.db")).expect("it opens");
    reader.execute_batch("BEGIN").expect("it begins");
    reader.query_row("SELECT count(*) FROM jobs", [], |_| Ok(())).expect("it reads");
    reader
}

#[test]
fn a_busy_database_does_not_hold_up_the_end() {
    let mut service = Service::builder().env("GENERATION__SERVER__SHUTDOWN_TIMEOUT", "1s").start();
    let reader = keep_database_busy(&service);
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    let script = service.script(&id);
    service.sigterm();
    assert_eq!(service.wait_for_exit(Duration::from_secs(3)).code(), Some(0));
    assert!(service.log().contains("not closed within"), "{}", service.log());
    drop(reader);
    service.restart();
    assert_eq!(service.script(&id), script, "what was answered is durable");
}

#[test]
fn a_second_signal_ends_at_once_while_the_database_is_closed() {
    let mut service = Service::builder().env("GENERATION__SERVER__SHUTDOWN_TIMEOUT", "1m").start();
    let _reader = keep_database_busy(&service);
    service.create(&brief());
    service.sigterm();
    wait::until("the database to be closed", || service.log().contains("closing the database").then_some(()));
    service.sigterm();
    assert_eq!(service.wait_for_exit(Duration::from_secs(3)).code(), Some(130));
    service.forgive_exit();
}
