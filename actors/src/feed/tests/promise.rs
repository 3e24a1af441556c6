//! The promise to readers: whatever is published and wherever a reader is cut, it ends with exactly the script.

use std::{
    collections::VecDeque,
    task::{Context, Waker},
};

use proptest::prelude::*;

use super::{client::Client, *};

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
    /// The process dies; the job is recovered with this percentage of its text.
    Restart(usize),
    /// The job's actor is lost; another one continues with a new publisher.
    ReplacePublisher,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => ("[a가😀\n\"]{0,5}", any::<bool>()).prop_map(|(text, moved)| Act::Publish { text, moved }),
        8 => read(),
        1 => (0usize..=100).prop_map(Act::Restart),
        1 => Just(Act::ReplacePublisher),
    ]
}

fn read() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0usize..4).prop_map(Act::Poll),
        (0usize..4, 0usize..4, any::<bool>()).prop_map(|(client, events, cut)| Act::Receive { client, events, cut }),
    ]
}

/// What can happen after the job has ended.
fn act_after_the_end() -> impl Strategy<Value = Act> {
    prop_oneof![8 => read(), 1 => Just(Act::Restart(100))]
}

/// One job with its readers, across restarts.
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

    /// Replaces the feed after a restart, which closes all connections.
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
            (Act::ReplacePublisher, None) => self.publisher = Some(Publisher::replace(&self.feed)),
            (Act::ReplacePublisher, Some(_)) => {}
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
    fn resuming_from_any_id_does_not_panic(seq: u64, epoch in 0u32..3, words in 0usize..4) {
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
