//! The shell around [`JobState`]: it carries out what the state decides.

use std::{sync::Arc, time::Duration};

use actix::prelude::*;
use tokio::{sync::oneshot, time::Instant};

use super::{
    Effect, Epoch, Failure, FailureCode, Input, JobState, Phase,
    messages::{ActorGone, Cancel, JobEnded, Start, Suspend},
    pump::Pump,
    recording,
    rhythm::Rhythm,
};
use crate::{
    feed::Feed,
    patience::answered,
    ports::{Clock, Ending, EpisodeStore, GenerationRequest, GenerationStream, JobStore, Piece, ScriptGenerator},
    registry::{Fate, Listing},
};

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
    /// While the job generates.
    rhythm: Option<Rhythm>,
    /// The one timer, armed for what the rhythm has next.
    timer: Option<SpawnHandle>,
    checkpoint_under_way: bool,
    /// Another one fell due meanwhile.
    checkpoint_missed: bool,
    /// Bytes of the text that readers have been shown.
    shown: usize,
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
            rhythm: None,
            timer: None,
            checkpoint_under_way: false,
            checkpoint_missed: false,
            shown: written,
            stored: written,
            unrecorded: None,
            waiting_for_end: Vec::new(),
            suspended: false,
        }
    }

    /// Takes what the generator said next.
    pub(super) fn piece(&mut self, piece: Piece, ctx: &mut Context<Self>) {
        self.input(Input::Piece(piece), ctx);
        let unshown = self.shown < self.state.text().len();
        if unshown && self.rhythm.is_some_and(|rhythm| rhythm.may_show_text(Instant::now())) {
            self.show();
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
            Effect::Show => self.show(),
            Effect::SaveEpisode => self.save_episode(ctx),
            Effect::RecordEnding => self.record_ending(ctx),
            Effect::Announce => self.announce(ctx),
        }
    }

    fn generate(&mut self, ctx: &mut Context<Self>) {
        let request =
            GenerationRequest { brief: Arc::clone(self.state.brief()), written: self.state.text().as_str().to_owned() };
        self.generating = Some(self.generator.generate(request));
        let JobSettings { preview_interval, checkpoint_interval, timeout, .. } = self.settings;
        self.rhythm = Some(Rhythm::new(Instant::now(), preview_interval, checkpoint_interval, timeout));
        self.arm_timer(ctx);
        // That it has begun must survive as well: a restart treats jobs that had streamed differently.
        self.write_checkpoint(ctx);
        ctx.spawn(Pump);
    }

    fn stop_generating(&mut self, ctx: &mut Context<Self>) {
        self.generating = None;
        self.rhythm = None;
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
    }

    /// Not to be called while it runs: nothing that is due moves to an earlier time, and to disarm a timer costs a search
    /// through all that the actor waits for.
    fn arm_timer(&mut self, ctx: &mut Context<Self>) {
        if let Some(rhythm) = &self.rhythm {
            let wait = rhythm.next().saturating_duration_since(Instant::now());
            self.timer = Some(ctx.run_later(wait, Self::do_what_is_due));
        }
    }

    fn do_what_is_due(&mut self, ctx: &mut Context<Self>) {
        self.timer = None;
        let Some(rhythm) = &mut self.rhythm else { return };
        let due = rhythm.due(Instant::now());
        if due.end {
            log::warn!("{}: not finished within {:?}", self.state.id(), self.settings.timeout);
            self.input(Input::TimedOut, ctx);
            return;
        }
        if due.show {
            self.show();
        }
        if due.checkpoint {
            self.checkpoint(ctx);
        }
        self.arm_timer(ctx);
    }

    fn show(&mut self) {
        let more = self.state.text().since(self.shown);
        if let Some(rhythm) = &mut self.rhythm {
            rhythm.shown(Instant::now(), !more.is_empty());
        }
        self.feed.publish(self.state.view(), more);
        self.shown = self.state.text().len();
    }

    /// At most one is under way: when the store is slow, the next one carries more text instead, and follows at once.
    fn checkpoint(&mut self, ctx: &mut Context<Self>) {
        if self.checkpoint_under_way {
            self.checkpoint_missed = true;
        } else if self.stored < self.state.text().len() {
            self.write_checkpoint(ctx);
        }
    }

    fn write_checkpoint(&mut self, ctx: &mut Context<Self>) {
        self.checkpoint_under_way = true;
        let upto = self.state.text().len();
        let written = answered(self.ports.jobs.checkpoint(self.state.checkpoint(self.epoch, self.stored)));
        ctx.spawn(written.into_actor(self).map(move |result, job, ctx| {
            job.checkpoint_under_way = false;
            match result {
                Ok(()) => job.stored = upto,
                Err(error) => log::warn!("{}: checkpoint failed, the next one repeats it: {error}", job.state.id()),
            }
            if std::mem::take(&mut job.checkpoint_missed) && job.rhythm.is_some() {
                job.checkpoint(ctx);
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
        // Readers who come back after a restart are told by the recorded numbers whether they have all of the text: it must
        // not grow after this.
        if self.shown < self.state.text().len() {
            self.show();
        }
        let last = self.state.checkpoint(self.epoch, self.stored);
        let ending = Ending { last, mark: self.feed.end_mark(), at, outcome };
        let recording = recording::finish(Arc::clone(&self.ports.jobs), ending);
        ctx.spawn(recording.into_actor(self).map(|unrecorded, job, ctx| {
            job.unrecorded = unrecorded;
            job.input(Input::Recorded, ctx);
        }));
    }

    fn announce(&mut self, ctx: &mut Context<Self>) {
        let now = self.ports.clock.now();
        let view = self.state.view();
        log::info!("{}", view.last_line());
        self.supervisor.listing.ended(view.status, Fate::of(&view), self.unrecorded.is_none());
        self.feed.end(view, self.feed.end_mark());
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

    fn handle(&mut self, start: Start, ctx: &mut Context<Self>) {
        if !self.suspended {
            self.state.expect(start.words_per_second);
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

#[cfg(test)]
#[path = "actor_tests.rs"]
mod tests;
