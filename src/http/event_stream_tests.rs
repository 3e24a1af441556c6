use chrono::{DateTime, Utc};
use generation_actors::{
    feed::{FeedContext, Meter, PreviewMode, Publisher, Resume},
    model::{Brief, Epoch, FailureCode, JobId, JobView, Locale, Status, Step},
    ports::{Alone, SystemClock},
};
use std::{future::poll_fn, task::Waker};
use tokio::time::advance;

use super::*;
use crate::{http::StreamSlots, locales::Locales};

const TIMING: Sse = Sse {
    heartbeat: Duration::from_secs(30),
    keep_alive: Duration::from_secs(15),
    retry: Duration::from_millis(3000),
    write_timeout: Duration::from_secs(30),
    max_connections: 0,
};

fn view(status: Status) -> JobView {
    let brief = Brief {
        project_id: "p".into(),
        episode_number: None,
        title: "t".into(),
        description: "d".into(),
        script_type: "drama".into(),
        model: "m".into(),
        temperature: 0.7,
        length_target: 10,
        locale: Locale::En,
    };
    JobView {
        id: JobId::new(),
        brief: Arc::new(brief),
        status,
        step: Step::WritingDialogue,
        progress: 10,
        words: 1,
        tokens: 1,
        model_used: None,
        created_at: DateTime::UNIX_EPOCH,
        started_at: None,
        completed_at: None,
        remaining_seconds: Some(9),
        text_complete: false,
        queue_position: None,
        failure: (status == Status::Failed).then_some(FailureCode::GenerationError),
        episode: None,
    }
}

fn frames() -> Arc<Frames> {
    Arc::new(Frames::new(Locales::embedded()))
}

fn publisher(text: &str) -> Publisher {
    let context = FeedContext { encoder: frames(), meter: Arc::new(Meter::default()), peers: Arc::new(Alone) };
    Publisher::open(Epoch::FIRST, view(Status::Streaming), text, context)
}

fn read(publisher: &Publisher) -> Pin<Box<EventStream>> {
    read_within(publisher, &StreamSlots::new(0), Arc::new(SystemClock))
}

fn read_within(publisher: &Publisher, slots: &StreamSlots, clock: Arc<dyn Clock>) -> Pin<Box<EventStream>> {
    let subscription = publisher.feed().subscribe(Resume::Fresh, PreviewMode::Full);
    let slot = slots.take().expect("a free slot");
    Box::pin(EventStream::reading(subscription, slot, frames(), clock, Arc::new(TIMING)))
}

/// Reads everything available without waiting; returns it and how the stream ended, if it did.
fn take(stream: &mut Pin<Box<EventStream>>) -> (String, Option<Result<(), Cut>>) {
    let mut context = Context::from_waker(Waker::noop());
    let mut bytes = Vec::new();
    let end = loop {
        match stream.poll_bytes(&mut context) {
            Poll::Ready(Some(Ok(piece))) => bytes.extend_from_slice(&piece),
            Poll::Ready(Some(Err(cut))) => break Some(Err(cut)),
            Poll::Ready(None) => break Some(Ok(())),
            Poll::Pending => break None,
        }
    };
    (String::from_utf8(bytes).expect("UTF-8"), end)
}

#[tokio::test(start_paused = true)]
async fn the_first_block_carries_the_retry_delay_and_the_current_state() {
    let publisher = publisher("FADE IN:");
    let (text, end) = take(&mut read(&publisher));
    assert!(text.starts_with("retry: 3000\nevent: progress\nid: 1-"), "{text}");
    assert!(text.contains("\n\nevent: preview\n"), "{text}");
    assert!(end.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_gets_a_comment_line_and_then_a_heartbeat_without_id() {
    let publisher = publisher("");
    let mut stream = read(&publisher);
    take(&mut stream);
    advance(Duration::from_secs(15)).await;
    assert_eq!(take(&mut stream).0, ":\n");
    advance(Duration::from_secs(15)).await;
    let (text, _) = take(&mut stream);
    assert!(text.starts_with("event: heartbeat\ndata: {\"type\":\"heartbeat\""), "{text}");
    assert!(text.contains("\"status\":\"streaming\""), "{text}");
    advance(Duration::from_secs(14)).await;
    assert_eq!(take(&mut stream).0, "", "the heartbeat counts as a sign of life");
    advance(Duration::from_secs(1)).await;
    assert_eq!(take(&mut stream).0, ":\n");
}

#[tokio::test(start_paused = true)]
async fn an_event_postpones_the_comment_line() {
    let mut publisher = publisher("");
    let mut stream = read(&publisher);
    take(&mut stream);
    advance(Duration::from_secs(10)).await;
    publisher.publish(view(Status::Streaming), "text");
    assert!(take(&mut stream).0.contains("event: preview"));
    advance(Duration::from_secs(14)).await;
    assert_eq!(take(&mut stream).0, "");
    advance(Duration::from_secs(1)).await;
    assert_eq!(take(&mut stream).0, ":\n");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_stream_is_woken_for_its_keep_alive() {
    let publisher = publisher("");
    let mut stream = read(&publisher);
    take(&mut stream);
    let piece = poll_fn(|context| stream.poll_bytes(context)).await;
    assert_eq!(piece.expect("open").expect("whole"), KEEP_ALIVE);
}

#[tokio::test(start_paused = true)]
async fn after_the_terminal_event_the_stream_ends_cleanly() {
    let mut publisher = publisher("text");
    let mut stream = read(&publisher);
    take(&mut stream);
    let mark = publisher.end_mark();
    publisher.end(view(Status::Failed), mark);
    let (text, end) = take(&mut stream);
    assert!(text.starts_with("event: failed\nid: 1-"), "{text}");
    assert_eq!(end.map(|end| end.is_ok()), Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_cut_stream_sends_retry_flushes_and_then_breaks_off() {
    let publisher = publisher("");
    let mut stream = read(&publisher);
    take(&mut stream);
    publisher.feed().cut();
    let (text, end) = take(&mut stream);
    let retry: u64 =
        text.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix('\n')).expect(&text).parse().expect("a number");
    assert!((1500..4500).contains(&retry), "{retry}");
    assert!(end.is_none(), "the connection has time to flush");
    advance(CUT_DELAY).await;
    assert_eq!(take(&mut stream).1.map(|end| end.is_err()), Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_large_frame_arrives_whole() {
    let script = "가나다 ".repeat(20_000);
    let publisher = publisher(&script);
    let (text, _) = take(&mut read(&publisher));
    let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().expect("a preview");
    let preview: serde_json::Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(preview["markdown"], script);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_panics_reports_an_error_and_lets_its_client_reconnect() {
    struct Broken;
    impl Clock for Broken {
        fn now(&self) -> DateTime<Utc> {
            panic!("a fault for this test");
        }
    }
    let publisher = publisher("");
    let slots = StreamSlots::new(1);
    let mut stream = read_within(&publisher, &slots, Arc::new(Broken));
    take(&mut stream);
    advance(TIMING.heartbeat).await;
    let (text, _) = take(&mut stream);
    assert!(text.contains("\"code\":\"SSE_ERROR\"") && text.contains("\"retryable\":true"), "{text}");
    assert!(!text.contains("\nid:"), "{text}");
    advance(CUT_DELAY).await;
    assert_eq!(take(&mut stream).1.map(|end| end.is_err()), Some(true));
    drop(stream);
    assert!(slots.take().is_some(), "its slot is free");
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_its_slot_until_it_is_dropped_even_past_its_end() {
    let (mut publisher, slots) = (publisher("text"), StreamSlots::new(1));
    let mut stream = read_within(&publisher, &slots, Arc::new(SystemClock));
    assert!(slots.take().is_none());
    let mark = publisher.end_mark();
    publisher.end(view(Status::Failed), mark);
    assert!(take(&mut stream).1.is_some());
    assert!(slots.take().is_none(), "what it said may still have to be written");
    drop(stream);
    assert!(slots.take().is_some());
}
