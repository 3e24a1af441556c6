//! Readers whose job goes on in another epoch.

use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
};

use super::*;

#[test]
fn readers_move_to_the_next_epoch_within_their_connection() {
    let mut first = Publisher::open(Epoch::FIRST, view(), "", context());
    first.publish(view(), "never made durable");
    let mut reader = first.feed().subscribe(Resume::Fresh, PreviewMode::Full);
    let mut out = VecDeque::new();
    let task = Context::from_waker(Waker::noop());
    assert_eq!(reader.poll_events(&task, &mut out), Poll::Ready(Turn::Events));
    assert_eq!(reader.poll_events(&task, &mut out), Poll::Pending);
    let next = Publisher::open(Epoch(2), view(), "durable", context());
    first.feed().move_readers_to(next.feed());
    out.clear();
    assert_eq!(reader.poll_events(&task, &mut out), Poll::Ready(Turn::Events));
    assert_eq!(reader.feed().epoch(), Epoch(2));
    assert!(out.iter().any(|frame| String::from_utf8_lossy(frame).contains("durable")), "{out:?}");
    assert!(!first.feed().has_readers() && next.feed().has_readers());
    assert_eq!(reader.poll_events(&task, &mut out), Poll::Pending);
}
