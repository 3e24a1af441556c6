//! The registry actor: its state, and the admission of jobs.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use actix::prelude::*;
use tokio::{task::yield_now, time::Instant};

use super::{
    Bound, FairQueue, Retention,
    arbiters::Arbiters,
    creations::Creations,
    feed_cache::FeedCache,
    loading::Loading,
    other::Other,
    pending_purges::PendingPurges,
    speed::ModelSpeeds,
    waits::{WaitEstimates, round_up},
};
use crate::{
    directory::{Directory, Listing},
    feed::{Feed, FeedContext, Publisher},
    job::{JobActor, JobPorts, JobSettings, JobState, Place, Start, Supervisor, remaining_seconds},
    model::{JobHead, JobId, NodeId},
    outbox::Outbox,
    ports::{Claim, ModelCatalog, ScriptGenerator},
};

/// The capacity of the mailbox; further callers wait on their own side.
const MAILBOX: usize = 4096;
/// The most memory for feeds of ended jobs, in bytes; other ended jobs are read from the store.
const CACHE_BYTES: usize = 16 * 1024 * 1024;
/// The most requests handled in a row. An actor handles messages until its mailbox is empty, and nothing else on its
/// thread runs meanwhile: no timer, no answer from a store.
const REQUESTS_IN_A_ROW: u32 = 64;

/// The configured bounds of the registry.
#[derive(Debug, Clone, Copy)]
pub struct RegistrySettings {
    /// The most streaming jobs.
    pub max_streaming: usize,
    /// The most queued jobs.
    pub max_queued: usize,
    /// How long an ended job is kept after its end or its last reader.
    pub retention: Duration,
    /// The most ended jobs kept, by number and by their size in the store.
    pub keep: Bound,
    /// Whether jobs that were streaming resume after a restart. Otherwise they fail, with their text kept.
    pub resume: bool,
    /// How many nodes in a row may lose a job without storing any of its text. After one more it fails.
    pub max_attempts: u32,
    /// The number of threads that run jobs; with 0, jobs run on the registry's own thread.
    pub arbiters: usize,
    /// The settings of each job.
    pub job: JobSettings,
}

/// The parts of a registry.
pub struct RegistryParts {
    /// The bounds, intervals and timeouts.
    pub settings: RegistrySettings,
    /// What jobs need from outside.
    pub ports: JobPorts,
    /// What all feeds share.
    pub feeds: FeedContext,
    /// Finds the generators for jobs of an earlier process.
    pub models: Arc<dyn ModelCatalog>,
    /// This node among others; `None` for a process that runs alone.
    pub node: Option<NodeId>,
}

/// Supervises all jobs of the process. There is one instance, started by `startup` on its own arbiter before HTTP
/// listens, and stopped with the process after [`super::Drain`]. It is not on the data path: it hands out feeds, which
/// readers then use directly, and anyone can read the lists and counts in its [`Directory`]. The queue is bounded by
/// `max_queued`. For each ended job it keeps a small record, bounded by the retention time and `keep`, and reads the
/// rest from the store on demand.
///
/// It spawns no futures into its own context: they would starve while the mailbox is full. Slow work runs as a task on
/// the arbiter and sends its result back as a message.
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
    pub(super) cache: FeedCache,
    pub(super) speeds: ModelSpeeds,
    pub(super) waits: WaitEstimates,
    pub(super) arbiters: Arbiters,
    pub(super) outbox: Addr<Outbox>,
    pub(super) creating: Creations,
    /// Ended jobs being read from the store.
    pub(super) loading: HashMap<JobId, Loading>,
    pub(super) node: Option<NodeId>,
    /// The unfinished jobs that other nodes run, or that wait for a node.
    pub(super) others: HashMap<JobId, Other>,
    /// Those of them that are being claimed.
    pub(super) claiming: HashSet<JobId>,
    /// Feeds of jobs that this node ran until another claimed them, and since when. Their readers move on as soon as the
    /// store tells of the new owner.
    pub(super) moving: HashMap<JobId, (Feed, Instant)>,
    pub(super) purges: PendingPurges,
    /// Records of an earlier process's ended jobs are still being loaded, so `retention` may be incomplete.
    pub(super) reloading: bool,
    pub(super) closed: bool,
    pub(super) drained: bool,
    handled: u32,
}

/// The registry's entry for an unfinished job.
pub(super) struct Entry {
    /// The head as of acceptance or adoption.
    pub head: JobHead,
    pub claim: Claim,
    /// The number of words at that time.
    pub words: u64,
    /// The queue position and remaining seconds last sent to the job.
    pub place: Option<(u32, u64)>,
    pub generator: Arc<dyn ScriptGenerator>,
    pub feed: Feed,
    pub listing: Listing,
    pub actor: Addr<JobActor>,
}

impl JobRegistry {
    /// Call this on the arbiter that the registry will run on: the outbox starts there.
    pub(super) fn new(parts: RegistryParts, directory: Directory) -> Self {
        let RegistryParts { mut settings, ports, feeds, models, node } = parts;
        settings.job.shared = node.is_some();
        Self {
            outbox: Outbox::new(ports.clone()).start(),
            models,
            directory,
            jobs: HashMap::new(),
            queue: FairQueue::new(settings.max_streaming, settings.max_queued),
            retention: Retention::default(),
            cache: FeedCache::new(CACHE_BYTES),
            speeds: ModelSpeeds::default(),
            waits: WaitEstimates::new(settings.max_streaming, std::iter::empty()),
            arbiters: Arbiters::new(settings.arbiters),
            creating: Creations::default(),
            loading: HashMap::new(),
            node,
            others: HashMap::new(),
            claiming: HashSet::new(),
            moving: HashMap::new(),
            purges: PendingPurges::default(),
            reloading: false,
            closed: false,
            drained: false,
            handled: 0,
            settings,
            ports,
            feeds,
        }
    }

    /// Lists an unfinished job and starts its actor, which then waits to be admitted.
    pub(super) fn start_job(
        &mut self,
        state: JobState,
        publisher: Publisher,
        claim: Claim,
        generator: Arc<dyn ScriptGenerator>,
        ctx: &Context<Self>,
    ) -> Entry {
        let feed = publisher.feed().clone();
        let listing = self.directory.add(&feed);
        let view = state.view();
        listing.set_remaining_seconds(view.remaining_seconds.unwrap_or(0));
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

    /// Starts queued jobs while there are free slots.
    pub(super) fn dispatch(&mut self, ctx: &Context<Self>) {
        let admitted = self.admit();
        self.start_admitted(&admitted);
        for id in admitted {
            if !self.jobs.contains_key(&id) {
                self.claim_other(id, ctx);
            }
        }
    }

    /// Admits jobs to all free slots and returns them.
    pub(super) fn admit(&mut self) -> Vec<JobId> {
        if self.drained { Vec::new() } else { std::iter::from_fn(|| self.queue.admit()).collect() }
    }

    pub(super) fn start_admitted(&self, admitted: &[JobId]) {
        for entry in admitted.iter().filter_map(|id| self.jobs.get(id)) {
            entry.listing.mark_streaming();
            entry.actor.do_send(Start { words_per_second: self.speeds.expected(&entry.head.brief.model) });
        }
    }

    /// Tells each queued job its position and remaining time if they changed. Costs O(streaming + waiting × log
    /// projects).
    pub(super) fn tell_places(&mut self) {
        let streaming = self.jobs.iter().filter(|(id, _)| !self.queue.is_waiting(**id));
        let left = streaming.map(|(_, entry)| entry.listing.remaining_seconds());
        self.waits = WaitEstimates::new(self.settings.max_streaming, left);
        for (id, position) in self.queue.positions() {
            let Some(entry) = self.jobs.get_mut(&id) else { continue };
            let brief = &entry.head.brief;
            // Uses the model's speed as measured by now.
            let own = remaining_seconds(entry.words, brief.length_target, self.speeds.expected(&brief.model));
            let remaining_seconds = own.saturating_add(round_up(self.waits.enqueue(own)));
            if entry.place.replace((position, remaining_seconds)) != Some((position, remaining_seconds)) {
                entry.actor.do_send(Place { position, remaining_seconds });
            }
        }
    }

    /// Call this for each client request: after [`REQUESTS_IN_A_ROW`] of them it lets the rest of the thread run.
    pub(super) fn yield_if_due(&mut self, ctx: &mut Context<Self>) {
        self.handled += 1;
        if self.handled >= REQUESTS_IN_A_ROW {
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
