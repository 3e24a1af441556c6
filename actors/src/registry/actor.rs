//! The registry actor: state, timer, admission.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use actix::prelude::*;
use tokio::sync::oneshot;

use super::{
    Created, FairQueue, Retention, Table, arbiters::Arbiters, messages::CreateError, messages::FindJob, speed::Speeds,
};
use crate::{
    feed::{Feed, FeedContext},
    job::{JobActor, JobEnded, JobId, JobPorts, JobSettings, JobState, Start, Status, Supervisor},
    outbox::{Outbox, Owe},
    ports::{Ending, ScriptGenerator},
};

/// How often the registry looks after what no message tells it: dead threads, retention, places in the queue.
const SWEEP: Duration = Duration::from_secs(1);
/// Requests that may wait for the registry; callers beyond it wait on their own side.
const MAILBOX: usize = 4096;

/// The configured bounds of the registry.
#[derive(Debug, Clone, Copy)]
pub struct RegistrySettings {
    /// Jobs that stream at once.
    pub max_streaming: usize,
    /// Jobs that wait.
    pub max_queued: usize,
    /// How long a finished job is kept after its end or its last reader.
    pub retention: Duration,
    /// Threads that run jobs; with 0 they run on the registry's own.
    pub arbiters: usize,
    /// Times of each job.
    pub job: JobSettings,
}

/// What the registry is built from.
pub struct RegistryParts {
    /// Bounds and times.
    pub settings: RegistrySettings,
    /// What jobs need from outside.
    pub ports: JobPorts,
    /// What feeds share.
    pub feeds: FeedContext,
}

/// The supervisor of all jobs of the process. One instance, started by `startup` on an arbiter of its own before HTTP
/// listens, stopped with the process after [`super::Drain`]. It is not on the data path: it hands out feeds, and readers then
/// talk to those. Its queue is bounded by `max_queued`, its table by that and the retention.
pub struct JobRegistry {
    pub(super) settings: RegistrySettings,
    pub(super) ports: JobPorts,
    pub(super) feeds: FeedContext,
    pub(super) table: Table<Entry>,
    pub(super) queue: FairQueue,
    pub(super) retention: Retention,
    pub(super) speeds: Speeds,
    pub(super) arbiters: Arbiters,
    pub(super) outbox: Addr<Outbox>,
    /// Jobs whose creation is being made durable, with the callers that sent the same key meanwhile.
    pub(super) creating: HashMap<JobId, Vec<oneshot::Sender<Result<Created, CreateError>>>>,
    /// Outcomes that readers know and the store does not, in the order in which they are tried again.
    pub(super) unrecorded: VecDeque<Ending>,
    pub(super) recording: bool,
    /// Jobs that are not here any more and may still be in the store.
    pub(super) forgotten: Vec<JobId>,
    pub(super) purging: bool,
    pub(super) closed: bool,
    pub(super) drained: bool,
}

/// What the registry keeps of a job.
#[derive(Clone)]
pub(super) struct Entry {
    pub feed: Feed,
    /// `None` once the job has ended.
    pub actor: Option<Addr<JobActor>>,
}

impl JobRegistry {
    /// A registry without jobs, on an arbiter of its own.
    pub fn start_new(parts: RegistryParts) -> Addr<Self> {
        Self::start_in_arbiter(&Arbiter::new().handle(), move |_| Self::new(parts))
    }

    /// To be called on the arbiter that the registry will run on: the outbox starts there.
    pub(super) fn new(RegistryParts { settings, ports, feeds }: RegistryParts) -> Self {
        Self {
            outbox: Outbox::new(ports.clone(), settings.job.save_timeout).start(),
            table: Table::default(),
            queue: FairQueue::new(settings.max_streaming, settings.max_queued),
            retention: Retention::default(),
            speeds: Speeds::default(),
            arbiters: Arbiters::new(settings.arbiters),
            creating: HashMap::new(),
            unrecorded: VecDeque::new(),
            recording: false,
            forgotten: Vec::new(),
            purging: false,
            closed: false,
            drained: false,
            settings,
            ports,
            feeds,
        }
    }

    /// Starts the actor of an unfinished job, which then waits for its turn.
    pub(super) fn start_job(
        &mut self,
        state: JobState,
        feed: &Feed,
        generator: Arc<dyn ScriptGenerator>,
        ctx: &Context<Self>,
    ) -> Addr<JobActor> {
        let supervisor = Supervisor { ended: ctx.address().recipient::<JobEnded>(), gone: ctx.address().recipient() };
        let (ports, settings, feed) = (self.ports.clone(), self.settings.job, feed.clone());
        JobActor::start_in_arbiter(&self.arbiters.pick(), move |_| {
            JobActor::new(state, feed, generator, ports, settings, supervisor)
        })
    }

    /// Lets jobs stream while there are slots.
    pub(super) fn dispatch(&mut self) {
        while !self.drained
            && let Some(id) = self.queue.admit()
        {
            let Some(entry) = self.table.get(id) else { continue };
            entry.feed.set_queue_position(None);
            if let Some(actor) = &entry.actor {
                actor.do_send(Start);
            }
        }
    }

    /// A job's readers know its end: free its slot, keep it for the retention time.
    pub(super) fn settle(&mut self, id: JobId) {
        if !self.table.deactivate(id) {
            return;
        }
        self.queue.leave(id);
        if let Some(entry) = self.table.get_mut(id) {
            entry.actor = None;
            entry.feed.set_queue_position(None);
            let view = entry.feed.view();
            let ended = view.completed_at.unwrap_or_else(|| self.ports.clock.now());
            if view.status == Status::Completed && view.episode.is_none() {
                self.outbox.do_send(Owe(entry.feed.clone()));
            }
            self.retention.keep(id, self.retention_after(ended));
        }
        self.dispatch();
    }

    fn sweep(&mut self, ctx: &mut Context<Self>) {
        self.rescue_lost(ctx);
        self.record_late(ctx);
        self.forget_expired();
        self.purge(ctx);
        self.tell_positions();
    }

    /// Costs O(waiting × log projects).
    pub(super) fn tell_positions(&self) {
        for (id, position) in self.queue.positions() {
            if let Some(entry) = self.table.get(id) {
                entry.feed.set_queue_position(Some(position));
            }
        }
    }
}

impl Actor for JobRegistry {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        ctx.run_interval(SWEEP, Self::sweep);
    }
}

impl Handler<JobEnded> for JobRegistry {
    type Result = ();

    fn handle(&mut self, ended: JobEnded, _: &mut Context<Self>) {
        if let (Some(speed), Some(entry)) = (ended.words_per_second, self.table.get(ended.id)) {
            self.speeds.measured(&entry.feed.view().brief.model, speed);
        }
        self.unrecorded.extend(ended.unrecorded);
        self.settle(ended.id);
    }
}

impl Handler<FindJob> for JobRegistry {
    type Result = Option<Feed>;

    fn handle(&mut self, FindJob(id): FindJob, _: &mut Context<Self>) -> Option<Feed> {
        let feed = self.table.get(id)?.feed.clone();
        self.retention.prolong(id, self.retention_from_now());
        Some(feed)
    }
}
