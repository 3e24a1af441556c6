//! The reader's promise, tried out: whatever is published and wherever a reader is cut, it ends with exactly the script.

use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    model::{EndMark, EpisodeRef, EpisodeState, Epoch, FailureCode, JobView, Status},
    testing::{Event, context, parse, view},
};

/// An `EventSource` that checks what it gets.
struct Client {
    mode: PreviewMode,
    connection: Option<(Subscription, VecDeque<Bytes>)>,
    last_id: Option<String>,
    epoch: u64,
    text: String,
    newest_progress: i64,
    newest_preview: i64,
    /// The job was over before it came back, in another process.
    after_a_restored_end: bool,
    end: Option<Value>,
}

impl Client {
    fn new(mode: PreviewMode) -> Self {
        let text = String::new();
        Self {
            mode,
            connection: None,
            last_id: None,
            epoch: 0,
            text,
            newest_progress: -1,
            newest_preview: -1,
            after_a_restored_end: false,
            end: None,
        }
    }

    /// Reconnects if need be and moves what is there from the feed to the wire.
    fn poll(&mut self, feed: &Feed) {
        if self.end.is_some() {
            return;
        }
        let connection = self.connection.get_or_insert_with(|| {
            let last = self.last_id.as_deref().map(LastEventId::parse);
            match feed.opening(last) {
                Opening::Subscribe(resume) => (feed.subscribe(resume, self.mode), VecDeque::new()),
                other => panic!("a client without the end was given {other:?}"),
            }
        });
        let context = Context::from_waker(Waker::noop());
        let _turn: Poll<Turn> = connection.0.poll_events(&context, &mut connection.1);
    }

    /// Receives up to `events` of what is on the wire, then loses the connection if `cut`.
    fn receive(&mut self, events: usize, cut: bool) {
        for _ in 0..events {
            let Some(frame) = self.connection.as_mut().and_then(|(_, wire)| wire.pop_front()) else { break };
            self.take(&frame);
        }
        if cut {
            self.connection = None;
        }
    }

    fn take(&mut self, frame: &Bytes) {
        let Event { name, id, data } = parse(frame);
        assert!(self.end.is_none(), "{name} after the terminal event");
        let id = id.expect("an id");
        let number = |part: &str| part.parse::<u64>().expect("a number");
        let point = |id: &str| id.split_once('-').map(|(epoch, seq)| (number(epoch), number(seq))).expect("two parts");
        if let Some(last) = &self.last_id {
            assert!(point(&id) > point(last), "ids grow: {last} then {id}");
        }
        if point(&id).0 != self.epoch {
            // The job was taken up again: a fresh start, whose first preview replaces all text.
            (self.epoch, self.newest_progress, self.newest_preview) = (point(&id).0, -1, -1);
        }
        self.last_id = Some(id);
        match name.as_str() {
            "progress" => {
                let stamp = data["estimatedTime"].as_i64().unwrap_or(i64::MAX);
                assert!(stamp > self.newest_progress, "the same progress twice");
                self.newest_progress = stamp;
            }
            "preview" => {
                let stamp = data["wordCount"].as_i64().expect("a count");
                assert!(stamp > self.newest_preview, "the same preview twice");
                self.preview(&data);
                self.newest_preview = stamp;
            }
            _ => self.end = Some(data),
        }
    }

    fn preview(&mut self, data: &Value) {
        let first = self.newest_preview < 0;
        let text = match self.mode {
            PreviewMode::Full => data["markdown"].as_str().expect("markdown").to_owned(),
            PreviewMode::Delta => {
                let offset = data["offset"].as_u64().expect("an offset") as usize;
                if first {
                    assert_eq!(offset, 0, "the first text of an epoch is the whole");
                    self.text.clear();
                }
                // Where each version ended is not recorded with a job's end.
                let from_the_start = offset == 0 && self.after_a_restored_end;
                let present = self.text.encode_utf16().count();
                assert!(offset == present || from_the_start, "neither a gap nor text sent twice");
                let kept = if from_the_start { "" } else { self.text.as_str() };
                kept.to_owned() + data["delta"].as_str().expect("a delta")
            }
        };
        assert!(first || text.len() > self.text.len(), "a text that it had already");
        self.text = text;
    }
}

#[derive(Debug, Clone)]
enum Act {
    Publish {
        text: String,
        moved: bool,
    },
    Poll(usize),
    Receive {
        client: usize,
        events: usize,
        cut: bool,
    },
    /// The process dies; the job is taken up again from so many percent of its text.
    Restart(usize),
    /// The job's actor dies; another one goes on in its place.
    Succeed,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => ("[a가😀\n\"]{0,5}", any::<bool>()).prop_map(|(text, moved)| Act::Publish { text, moved }),
        8 => read(),
        1 => (0usize..=100).prop_map(Act::Restart),
        1 => Just(Act::Succeed),
    ]
}

fn read() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0usize..4).prop_map(Act::Poll),
        (0usize..4, 0usize..4, any::<bool>()).prop_map(|(client, events, cut)| Act::Receive { client, events, cut }),
    ]
}

/// What becomes of a job once it has ended.
fn act_after_the_end() -> impl Strategy<Value = Act> {
    prop_oneof![8 => read(), 1 => Just(Act::Restart(100))]
}

fn ending(mut view: JobView, status: Status) -> JobView {
    view.remaining_seconds = None;
    view.status = status;
    match status {
        Status::Completed => view.episode = Some(EpisodeState::Saved(EpisodeRef { id: "e".into(), number: 1 })),
        Status::Canceled => view.failure = Some(FailureCode::JobCanceled),
        _ => view.failure = Some(FailureCode::GenerationError),
    }
    view
}

/// One job with its readers, across all the processes it lives in.
struct World {
    job: JobView,
    script: String,
    feed: Feed,
    publisher: Option<Publisher>,
    context: FeedContext,
    clients: [Client; 4],
    stamp: u64,
}

impl World {
    fn new() -> Self {
        let (job, context) = (JobView { remaining_seconds: Some(0), ..view() }, context());
        let publisher = Publisher::open(Epoch::FIRST, job.clone(), "", context.clone());
        let feed = publisher.feed().clone();
        let modes = [PreviewMode::Full, PreviewMode::Delta, PreviewMode::Full, PreviewMode::Delta];
        Self {
            job,
            script: String::new(),
            feed,
            publisher: Some(publisher),
            context,
            clients: modes.map(Client::new),
            stamp: 0,
        }
    }

    fn publish(&mut self, text: &str, moved: bool) {
        self.stamp += 1;
        self.job.words = self.stamp;
        if moved {
            self.job.remaining_seconds = Some(self.stamp);
        }
        self.script.push_str(text);
        self.publisher.as_mut().expect("it has not ended").publish(self.job.clone(), text);
    }

    fn end(&mut self, status: Status) -> EndMark {
        let mut publisher = self.publisher.take().expect("it has not ended");
        let mark = publisher.end_mark();
        self.job = ending(self.job.clone(), status);
        publisher.end(self.job.clone(), mark);
        mark
    }

    /// The process dies, and with it all connections.
    fn restart(&mut self, feed: Feed) {
        self.feed = feed;
        self.clients.iter_mut().for_each(|client| client.connection = None);
    }

    fn act(&mut self, act: Act, ended: Option<EndMark>) {
        match (act, ended) {
            (Act::Publish { text, moved }, _) => self.publish(&text, moved),
            (Act::Poll(client), _) => self.clients[client].poll(&self.feed),
            (Act::Receive { client, events, cut }, _) => self.clients[client].receive(events, cut),
            (Act::Restart(percent), None) => {
                self.script.truncate(self.script.floor_char_boundary(self.script.len() * percent / 100));
                let epoch = Epoch(self.feed.epoch().0 + 1);
                let publisher = Publisher::open(epoch, self.job.clone(), &self.script, self.context.clone());
                self.restart(publisher.feed().clone());
                self.publisher = Some(publisher);
            }
            (Act::Succeed, None) => self.publisher = Some(Publisher::succeed(&self.feed)),
            (Act::Succeed, Some(_)) => {}
            (Act::Restart(_), Some(mark)) => {
                let (epoch, job) = (self.feed.epoch(), self.job.clone());
                self.restart(Feed::ended(epoch, mark, job, &self.script, self.context.clone()));
                self.clients.iter_mut().for_each(|client| client.after_a_restored_end = true);
            }
        }
    }
}

proptest! {
    #[test]
    fn a_reader_cut_anywhere_ends_with_exactly_the_script(
        acts in prop::collection::vec(act(), 1..120),
        last_restart in prop::option::of(prop_oneof![Just(0), 0usize..=100]),
        status in prop::sample::select(vec![Status::Completed, Status::Failed, Status::Canceled]),
        tail in "[b나]{0,3}",
        after in prop::collection::vec(act_after_the_end(), 0..30),
    ) {
        let mut world = World::new();
        for act in acts {
            world.act(act, None);
        }
        if let Some(percent) = last_restart {
            world.act(Act::Restart(percent), None);
        }
        world.publish(&tail, false);
        let mark = world.end(status);
        for act in after {
            world.act(act, Some(mark));
        }
        let World { feed, clients, script, .. } = world;
        for mut client in clients {
            for _ in 0..4 {
                client.poll(&feed);
                client.receive(9, false);
            }
            let end = client.end.expect("every reader gets the terminal event");
            let text = end["result"]["markdown"].as_str().unwrap_or(&client.text);
            prop_assert_eq!(text, &script);
            let epoch = feed.epoch();
            prop_assert_eq!(client.last_id.clone(), Some(format!("{epoch}-{}", mark.event_seq)));
            let last = client.last_id.as_deref().map(LastEventId::parse);
            prop_assert_eq!(feed.opening(last), Opening::MarkEnd);
            prop_assert_eq!(feed.opening(Some(LastEventId::parse(&format!("{epoch}-end")))), Opening::Stop);
        }
        prop_assert_eq!(feed.meter().read().open, 0);
    }

    #[test]
    fn any_resume_point_is_answered_without_panic(seq: u64, epoch in 0u32..3, words in 0usize..4) {
        let publisher = Publisher::open(Epoch::FIRST, view(), &"가 ".repeat(words), context());
        let feed = publisher.feed().clone();
        let last = LastEventId::Event { epoch: Epoch(epoch), seq };
        if let Opening::Subscribe(resume) = feed.opening(Some(last)) {
            let mut out = VecDeque::new();
            let mut subscription = feed.subscribe(resume, PreviewMode::Delta);
            let _turn = subscription.poll_events(&Context::from_waker(Waker::noop()), &mut out);
            if epoch != 1 {
                prop_assert!(!out.is_empty(), "an id of another epoch is a fresh start");
            }
        }
    }
}

fn read_all(feed: &Feed, resume: Resume, mode: PreviewMode) -> Vec<Event> {
    let mut out = VecDeque::new();
    let mut subscription = feed.subscribe(resume, mode);
    let _turn = subscription.poll_events(&Context::from_waker(Waker::noop()), &mut out);
    out.iter().map(parse).collect()
}

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
fn a_finished_job_shows_a_newcomer_its_end_only_also_after_a_restart() {
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
fn a_job_that_did_not_complete_shows_a_newcomer_its_text_and_then_its_end_also_after_a_restart() {
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
fn a_job_that_ended_without_text_clears_what_readers_of_an_earlier_epoch_have_and_shows_others_its_end_only() {
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
fn a_frame_is_encoded_once_for_all_and_not_kept_when_nobody_reads() {
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
fn a_cut_feed_gives_what_is_due_and_then_breaks_off() {
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
fn a_slow_reader_skips_and_the_skipped_are_counted() {
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
fn a_feed_in_a_log_names_its_job_and_shows_no_script() {
    let publisher = Publisher::open(Epoch::FIRST, view(), "a secret", context());
    let feed = publisher.feed().clone();
    let logged = format!("{feed:?}");
    assert!(logged.contains(&feed.view().id.to_string()) && !logged.contains("secret"), "{logged}");
}

#[test]
fn a_publisher_that_has_been_succeeded_is_not_heard_any_more() {
    let mut lost = Publisher::open(Epoch::FIRST, view(), "one ", context());
    let feed = lost.feed().clone();
    let mut next = Publisher::succeed(&feed);
    lost.publish(view(), "never ");
    next.publish(view(), "two");
    assert_eq!(feed.text().0.as_str(), "one two");
    let mark = lost.end_mark();
    lost.end(ending(view(), Status::Failed), mark);
    assert!(!feed.view().status.is_terminal());
}

/// Encodes only when it is let, and says when it has begun.
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
fn a_frame_that_takes_long_to_encode_holds_up_neither_the_job_nor_other_readers() {
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
    encoding.recv_timeout(std::time::Duration::from_secs(60)).expect("the reader encodes");
    publisher.publish(view(), " goes on");
    assert_eq!(feed.text().0.as_str(), "a long text goes on");
    drop(hold);
    reader.join().expect("it has its frame");
}
