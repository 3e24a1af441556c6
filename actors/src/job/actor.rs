//! The actor around [`JobState`]: it carries out the state's effects.

use std::{sync::Arc, time::Duration};

use actix::prelude::*;
use tokio::{sync::oneshot, time::Instant};

use super::{
    Effect, Input, JobState,
    messages::{ActorGone, JobEnded, JobFenced},
    rhythm::Rhythm,
};
use crate::{
    directory::Listing,
    feed::Publisher,
    model::{Failure, FailureCode, JobId, JobView, Status},
    ports::{
        Claim, Clock, Ending, EpisodeStore, GenerationRequest, GenerationStream, JobStore, Piece, ScriptGenerator,
    },
};

/// What all jobs of the process need from outside.
#[derive(Clone)]
pub struct JobPorts {
    /// Stores jobs durably.
    pub jobs: Arc<dyn JobStore>,
    /// Stores finished scripts as episodes.
    pub episodes: Arc<dyn EpisodeStore>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}

/// The configured intervals and timeouts of a job.
#[derive(Debug, Clone, Copy)]
pub struct JobSettings {
    /// The least time between two previews.
    pub preview_interval: Duration,
    /// The time between two checkpoints.
    pub checkpoint_interval: Duration,
    /// How long a job may generate, counted from its start in this process.
    pub timeout: Duration,
    /// How long a completed job waits for the episode store.
    pub save_timeout: Duration,
    /// Whether other nodes may take the job over, so that its end must be stored before readers see it.
    pub shared: bool,
}

/// The recipients of a job's reports.
#[derive(Clone)]
pub struct Supervisor {
    /// Receives the job's end.
    pub ended: Recipient<JobEnded>,
    /// Learns that another owner writes the job now.
    pub fenced: Recipient<JobFenced>,
    /// Learns that the actor is gone, for whatever reason (except that its whole thread was stopped).
    pub gone: Recipient<ActorGone>,
    /// The job's directory entry, removed before the end is shown to readers.
    pub listing: Listing,
}

/// Runs one job. The registry starts it on an arbiter of its pool when the job is accepted or recovered. It stops
/// itself once its readers have been shown the end, or when another owner has claimed the job. A panic ends this actor
/// only; the registry then starts another one, which ends the job with the text shown so far. The text is bounded by
/// what the generator sends within the job's timeout.
pub struct JobActor {
    pub(super) state: JobState,
    pub(super) generating: Option<GenerationStream>,
    pub(super) publisher: Publisher,
    pub(super) claim: Claim,
    pub(super) ports: JobPorts,
    pub(super) settings: JobSettings,
    generator: Arc<dyn ScriptGenerator>,
    supervisor: Supervisor,
    /// `Some` while the job generates.
    pub(super) rhythm: Option<Rhythm>,
    /// The only timer, armed for the next due time of `rhythm`.
    timer: Option<SpawnHandle>,
    pub(super) checkpoint_in_progress: bool,
    /// Another checkpoint fell due while one was being written.
    pub(super) checkpoint_missed: bool,
    /// Bytes of text shown to readers.
    pub(super) shown: usize,
    /// Bytes of text that are durable.
    pub(super) stored: usize,
    pub(super) unrecorded: Option<Ending>,
    pub(super) waiting_for_end: Vec<oneshot::Sender<()>>,
    /// Must not start any more; a cancel is still carried out.
    pub(super) suspended: bool,
    _exit: ExitNotice,
}

/// Tells the registry when the actor is dropped, which also happens on a panic.
struct ExitNotice(JobId, Recipient<ActorGone>);

impl Drop for ExitNotice {
    fn drop(&mut self) {
        self.1.do_send(ActorGone(self.0));
    }
}

impl JobActor {
    /// Creates the actor of a job that waits for [`Start`](super::Start). The publisher has shown the whole text in
    /// `state`; its first `stored` bytes are durable.
    pub fn new(
        state: JobState,
        stored: usize,
        (publisher, claim): (Publisher, Claim),
        generator: Arc<dyn ScriptGenerator>,
        ports: JobPorts,
        settings: JobSettings,
        supervisor: Supervisor,
    ) -> Self {
        Self {
            _exit: ExitNotice(state.id(), supervisor.gone.clone()),
            shown: state.text().len(),
            stored,
            state,
            publisher,
            claim,
            generator,
            ports,
            settings,
            supervisor,
            generating: None,
            rhythm: None,
            timer: None,
            checkpoint_in_progress: false,
            checkpoint_missed: false,
            unrecorded: None,
            waiting_for_end: Vec::new(),
            suspended: false,
        }
    }

    /// Handles the generator's next piece.
    pub(super) fn piece(&mut self, piece: Piece, ctx: &mut Context<Self>) {
        self.input(Input::Piece(piece), ctx);
        let unshown = self.shown < self.state.text().len();
        if unshown && self.rhythm.is_some_and(|rhythm| rhythm.may_show_text(Instant::now())) {
            self.show();
        }
    }

    /// Handles the generator's failure. The cause goes to the log, the code to the readers.
    pub(super) fn failed(&mut self, failure: Failure, ctx: &mut Context<Self>) {
        log::warn!("{}: generation failed: {failure}", self.state.id());
        self.input(Input::GeneratorFailed(failure), ctx);
    }

    /// Applies an input and carries out its effects.
    pub(super) fn input(&mut self, input: Input, ctx: &mut Context<Self>) {
        match self.state.apply(input, self.ports.clock.now()) {
            Ok(effects) => effects.into_iter().for_each(|effect| self.perform(effect, ctx)),
            Err(ignored) => log::debug!("{}: input {ignored}", self.state.id()),
        }
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
        // Record the start durably: a restart treats jobs that were streaming differently.
        self.write_checkpoint(ctx);
        self.start_pump(ctx);
    }

    pub(super) fn stop_generating(&mut self, ctx: &mut Context<Self>) {
        self.generating = None;
        self.rhythm = None;
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
    }

    /// Do not call this while the timer runs. No due time ever moves to an earlier time, and canceling a timer searches
    /// through everything the actor waits for.
    fn arm_timer(&mut self, ctx: &mut Context<Self>) {
        if let Some(rhythm) = &self.rhythm {
            let wait = rhythm.next().saturating_duration_since(Instant::now());
            self.timer = Some(ctx.run_later(wait, Self::on_timer));
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<Self>) {
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

    pub(super) fn show(&mut self) {
        let more = self.state.text().since(self.shown);
        if let Some(rhythm) = &mut self.rhythm {
            rhythm.shown(Instant::now(), !more.is_empty());
        }
        let view = self.state.view();
        self.supervisor.listing.set_remaining_seconds(view.remaining_seconds.unwrap_or(0));
        self.publisher.publish(view, more);
        self.shown = self.state.text().len();
    }

    fn announce(&mut self, ctx: &mut Context<Self>) {
        let now = self.ports.clock.now();
        let view = self.state.view();
        log::info!("{}", end_log_line(&view));
        let (status, episode, at) = (view.status, view.episode_status(), view.completed_at.unwrap_or(now));
        // No list may hold a job whose readers know that it has ended.
        self.supervisor.listing.mark_ended(status, episode, self.unrecorded.is_none());
        self.publisher.end(view, self.publisher.end_mark());
        self.supervisor.ended.do_send(JobEnded {
            id: self.state.id(),
            at,
            status,
            episode,
            bytes: self.publisher.feed().size() as u64,
            words_per_second: self.state.words_per_second(now),
            unrecorded: self.unrecorded.take().map(|ending| (self.claim, ending)),
        });
        self.stop(ctx);
    }

    /// Stops without recording anything: another owner writes the job now.
    pub(super) fn stop_fenced(&mut self, ctx: &mut Context<Self>) {
        log::warn!("{}: another owner has claimed the job", self.state.id());
        self.stop_generating(ctx);
        self.supervisor.fenced.do_send(JobFenced(self.state.id()));
        self.stop(ctx);
    }

    fn stop(&mut self, ctx: &mut Context<Self>) {
        for waiting in self.waiting_for_end.drain(..) {
            let _gone_is_fine = waiting.send(());
        }
        ctx.stop();
    }
}

impl Actor for JobActor {
    type Context = Context<Self>;
}

/// The failure of a stream that stops without an end.
pub(super) fn missing_end() -> Failure {
    Failure::new(FailureCode::GenerationError, "the generator's stream ended without an end")
}

/// The log line for an ended job; it can be read on its own.
fn end_log_line(view: &JobView) -> String {
    let seconds = match (view.started_at, view.completed_at) {
        (Some(started), Some(ended)) => (ended - started).num_milliseconds() as f64 / 1000.0,
        _ => 0.0,
    };
    let (id, status, words, model) = (view.id, view.status, view.words, view.writer());
    let mut line = format!("{id}: {status} after {seconds:.1} s, {words} words by {model}");
    if let Some(code) = view.failure {
        line += &format!(", {code}");
    }
    match view.episode.as_ref().and_then(|episode| episode.saved()) {
        Some(episode) => line += &format!(", episode {} of {:?}", episode.number, view.brief.project_id),
        None if view.status == Status::Completed => line += ", not saved yet",
        None => {}
    }
    line
}

#[cfg(test)]
#[path = "actor_tests.rs"]
mod tests;
