//! The registry actor: state, admission.

use std::{collections::HashMap, sync::Arc, time::Duration};

use actix::prelude::*;
use tokio::task::yield_now;

use super::{
    Bound, FairQueue, Retention,
    arbiters::Arbiters,
    creations::Creations,
    leaving::Leaving,
    loading::Loading,
    shelf::Shelf,
    speed::Speeds,
    waits::{Waits, coarse},
};
use crate::{
    directory::{Directory, Listing},
    feed::{Feed, FeedContext, Publisher},
    job::{JobActor, JobPorts, JobSettings, JobState, Place, Start, Supervisor, remaining_seconds},
    model::{JobHead, JobId},
    outbox::Outbox,
    ports::{Claim, ModelCatalog, ScriptGenerator},
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
    /// Whether jobs that had been streaming go on after a restart; otherwise they fail, with their text kept.
    pub resume: bool,
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
    /// Who serves the jobs of an earlier process.
    pub models: Arc<dyn ModelCatalog>,
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
    pub(super) models: Arc<dyn ModelCatalog>,
    pub(super) directory: Directory,
    /// The unfinished jobs.
    pub(super) jobs: HashMap<JobId, Entry>,
    pub(super) queue: FairQueue,
    pub(super) retention: Retention,
    pub(super) shelf: Shelf,
    pub(super) speeds: Speeds,
    pub(super) waits: Waits,
    pub(super) arbiters: Arbiters,
    pub(super) outbox: Addr<Outbox>,
    pub(super) creating: Creations,
    /// Ended jobs that are being read in the store.
    pub(super) loading: HashMap<JobId, Loading>,
    pub(super) leaving: Leaving,
    /// Ended jobs of an earlier process are still being read: there may be more than are known here.
    pub(super) recalling: bool,
    pub(super) closed: bool,
    pub(super) drained: bool,
    handled: u32,
}

/// What the registry keeps of an unfinished job.
pub(super) struct Entry {
    /// As it was when it was accepted or taken up.
    pub head: JobHead,
    pub claim: Claim,
    /// Words that it had then.
    pub words: u64,
    /// Its position and its remaining seconds, as it was told last.
    pub place: Option<(u32, u64)>,
    pub generator: Arc<dyn ScriptGenerator>,
    pub feed: Feed,
    pub listing: Listing,
    pub actor: Addr<JobActor>,
}

impl JobRegistry {
    /// To be called on the arbiter that the registry will run on: the outbox starts there.
    pub(super) fn new(parts: RegistryParts, directory: Directory) -> Self {
        let RegistryParts { settings, ports, feeds, models } = parts;
        Self {
            outbox: Outbox::new(ports.clone()).start(),
            models,
            directory,
            jobs: HashMap::new(),
            queue: FairQueue::new(settings.max_streaming, settings.max_queued),
            retention: Retention::default(),
            shelf: Shelf::new(HOT_BYTES),
            speeds: Speeds::default(),
            waits: Waits::new(settings.max_streaming, std::iter::empty()),
            arbiters: Arbiters::new(settings.arbiters),
            creating: Creations::default(),
            loading: HashMap::new(),
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
        publisher: Publisher,
        claim: Claim,
        generator: Arc<dyn ScriptGenerator>,
        ctx: &Context<Self>,
    ) -> Entry {
        let feed = publisher.feed().clone();
        let listing = self.directory.enter(&feed);
        let view = state.view();
        listing.expect_end_in(view.remaining_seconds.unwrap_or(0));
        let supervisor = self.supervisor(listing.clone(), ctx);
        let (ports, settings, writer) = (self.ports.clone(), self.settings.job, Arc::clone(&generator));
        let (head, stored) = (state.head().clone(), state.text().len());
        let actor = JobActor::start_in_arbiter(&self.arbiters.pick(), move |_| {
            JobActor::new(state, stored, (publisher, claim), writer, ports, settings, supervisor)
        });
        Entry { head, claim, words: view.words, place: None, generator, feed, listing, actor }
    }

    pub(super) fn supervisor(&self, listing: Listing, ctx: &Context<Self>) -> Supervisor {
        let registry = ctx.address();
        let (ended, fenced) = (registry.clone().recipient(), registry.clone().recipient());
        Supervisor { ended, fenced, gone: registry.recipient(), listing }
    }

    /// Lets jobs stream while there are slots.
    pub(super) fn dispatch(&mut self) {
        let admitted = self.admit();
        self.start_admitted(&admitted);
    }

    /// The jobs that have a slot from now on.
    pub(super) fn admit(&mut self) -> Vec<JobId> {
        if self.drained { Vec::new() } else { std::iter::from_fn(|| self.queue.admit()).collect() }
    }

    pub(super) fn start_admitted(&self, admitted: &[JobId]) {
        for entry in admitted.iter().filter_map(|id| self.jobs.get(id)) {
            entry.listing.streams();
            entry.actor.do_send(Start { words_per_second: self.speeds.expected(&entry.head.brief.model) });
        }
    }

    /// Tells each waiting job its place and its wait, where they have changed. Costs O(streaming + waiting × log projects).
    pub(super) fn tell_places(&mut self) {
        let streaming = self.jobs.iter().filter(|(id, _)| !self.queue.is_waiting(**id));
        let left = streaming.map(|(_, entry)| entry.listing.remaining_seconds());
        self.waits = Waits::new(self.settings.max_streaming, left);
        for (id, position) in self.queue.positions() {
            let Some(entry) = self.jobs.get_mut(&id) else { continue };
            let brief = &entry.head.brief;
            // At the speed that its model has by now.
            let own = remaining_seconds(entry.words, brief.length_target, self.speeds.expected(&brief.model));
            let remaining_seconds = own.saturating_add(coarse(self.waits.queue(own)));
            if entry.place.replace((position, remaining_seconds)) != Some((position, remaining_seconds)) {
                entry.actor.do_send(Place { position, remaining_seconds });
            }
        }
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
        Self::start_sweeping(ctx);
    }
}
