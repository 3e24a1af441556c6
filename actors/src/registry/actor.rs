//! The registry actor: state, admission.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use actix::prelude::*;
use tokio::{sync::oneshot, task::yield_now};

use super::{
    Bound, Created, Directory, FairQueue, Listing, RegistryHandle, Retention, Table,
    arbiters::Arbiters,
    ending::Unrecorded,
    forgetting::Leaving,
    lookup::Loading,
    messages::CreateError,
    shelf::Shelf,
    speed::Speeds,
    sweep,
    waits::{Waits, coarse},
};
use crate::{
    feed::{Feed, FeedContext},
    job::{JobActor, JobEnded, JobId, JobPorts, JobSettings, JobState, JobView, Start, Supervisor, remaining_seconds},
    outbox::Outbox,
    ports::ScriptGenerator,
};

/// Requests that may wait for the registry; callers beyond it wait on their own side.
const MAILBOX: usize = 4096;
/// How much of ended jobs' briefs and texts is kept for whoever asks next; beyond it the store is asked.
const HOT_BYTES: usize = 16 * 1024 * 1024;
/// Requests handled in a row. An actor takes from its mailbox until that is empty, and nothing else on its thread runs
/// meanwhile: no timer, no answer of a store.
const TURN: u32 = 64;

/// The configured bounds of the registry.
#[derive(Debug, Clone, Copy)]
pub struct RegistrySettings {
    /// Jobs that stream at once.
    pub max_streaming: usize,
    /// Jobs that wait.
    pub max_queued: usize,
    /// How long a finished job is kept after its end or its last reader.
    pub retention: Duration,
    /// How many finished jobs are kept, and how much of the store they may take.
    pub keep: Bound,
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
/// talk to those; lists and counts are read in its [`Directory`]. Its queue is bounded by `max_queued`; of ended jobs it
/// keeps a small record each, bounded by the retention and `keep`, and reads the rest in the store when it is wanted.
///
/// It spawns nothing into its own context: futures there starve while the mailbox is full. What takes time is a task of the
/// arbiter whose result comes back as a message.
pub struct JobRegistry {
    pub(super) settings: RegistrySettings,
    pub(super) ports: JobPorts,
    pub(super) feeds: FeedContext,
    pub(super) directory: Directory,
    pub(super) table: Table<Entry>,
    pub(super) queue: FairQueue,
    pub(super) retention: Retention,
    pub(super) shelf: Shelf,
    pub(super) speeds: Speeds,
    pub(super) waits: Waits,
    pub(super) arbiters: Arbiters,
    pub(super) outbox: Addr<Outbox>,
    /// Jobs whose creation is being made durable, with the callers that sent the same key meanwhile.
    pub(super) creating: HashMap<JobId, Vec<oneshot::Sender<Result<Created, CreateError>>>>,
    /// Ended jobs that are being read in the store.
    pub(super) loading: HashMap<JobId, Loading>,
    /// Outcomes that readers know and the store does not, in the order in which they are tried again.
    pub(super) unrecorded: VecDeque<Unrecorded>,
    pub(super) recording: bool,
    pub(super) leaving: Leaving,
    /// Ended jobs of an earlier process are still being read: there may be more than are known here.
    pub(super) recalling: bool,
    pub(super) closed: bool,
    pub(super) drained: bool,
    handled: u32,
}

/// What the registry keeps of an unfinished job.
pub(super) struct Entry {
    pub feed: Feed,
    pub listing: Listing,
    /// `None` once it has died and its end is being recorded.
    pub actor: Option<Addr<JobActor>>,
}

impl JobRegistry {
    /// A registry without jobs, on an arbiter of its own.
    pub fn start_new(parts: RegistryParts) -> RegistryHandle {
        let directory = Directory::default();
        let of_registry = directory.clone();
        let registry = Self::start_in_arbiter(&Arbiter::new().handle(), move |ctx| Self::new(parts, of_registry, ctx));
        RegistryHandle::new(registry, directory)
    }

    /// To be called on the arbiter that the registry will run on: the outbox starts there.
    pub(super) fn new(parts: RegistryParts, directory: Directory, ctx: &mut Context<Self>) -> Self {
        let RegistryParts { settings, ports, feeds } = parts;
        let outbox = Outbox::new(ports.clone(), settings.job.save_timeout, ctx.address().recipient());
        Self {
            outbox: outbox.start(),
            directory,
            table: Table::default(),
            queue: FairQueue::new(settings.max_streaming, settings.max_queued),
            retention: Retention::default(),
            shelf: Shelf::new(HOT_BYTES),
            speeds: Speeds::default(),
            waits: Waits::new(settings.max_streaming, std::iter::empty()),
            arbiters: Arbiters::new(settings.arbiters),
            creating: HashMap::new(),
            loading: HashMap::new(),
            unrecorded: VecDeque::new(),
            recording: false,
            leaving: Leaving::default(),
            recalling: false,
            closed: false,
            drained: false,
            handled: 0,
            settings,
            ports,
            feeds,
        }
    }

    /// Lists an unfinished job and starts its actor, which then waits for its turn.
    pub(super) fn start_job(
        &mut self,
        state: JobState,
        feed: Feed,
        generator: Arc<dyn ScriptGenerator>,
        ctx: &Context<Self>,
    ) -> Entry {
        let listing = self.directory.enter(&feed);
        let (ended, gone) = (ctx.address().recipient::<JobEnded>(), ctx.address().recipient());
        let supervisor = Supervisor { ended, gone, listing: listing.clone() };
        let (ports, settings, shown) = (self.ports.clone(), self.settings.job, feed.clone());
        let actor = JobActor::start_in_arbiter(&self.arbiters.pick(), move |_| {
            JobActor::new(state, shown, generator, ports, settings, supervisor)
        });
        Entry { feed, listing, actor: Some(actor) }
    }

    /// Lets jobs stream while there are slots.
    pub(super) fn dispatch(&mut self) {
        while !self.drained
            && let Some(id) = self.queue.admit()
        {
            let Some(entry) = self.table.get(id) else { continue };
            entry.feed.leave_queue();
            entry.listing.streams();
            if let Some(actor) = &entry.actor {
                let expected = self.speeds.expected(&entry.feed.view().brief.model);
                actor.do_send(Start { words_per_second: expected });
            }
        }
    }

    /// Tells each waiting job its place and its wait. Costs O(streaming + waiting × log projects).
    pub(super) fn tell_places(&mut self) {
        let left = self.table.jobs().filter(|(id, _)| !self.queue.is_waiting(*id));
        let left = left.filter_map(|(_, entry)| entry.feed.view().remaining_seconds);
        self.waits = Waits::new(self.settings.max_streaming, left);
        for (id, position) in self.queue.positions() {
            let Some(entry) = self.table.get(id) else { continue };
            let own = self.own_seconds(&entry.feed.view());
            entry.feed.set_queue_place(position, own, coarse(self.waits.queue(own)));
        }
    }

    /// What a job that waits will itself need, at the speed its model has by now.
    pub(super) fn own_seconds(&self, view: &JobView) -> u64 {
        remaining_seconds(view.words, view.brief.length_target, self.speeds.expected(&view.brief.model))
    }

    /// To be called for each request of a client: lets the rest of the thread run after so many.
    pub(super) fn take_turn(&mut self, ctx: &mut Context<Self>) {
        self.handled += 1;
        if self.handled >= TURN {
            self.handled = 0;
            ctx.wait(yield_now().into_actor(self));
        }
    }
}

impl Actor for JobRegistry {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        sweep::start(ctx.address().downgrade());
    }
}
