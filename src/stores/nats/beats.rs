//! Which nodes live. Each one stores a beat that the engine forgets after a lease, so a node without a beat has been silent
//! for that long. This only suspects: whoever acts on it still has to win a claim.

use std::{cell::RefCell, collections::HashSet, time::Duration};

use generation_actors::model::NodeId;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval};
use uuid::Uuid;

use super::{
    engine::{Engine, Failure, Write},
    format::VERSION,
};

/// Beats in a lease, so that a few may be lost.
const BEATS_IN_A_LEASE: u32 = 5;

/// This node's beat, and what it knows of the others'.
pub(super) struct Beats {
    engine: Engine,
    node: NodeId,
    lease: Duration,
    seen: RefCell<Seen>,
}

/// What the engine has shown.
#[derive(Default)]
struct Seen {
    alive: HashSet<NodeId>,
    /// Since when every beat of ours was acknowledged.
    steady_since: Option<Instant>,
    last: Option<Instant>,
}

impl Beats {
    /// Beats on the stream that `engine` reads, which forgets each after `lease`.
    pub(super) fn new(engine: Engine, node: NodeId, lease: Duration) -> Self {
        Self { engine, node, lease, seen: RefCell::default() }
    }

    /// The time between two beats, which is also how often others should be looked for.
    pub(super) fn pause(&self) -> Duration {
        self.lease / BEATS_IN_A_LEASE
    }

    /// Beats until it is dropped.
    pub(super) async fn run(&self) {
        let mut due = interval(self.pause());
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            due.tick().await;
            let beat = async {
                self.engine.write(&[self.beat()]).await?;
                self.look().await
            };
            match beat.await {
                Ok(alive) => self.seen.borrow_mut().answered(alive, self.lease),
                Err(failure) => {
                    self.seen.borrow_mut().steady_since = None;
                    log::warn!("this node's beat was not stored, so it takes over no jobs for now: {failure}");
                }
            }
        }
    }

    /// Whether a node may be dead: it has no beat, while this node's own connection was good for a whole lease. Otherwise an
    /// outage of the engine would look like the death of all others.
    pub(super) fn suspects(&self, node: NodeId) -> bool {
        node != self.node && self.seen.borrow().suspects(node, self.lease)
    }

    /// Whether the leader, too, has no beat of a node. Any replica answered what [`Beats::suspects`] goes by.
    pub(super) async fn is_gone(&self, node: NodeId) -> bool {
        matches!(self.engine.newest(&self.engine.subjects.beat(node)).await, Ok(None))
    }

    fn beat(&self) -> Write {
        let beat = json!({ "v": VERSION, "version": env!("CARGO_PKG_VERSION") });
        Write::new(self.engine.subjects.beat(self.node), beat.to_string().into_bytes())
    }

    /// The nodes that have a beat.
    async fn look(&self) -> Result<HashSet<NodeId>, Failure> {
        let (beats, mut from) = (self.engine.subjects.beats(), Some(0));
        let mut alive = HashSet::new();
        while let Some(begin) = from {
            let (page, next) = self.engine.scan(&beats, begin).await?;
            alive.extend(page.iter().filter_map(|message| node_of(&message.subject)));
            from = next;
        }
        Ok(alive)
    }
}

impl Seen {
    fn answered(&mut self, alive: HashSet<NodeId>, lease: Duration) {
        let now = Instant::now();
        // After a longer silence of ours, the others may have been cut off with us.
        if self.last.is_some_and(|last| now - last > lease) {
            self.steady_since = None;
        }
        self.last = Some(now);
        self.steady_since.get_or_insert(now);
        self.alive = alive;
    }

    fn suspects(&self, node: NodeId, lease: Duration) -> bool {
        let fresh = self.last.is_some_and(|last| last.elapsed() <= lease);
        let steady = self.steady_since.is_some_and(|since| since.elapsed() >= lease);
        fresh && steady && !self.alive.contains(&node)
    }
}

fn node_of(subject: &str) -> Option<NodeId> {
    let (_, node) = subject.rsplit_once('.')?;
    Uuid::try_parse(node).ok().map(NodeId)
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const LEASE: Duration = Duration::from_secs(10);

    fn node() -> NodeId {
        NodeId(Uuid::new_v4())
    }

    #[tokio::test(start_paused = true)]
    async fn an_absent_node_is_suspected_after_a_lease_of_answered_beats() {
        let (mut seen, here, absent) = (Seen::default(), node(), node());
        assert!(!seen.suspects(absent, LEASE), "nothing is known yet");
        for _ in 0..5 {
            seen.answered([here].into(), LEASE);
            assert!(!seen.suspects(absent, LEASE));
            advance(LEASE / 5).await;
        }
        assert!(seen.suspects(absent, LEASE) && !seen.suspects(here, LEASE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_was_silent_itself_begins_anew() {
        let (mut seen, absent) = (Seen::default(), node());
        for _ in 0..6 {
            seen.answered(HashSet::new(), LEASE);
            advance(LEASE / 5).await;
        }
        // Frozen: what it saw last says nothing about now.
        advance(2 * LEASE).await;
        assert!(!seen.suspects(absent, LEASE));
        seen.answered(HashSet::new(), LEASE);
        assert!(!seen.suspects(absent, LEASE), "the others have just been cut off with it");
        for _ in 0..5 {
            advance(LEASE / 5).await;
            seen.answered(HashSet::new(), LEASE);
        }
        assert!(seen.suspects(absent, LEASE));
    }
}
