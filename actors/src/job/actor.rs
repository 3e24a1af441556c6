//! The shell around [`JobState`]: it carries out what the state decides.

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
    /// How long a job may generate, from its start in this process.
    pub timeout: Duration,
    /// How long completing waits for the episode store.
    pub save_timeout: Duration,
}

/// Whom a job reports to.
#[derive(Clone)]
pub struct Supervisor {
    /// Takes the end.
    pub ended: Recipient<JobEnded>,
    /// Is told that somebody else writes the job.
    pub fenced: Recipient<JobFenced>,
    /// Takes the disappearance of the actor, however it came about (except when its whole thread is stopped).
    pub gone: Recipient<ActorGone>,
    /// The job's place in the lists, left before anybody is shown the end.
    pub listing: Listing,
}

/// One job. Started by the registry on an arbiter of its pool when the job is accepted or recovered; stops itself once its
/// readers have been shown the end, or when somebody else has taken the job over. A panic in it ends this actor only, and the
/// registry starts another one that ends the job with what was shown of it. Its text is bounded by what the generator sends
/// within the job's timeout.
pub struct JobActor {
    pub(super) state: JobState,
    pub(super) generating: Option<GenerationStream>,
    pub(super) publisher: Publisher,
    pub(super) claim: Claim,
    pub(super) ports: JobPorts,
    pub(super) settings: JobSettings,
    generator: Arc<dyn ScriptGenerator>,
    supervisor: Supervisor,
    /// While the job generates.
    pub(super) rhythm: Option<Rhythm>,
    /// The one timer, armed for what the rhythm has next.
    timer: Option<SpawnHandle>,
    pub(super) checkpoint_under_way: bool,
    /// Another one fell due meanwhile.
    pub(super) checkpoint_missed: bool,
    /// Bytes of the text that readers have been shown.
    pub(super) shown: usize,
    /// Bytes of the text that are durable.
    pub(super) stored: usize,
    pub(super) unrecorded: Option<Ending>,
    pub(super) waiting_for_end: Vec<oneshot::Sender<()>>,
    /// Must not start any more; a cancel still counts.
    pub(super) suspended: bool,
    _exit: ExitNotice,
}

/// Tells the registry when the actor is dropped, which also happens when it panics.
struct ExitNotice(JobId, Recipient<ActorGone>);

impl Drop for ExitNotice {
    fn drop(&mut self) {
        self.1.do_send(ActorGone(self.0));
    }
}

impl JobActor {
    /// A job that waits for [`Start`](super::Start). Of the text that `state` holds, all is shown by the publisher and the
    /// first `stored` bytes are durable.
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
            checkpoint_under_way: false,
            checkpoint_missed: false,
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

    /// The generator gave up; the cause goes to the log, the code to the readers.
    pub(super) fn failed(&mut self, failure: Failure, ctx: &mut Context<Self>) {
        log::warn!("{}: generation failed: {failure}", self.state.id());
        self.input(Input::GeneratorFailed(failure), ctx);
    }

    /// Applies what happened and carries out what follows from it.
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
        // That it has begun must survive as well: a restart treats jobs that had streamed differently.
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

    pub(super) fn show(&mut self) {
        let more = self.state.text().since(self.shown);
        if let Some(rhythm) = &mut self.rhythm {
            rhythm.shown(Instant::now(), !more.is_empty());
        }
        let view = self.state.view();
        self.supervisor.listing.expect_end_in(view.remaining_seconds.unwrap_or(0));
        self.publisher.publish(view, more);
        self.shown = self.state.text().len();
    }

    fn announce(&mut self, ctx: &mut Context<Self>) {
        let now = self.ports.clock.now();
        let view = self.state.view();
        log::info!("{}", last_line(&view));
        let (status, episode, at) = (view.status, view.episode_status(), view.completed_at.unwrap_or(now));
        // A list must not hold a job whose readers know that it has ended.
        self.supervisor.listing.ended(status, episode, self.unrecorded.is_none());
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

    /// Somebody else writes the job: what it does from here on is not for this process to say.
    pub(super) fn give_up(&mut self, ctx: &mut Context<Self>) {
        log::warn!("{}: another owner has taken it over", self.state.id());
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

/// The failure of a stream that just stops.
pub(super) fn no_end_mark() -> Failure {
    Failure::new(FailureCode::GenerationError, "the generator's stream ended without an end mark")
}

/// What the log says of a job that has ended: a line that can be read alone.
fn last_line(view: &JobView) -> String {
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
