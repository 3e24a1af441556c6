//! The heads of all jobs: those that have not ended, as they change, and those that have.

use std::{cmp::Reverse, collections::HashMap, rc::Rc, time::Duration};

use async_nats::header::{NATS_SEQUENCE, NATS_SUBJECT};
use futures_util::StreamExt as _;
use generation_actors::{
    model::{EpisodeStatus, JobId, NodeId},
    ports::{After, Change, EndedJob, EndedPage, StoreError},
};
use tokio::{
    sync::mpsc,
    time::{interval, sleep},
};

use super::{
    beats::Beats,
    engine::{Engine, Message},
    format::Head,
    link::Node,
    subjects::job_of,
    writer::Writer,
};

/// How often heads are swept up that nobody has told of.
const SWEEP: Duration = Duration::from_secs(1);

type Sender = mpsc::Sender<Result<Change, StoreError>>;

/// Sends the heads of all unfinished jobs, oldest first, and then every change, until nobody listens.
pub(super) async fn follow(node: Rc<Node>, to: Sender) {
    if let Err(error) = Follower::new(&node, to.clone()).run().await {
        // Whoever listened has gone, if this fails.
        let _ = to.send(Err(error)).await;
    }
}

/// What one listener has been told.
struct Follower<'a> {
    writer: &'a Writer,
    beats: &'a Beats,
    to: Sender,
    /// The newest sequence that was read. Sweeps go on from there.
    swept: u64,
    /// The sequence of the head of each job that is unfinished or owes an episode, and its owner. A head comes twice, repeated by the engine and swept up,
    /// in any order.
    told: HashMap<JobId, (u64, Option<NodeId>)>,
    /// The newest sequence of the heads of each owner that was called gone: one that comes later calls for it again.
    gone: HashMap<NodeId, u64>,
}

impl<'a> Follower<'a> {
    fn new(node: &'a Node, to: Sender) -> Self {
        let Node { writer, beats, .. } = node;
        Self { writer, beats, to, swept: 0, told: HashMap::new(), gone: HashMap::new() }
    }

    async fn run(mut self) -> Result<(), StoreError> {
        let mut resets = self.writer.resets.get();
        let Engine { subjects, .. } = &self.writer.engine;
        // Before the first read, so that nothing falls between.
        let news = self.writer.engine.client().subscribe(subjects.news()).await;
        let mut news = news.map_err(StoreError::unavailable)?;
        let mut heads = Vec::new();
        for message in all(self.writer).await? {
            self.swept = message.sequence;
            let Some(head) = read(&message) else { continue };
            if is_owed(&head) {
                self.told.insert(head.job.id, (message.sequence, head.owner));
            } else if head.job.end.is_none() {
                heads.push((head.first.unwrap_or(message.sequence), message.sequence, head));
            }
        }
        heads.sort_by_key(|(first, ..)| *first);
        for (_, sequence, head) in heads {
            self.tell(sequence, head).await;
        }
        // A listener that has gone is noticed below.
        let _ = self.to.send(Ok(Change::CaughtUp)).await;
        let mut sweep = interval(SWEEP);
        let mut look = interval(self.beats.pause());
        loop {
            tokio::select! {
                () = self.to.closed() => return Ok(()),
                Some(message) = news.next() => {
                    if let Some(message) = repeated(&message) && let Some(head) = read(&message) {
                        self.tell(message.sequence, head).await;
                    }
                }
                _ = sweep.tick() => {
                    if std::mem::replace(&mut resets, self.writer.resets.get()) != resets {
                        self.forget().await;
                    }
                    self.sweep().await;
                }
                _ = look.tick() => self.tell_gone().await,
            }
        }
    }

    /// The engine has lost everything: nothing that was told of exists.
    async fn forget(&mut self) {
        (self.swept, self.told, self.gone) = (0, HashMap::new(), HashMap::new());
        let _ = self.to.send(Ok(Change::Reset)).await;
    }

    /// Reads what was stored since the last sweep: some of it may not have been repeated, or not to us.
    async fn sweep(&mut self) {
        let engine = &self.writer.engine;
        // The next sweep begins where this one did.
        let Ok((messages, _)) = engine.scan(&engine.subjects.heads(), self.swept + 1).await else { return };
        for message in messages {
            self.swept = message.sequence;
            if let Some(head) = read(&message) {
                self.tell(message.sequence, head).await;
            }
        }
    }

    /// Calls those owners gone that are.
    async fn tell_gone(&mut self) {
        let mut newest: HashMap<NodeId, u64> = HashMap::new();
        for (sequence, owner) in self.told.values() {
            let Some(owner) = owner else { continue };
            let of_owner = newest.entry(*owner).or_default();
            *of_owner = (*of_owner).max(*sequence);
        }
        self.gone.retain(|node, _| newest.contains_key(node));
        for (node, sequence) in newest {
            if !self.beats.suspects(node) {
                self.gone.remove(&node);
                continue;
            }
            let new = self.gone.get(&node).is_none_or(|told| *told < sequence);
            if new && self.beats.is_gone(node).await {
                self.gone.insert(node, sequence);
                let _ = self.to.send(Ok(Change::OwnerGone(node))).await;
            }
        }
    }

    async fn tell(&mut self, sequence: u64, head: Head) {
        let owed = is_owed(&head);
        let Head { job, owner, .. } = head;
        if self.told.get(&job.id).is_some_and(|(told, _)| *told >= sequence) {
            return;
        }
        if owed || job.end.is_none() {
            self.told.insert(job.id, (sequence, owner));
        } else {
            self.told.remove(&job.id);
        }
        // A listener that has gone is noticed by whoever called.
        let _ = self.to.send(Ok(Change::Head { head: Box::new(job), owner })).await;
    }
}

/// A page of ended jobs. Reads every head each time, since the engine keeps no index of them.
pub(super) async fn ended(writer: &Writer, after: Option<After>, limit: usize) -> Result<EndedPage, StoreError> {
    let mut jobs = Vec::new();
    for message in all(writer).await? {
        let Some(head) = read(&message) else { continue };
        let Some(end) = head.job.end else { continue };
        // Sequences stay below 2^63 for as long as there are years to count from.
        let place = (end.at, i64::try_from(message.sequence).unwrap_or(i64::MAX));
        if after.is_none_or(|after| place < (after.at, after.tie)) {
            let bytes = head.text_bytes + head.job.brief.size() as u64;
            let (status, episode) = (end.outcome.status(), end.outcome.episode_status());
            jobs.push((place, EndedJob { id: head.job.id, at: end.at, status, episode, bytes }));
        }
    }
    jobs.sort_by_key(|(place, _)| Reverse(*place));
    let more = jobs.len() > limit;
    jobs.truncate(limit);
    let next = jobs.last().filter(|_| more).map(|((at, tie), _)| After { at: *at, tie: *tie });
    Ok(EndedPage { jobs: jobs.into_iter().map(|(_, job)| job).collect(), next })
}

/// The messages of all heads, by their sequences, at least as new as everything that was acknowledged before.
async fn all(writer: &Writer) -> Result<Vec<Message>, StoreError> {
    let heads = writer.engine.subjects.heads();
    let newest = writer.persist(|| writer.engine.newest(&heads)).await?.map_or(0, |message| message.sequence);
    loop {
        let (mut messages, mut from) = (Vec::new(), Some(0));
        while let Some(begin) = from {
            let (page, next) = writer.persist(|| writer.engine.scan(&heads, begin)).await?;
            messages.extend(page);
            from = next;
        }
        if messages.last().map_or(0, |last| last.sequence) >= newest {
            return Ok(messages);
        }
        // The replica that answered lags behind, or what was newest has been purged.
        if writer.persist(|| writer.engine.newest(&heads)).await?.map_or(0, |message| message.sequence) < newest {
            return Ok(messages);
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Whether somebody still has to save the job's script.
fn is_owed(head: &Head) -> bool {
    head.job.end.as_ref().is_some_and(|end| end.outcome.episode_status() == Some(EpisodeStatus::Owed))
}

/// A head that another version wrote is left alone.
fn read(message: &Message) -> Option<Head> {
    let id = job_of(&message.subject)?;
    Head::read(id, &message.payload)
        .inspect_err(|error| log::warn!("{id}: its head cannot be read, so this node leaves it alone: {error}"))
        .ok()
}

/// A head that the engine has repeated: its own subject and sequence are headers.
fn repeated(message: &async_nats::Message) -> Option<Message> {
    let headers = message.headers.as_ref()?;
    let subject = headers.get(NATS_SUBJECT)?.to_string();
    let sequence = headers.get(NATS_SEQUENCE)?.as_str().parse().ok()?;
    Some(Message { subject, sequence, payload: message.payload.clone() })
}
