//! The shell around [`JobState`]: it carries out what the state decides.

use std::{sync::Arc, time::Duration};

use actix::prelude::*;
use tokio::{sync::oneshot, time::Instant};

use super::{
    Effect, Epoch, Failure, FailureCode, Input, JobState, Phase,
    messages::{ActorGone, Cancel, JobEnded, Start, Suspend},
    pump::Pump,
    recording,
};
use crate::{
    feed::Feed,
    patience::answered,
    ports::{Clock, Ending, EpisodeStore, GenerationRequest, GenerationStream, JobStore, Piece, ScriptGenerator},
    registry::{Fate, Listing},
};

/// A preview that comes so late still counts as one in time.
const SLACK: Duration = Duration::from_millis(5);

/// What every job of the process needs from outside.
#[derive(Clone)]
pub struct JobPorts {
    /// Where jobs survive.
    pub jobs: Arc<dyn JobStore>,
    /// Where scripts become episodes.
    pub episodes: Arc<dyn EpisodeStore>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

/// The configured times of a job.
#[derive(Debug, Clone, Copy)]
pub struct JobSettings {
    /// How often readers are shown something new.
    pub preview_interval: Duration,
    /// How often the text is made durable.
    pub checkpoint_interval: Duration,
    /// How long one taking-up of a job may generate.
    pub timeout: Duration,
    /// How long completing waits for the episode store.
    pub save_timeout: Duration,
}

/// Whom a job reports to.
#[derive(Clone)]
pub struct Supervisor {
    /// Takes the end.
    pub ended: Recipient<JobEnded>,
    /// Takes the disappearance of the actor, however it came about (except when its whole thread is stopped).
    pub gone: Recipient<ActorGone>,
    /// The job's place in the lists, left before anybody is shown the end.
    pub listing: Listing,
}

/// One job. Started by the registry on an arbiter of its pool when the job is accepted or recovered; stops itself once its
/// readers have been shown the end. A panic in it ends this actor only, and the registry records the job as failed, or as
/// completed if the script was whole. Its text is bounded by what the generator sends within the job's timeout.
pub struct JobActor {
    pub(super) state: JobState,
    pub(super) generating: Option<GenerationStream>,
    pub(super) feed: Feed,
    pub(super) ports: JobPorts,
    epoch: Epoch,
    generator: Arc<dyn ScriptGenerator>,
    settings: JobSettings,
    supervisor: Supervisor,
    /// The one timer, running while the job generates.
    ticking: Option<SpawnHandle>,
    deadline: Option<Instant>,
    next_checkpoint: Instant,
    checkpoint_under_way: bool,
    /// Bytes of the text that readers have been shown.
    shown: usize,
    /// When they may be shown more.
    show_due: Instant,
    /// Bytes of the text that are durable.
    stored: usize,
    unrecorded: Option<Ending>,
    waiting_for_end: Vec<oneshot::Sender<()>>,
    /// Must not start any more; a cancel still counts.
    suspended: bool,
    _exit: ExitNotice,
}

/// Tells the registry when the actor is dropped, which also happens when it panics.
struct ExitNotice(super::JobId, Recipient<ActorGone>);

impl Drop for ExitNotice {
    fn drop(&mut self) {
        self.1.do_send(ActorGone(self.0));
    }
}

impl JobActor {
    /// A job that waits for [`Start`]. What the state holds of the text is durable already and shown by `feed`.
    pub fn new(
        state: JobState,
        feed: Feed,
        generator: Arc<dyn ScriptGenerator>,
        ports: JobPorts,
        settings: JobSettings,
        supervisor: Supervisor,
    ) -> Self {
        let written = state.text().len();
        Self {
            epoch: feed.epoch(),
            _exit: ExitNotice(state.id(), supervisor.gone.clone()),
            state,
            feed,
            generator,
            ports,
            settings,
            supervisor,
            generating: None,
            ticking: None,
            deadline: None,
            next_checkpoint: Instant::now(),
            checkpoint_under_way: false,
            shown: written,
            show_due: Instant::now(),
            stored: written,
            unrecorded: None,
            waiting_for_end: Vec::new(),
            suspended: false,
        }
    }

    /// Takes what the generator said next.
    ///
    /// A model that is slower than the preview interval is shown at once; waiting for the next tick would hold each of its
    /// words back for half an interval.
    pub(super) fn piece(&mut self, piece: Piece, ctx: &mut Context<Self>) {
        self.input(Input::Piece(piece), ctx);
        if self.generating.is_some() && self.shown < self.state.text().len() && self.show_due <= Instant::now() {
            self.perform(Effect::Show, ctx);
        }
    }

    /// Applies what happened and carries out what follows from it.
    pub(super) fn input(&mut self, input: Input, ctx: &mut Context<Self>) {
        match self.state.apply(input, self.ports.clock.now()) {
            Ok(effects) => effects.into_iter().for_each(|effect| self.perform(effect, ctx)),
            Err(ignored) => log::debug!("{}: input {ignored}", self.state.id()),
        }
    }

    /// The generator gave up; the cause goes to the log, the code to the readers.
    pub(super) fn failed(&mut self, failure: Failure, ctx: &mut Context<Self>) {
        log::warn!("{}: generation failed: {failure}", self.state.id());
        self.input(Input::GeneratorFailed(failure), ctx);
    }

    fn perform(&mut self, effect: Effect, ctx: &mut Context<Self>) {
        match effect {
            Effect::Generate => self.generate(ctx),
            Effect::StopGenerating => self.stop_generating(ctx),
            Effect::Show => {
                self.show();
                if self.generating.is_some() {
                    self.tick_when_due(ctx);
                }
            }
            Effect::SaveEpisode => self.save_episode(ctx),
            Effect::RecordEnding => self.record_ending(ctx),
            Effect::Announce => self.announce(ctx),
        }
    }

    fn generate(&mut self, ctx: &mut Context<Self>) {
        let request =
            GenerationRequest { brief: Arc::clone(self.state.brief()), written: self.state.text().as_str().to_owned() };
        self.generating = Some(self.generator.generate(request));
        self.deadline = Some(Instant::now() + self.settings.timeout);
        self.tick_when_due(ctx);
        // That it has begun must survive as well: a restart treats jobs that had streamed differently.
        self.write_checkpoint(ctx);
        ctx.spawn(Pump);
    }

    fn stop_generating(&mut self, ctx: &mut Context<Self>) {
        self.generating = None;
        self.deadline = None;
        if let Some(ticking) = self.ticking.take() {
            ctx.cancel_future(ticking);
        }
    }

    fn tick_when_due(&mut self, ctx: &mut Context<Self>) {
        if let Some(ticking) = self.ticking.take() {
            ctx.cancel_future(ticking);
        }
        let wait = self.show_due.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero());
        // Nothing is due while the model writes nothing; the deadline has to be looked at all the same.
        self.ticking = Some(ctx.run_later(wait.unwrap_or(self.settings.preview_interval), Self::tick));
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        self.ticking = None;
        let now = Instant::now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            log::warn!("{}: not finished within {:?}", self.state.id(), self.settings.timeout);
            self.input(Input::TimedOut, ctx);
            return;
        }
        self.perform(Effect::Show, ctx);
        if now >= self.next_checkpoint {
            self.next_checkpoint = now + self.settings.checkpoint_interval;
            self.checkpoint(ctx);
        }
    }

    fn show(&mut self) {
        let more = self.state.text().since(self.shown);
        if !more.is_empty() {
            let (now, interval) = (Instant::now(), self.settings.preview_interval);
            let late = now.checked_duration_since(self.show_due);
            // Timers fire late; a rhythm that counted from there would fall behind a model that writes in the same one.
            let on_time = late.is_some_and(|late| late < SLACK.min(interval / 4));
            self.show_due = if on_time { self.show_due + interval } else { now + interval };
        }
        self.feed.publish(self.state.view(self.ports.clock.now()), more);
        self.shown = self.state.text().len();
    }

    /// At most one is under way: when the store is slow, the next one carries more text instead.
    fn checkpoint(&mut self, ctx: &mut Context<Self>) {
        if !self.checkpoint_under_way && self.stored < self.state.text().len() {
            self.write_checkpoint(ctx);
        }
    }

    fn write_checkpoint(&mut self, ctx: &mut Context<Self>) {
        self.checkpoint_under_way = true;
        let upto = self.state.text().len();
        let written = answered(self.ports.jobs.checkpoint(self.state.checkpoint(self.epoch, self.stored)));
        ctx.spawn(written.into_actor(self).map(move |result, job, _ctx| {
            job.checkpoint_under_way = false;
            match result {
                Ok(()) => job.stored = upto,
                Err(error) => log::warn!("{}: checkpoint failed, the next one repeats it: {error}", job.state.id()),
            }
        }));
    }

    fn save_episode(&mut self, ctx: &mut Context<Self>) {
        let checkpoint = self.state.checkpoint(self.epoch, self.stored);
        let saving = recording::save(self.ports.clone(), &self.state, checkpoint, self.settings.save_timeout);
        ctx.spawn(saving.into_actor(self).map(|input, job, ctx| job.input(input, ctx)));
    }

    fn record_ending(&mut self, ctx: &mut Context<Self>) {
        let Some((outcome, at)) = self.state.outcome().cloned() else { return };
        let last = self.state.checkpoint(self.epoch, self.stored);
        let ending = Ending { last, event_seq: self.feed.terminal_seq(), at, outcome };
        let recording = recording::finish(Arc::clone(&self.ports.jobs), ending);
        ctx.spawn(recording.into_actor(self).map(|unrecorded, job, ctx| {
            job.unrecorded = unrecorded;
            job.input(Input::Recorded, ctx);
        }));
    }

    fn announce(&mut self, ctx: &mut Context<Self>) {
        let now = self.ports.clock.now();
        let more = self.state.text().since(self.shown);
        let view = self.state.view(now);
        log::info!("{}", view.last_line());
        self.supervisor.listing.ended(view.status, Fate::of(&view), self.unrecorded.is_none());
        self.feed.end(view, more, self.feed.terminal_seq());
        self.supervisor.ended.do_send(JobEnded {
            id: self.state.id(),
            words_per_second: self.state.words_per_second(now),
            unrecorded: self.unrecorded.take(),
        });
        for waiting in self.waiting_for_end.drain(..) {
            let _gone_is_fine = waiting.send(());
        }
        ctx.stop();
    }

    fn leave_off(&mut self, ctx: &mut Context<Self>) -> ResponseFuture<()> {
        self.show();
        self.stop_generating(ctx);
        let id = self.state.id();
        let written = answered(self.ports.jobs.checkpoint(self.state.checkpoint(self.epoch, self.stored)));
        Box::pin(async move {
            if let Err(error) = written.await {
                log::error!("{id}: last checkpoint failed, it will resume from an earlier one: {error}");
            }
        })
    }

    fn end_of_job(&mut self) -> ResponseFuture<()> {
        let (ended, end) = oneshot::channel();
        self.waiting_for_end.push(ended);
        Box::pin(async move {
            // An actor that is dropped has ended as well.
            let _dropped_is_fine = end.await;
        })
    }
}

impl Actor for JobActor {
    type Context = Context<Self>;
}

impl Handler<Start> for JobActor {
    type Result = ();

    fn handle(&mut self, _: Start, ctx: &mut Context<Self>) {
        if !self.suspended {
            self.input(Input::Start, ctx);
        }
    }
}

impl Handler<Cancel> for JobActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Cancel, ctx: &mut Context<Self>) -> ResponseFuture<()> {
        self.input(Input::Cancel, ctx);
        match self.state.phase() {
            Phase::Ending => self.end_of_job(),
            // Saving: the text is complete, the job completes instead.
            _ => Box::pin(std::future::ready(())),
        }
    }
}

impl Handler<Suspend> for JobActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Suspend, ctx: &mut Context<Self>) -> ResponseFuture<()> {
        self.suspended = true;
        match self.state.phase() {
            Phase::Generating => self.leave_off(ctx),
            Phase::Saving | Phase::Ending => self.end_of_job(),
            // The store knows all there is to know.
            Phase::Queued | Phase::Ended => Box::pin(std::future::ready(())),
        }
    }
}

/// The failure of a stream that just stops.
pub(super) fn no_end_mark() -> Failure {
    Failure::new(FailureCode::GenerationError, "the generator's stream ended without an end mark")
}
