//! Single cases: what a reader receives, and what it must not block.

use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;

use super::*;

#[test]
fn a_late_reader_gets_progress_then_the_whole_text() {
    let publisher = Publisher::open(Epoch(3), view(), "FADE IN:", context());
    let feed = publisher.feed().clone();
    let events = read_all(&feed, Resume::Fresh, PreviewMode::Delta);
    assert_eq!(events.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["progress", "preview"]);
    assert_eq!(events[1].data["delta"], "FADE IN:");
    assert_eq!(events[1].data["offset"], 0);
}

#[test]
fn a_new_reader_of_a_completed_job_gets_only_the_end_also_after_a_restart() {
    let mut publisher = Publisher::open(Epoch::FIRST, view(), "text", context());
    let feed = publisher.feed().clone();
    let mark = publisher.end_mark();
    publisher.end(ending(view(), Status::Completed), mark);
    let restored = Feed::ended(Epoch::FIRST, mark, ending(view(), Status::Completed), "text", context());
    let id = format!("1-{}", mark.event_seq);
    for feed in [feed, restored] {
        for mode in [PreviewMode::Full, PreviewMode::Delta] {
            let events = read_all(&feed, Resume::Fresh, mode);
            assert_eq!(events.len(), 1);
            assert_eq!((events[0].name.as_str(), events[0].id.as_deref()), ("completed", Some(id.as_str())));
        }
    }
}

#[test]
fn a_new_reader_of_an_incomplete_job_gets_its_text_then_its_end_also_after_a_restart() {
    for (status, mode) in [(Status::Failed, PreviewMode::Full), (Status::Canceled, PreviewMode::Delta)] {
        let mut publisher = Publisher::open(Epoch::FIRST, view(), "text", context());
        let feed = publisher.feed().clone();
        let mark = publisher.end_mark();
        publisher.end(ending(view(), status), mark);
        let restored = Feed::ended(Epoch::FIRST, mark, ending(view(), status), "text", context());
        for feed in [feed, restored] {
            let events = read_all(&feed, Resume::Fresh, mode);
            assert_eq!(events.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["preview", "failed"]);
            let text = if mode == PreviewMode::Full { "markdown" } else { "delta" };
            assert_eq!((&events[0].data[text], &events[0].data["isPartial"]), (&"text".into(), &true.into()));
        }
    }
}

#[test]
fn a_job_that_ended_without_text_clears_the_text_of_an_earlier_epoch_only() {
    for (epoch, names) in [(Epoch::FIRST, &["failed"][..]), (Epoch(2), &["preview", "failed"])] {
        let mut publisher = Publisher::open(epoch, view(), "", context());
        let feed = publisher.feed().clone();
        let mark = publisher.end_mark();
        publisher.end(ending(view(), Status::Canceled), mark);
        let restored = Feed::ended(epoch, mark, ending(view(), Status::Canceled), "", context());
        for feed in [feed, restored] {
            let events = read_all(&feed, Resume::Fresh, PreviewMode::Full);
            assert_eq!(events.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), names);
        }
    }
}

#[test]
fn a_frame_is_encoded_once_and_not_kept_without_readers() {
    let publisher = Publisher::open(Epoch::FIRST, view(), "text", context());
    let feed = publisher.feed().clone();
    let (mut a, mut b) = (VecDeque::new(), VecDeque::new());
    let context = Context::from_waker(Waker::noop());
    let mut readers = [(); 2].map(|()| feed.subscribe(Resume::Fresh, PreviewMode::Full));
    let _turns = (readers[0].poll_events(&context, &mut a), readers[1].poll_events(&context, &mut b));
    assert_eq!(a[1].as_ptr(), b[1].as_ptr(), "the same bytes");
    drop(readers);
    assert!(feed.lock().frames.is_empty());
}

#[test]
fn a_cut_feed_sends_due_events_and_then_cuts() {
    let publisher = Publisher::open(Epoch::FIRST, view(), "text", context());
    let feed = publisher.feed().clone();
    feed.cut();
    let context = Context::from_waker(Waker::noop());
    let mut out = VecDeque::new();
    let mut reader = feed.subscribe(Resume::Fresh, PreviewMode::Full);
    assert_eq!(reader.poll_events(&context, &mut out), Poll::Ready(Turn::Events));
    assert_eq!(reader.poll_events(&context, &mut out), Poll::Ready(Turn::Cut));
}

#[test]
fn events_skipped_by_a_slow_reader_are_counted() {
    let mut publisher = Publisher::open(Epoch::FIRST, view(), "", context());
    let feed = publisher.feed().clone();
    let context = Context::from_waker(Waker::noop());
    let mut reader = feed.subscribe(Resume::Fresh, PreviewMode::Full);
    let mut out = VecDeque::new();
    let _turn = reader.poll_events(&context, &mut out);
    for _ in 0..10 {
        publisher.publish(view(), "x");
    }
    out.clear();
    let _turn = reader.poll_events(&context, &mut out);
    assert_eq!(out.len(), 1);
    assert_eq!(feed.meter().read().coalesced, 9);
}

#[test]
fn the_debug_output_of_a_feed_has_the_job_id_and_no_script() {
    let publisher = Publisher::open(Epoch::FIRST, view(), "a secret", context());
    let feed = publisher.feed().clone();
    let logged = format!("{feed:?}");
    assert!(logged.contains(&feed.view().id.to_string()) && !logged.contains("secret"), "{logged}");
}

#[test]
fn a_replaced_publisher_is_ignored() {
    let mut lost = Publisher::open(Epoch::FIRST, view(), "one ", context());
    let feed = lost.feed().clone();
    let mut next = Publisher::replace(&feed);
    lost.publish(view(), "never ");
    next.publish(view(), "two");
    assert_eq!(feed.text().0.as_str(), "one two");
    let mark = lost.end_mark();
    lost.end(ending(view(), Status::Failed), mark);
    assert!(!feed.view().status.is_terminal());
}

/// An encoder that reports when it starts, then blocks until the test lets it continue.
struct Slow(std::sync::Mutex<()>, std::sync::mpsc::Sender<()>);

impl FrameEncoder for Slow {
    fn progress(&self, _: EventId, _: &JobView) -> Bytes {
        Bytes::new()
    }

    fn preview(&self, _: EventId, _: &JobView, _: PreviewText<'_>) -> Bytes {
        let _told = self.1.send(());
        drop(self.0.lock());
        Bytes::new()
    }

    fn terminal(&self, _: EventId, _: &JobView, _: &str) -> Bytes {
        Bytes::new()
    }
}

#[test]
fn encoding_a_frame_blocks_neither_the_job_nor_other_readers() {
    let (begun, encoding) = std::sync::mpsc::channel();
    let slow = std::sync::Arc::new(Slow(std::sync::Mutex::new(()), begun));
    let mut publisher =
        Publisher::open(Epoch::FIRST, view(), "a long text", FeedContext { encoder: slow.clone(), ..context() });
    let feed = publisher.feed().clone();
    let hold = slow.0.lock().expect("not poisoned");
    let reader = std::thread::spawn({
        let feed = feed.clone();
        move || {
            let mut reader = feed.subscribe(Resume::Fresh, PreviewMode::Full);
            let _turn = reader.poll_events(&Context::from_waker(Waker::noop()), &mut VecDeque::new());
        }
    });
    encoding.recv_timeout(std::time::Duration::from_secs(60)).expect("the reader starts encoding");
    publisher.publish(view(), " goes on");
    assert_eq!(feed.text().0.as_str(), "a long text goes on");
    drop(hold);
    reader.join().expect("the reader has its frame");
}
