//! Readers whose job goes on in another epoch.

use std::{
    collections::VecDeque,
    sync::Arc,
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

/// All events that are due to a reader.
fn due(reader: &mut Subscription) -> Vec<String> {
    let (mut out, task) = (VecDeque::new(), Context::from_waker(Waker::noop()));
    while reader.poll_events(&task, &mut out) == Poll::Ready(Turn::Events) {}
    out.iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect()
}

fn subscribe(feed: &Feed, last: LastEventId) -> Subscription {
    match feed.opening(Some(last)) {
        Opening::Subscribe(resume) => feed.subscribe(resume, PreviewMode::Full),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reader_ahead_of_a_replica_waits_and_is_sent_nothing_twice() {
    let mut replica = Replica::open(Epoch::FIRST, view(), context());
    let mut reader = subscribe(replica.feed(), LastEventId::parse("1-17"));
    assert!(due(&mut reader).is_empty());
    replica.catch_up(5, Arc::new(view()), "seen elsewhere".into());
    assert!(due(&mut reader).is_empty(), "it has seen version 5");
    replica.catch_up(6, Arc::new(view()), " and new".into());
    assert!(due(&mut reader).iter().any(|event| event.contains("seen elsewhere and new")));
}

#[test]
fn a_reader_of_a_later_epoch_waits_for_that() {
    let replica = Replica::open(Epoch::FIRST, view(), context());
    let mut reader = subscribe(replica.feed(), LastEventId::parse("2-11"));
    assert!(due(&mut reader).is_empty());
    let mut next = Replica::open(Epoch(2), view(), context());
    replica.feed().move_readers_to(next.feed());
    next.catch_up(3, Arc::new(view()), "seen".into());
    assert!(due(&mut reader).is_empty(), "it has seen version 3");
    next.catch_up(4, Arc::new(view()), " new".into());
    assert!(due(&mut reader).iter().any(|event| event.contains("seen new")));
}
