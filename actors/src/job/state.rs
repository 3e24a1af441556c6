//! The life of one job as a pure function: `state.apply(input, now) -> effects`.
//!
//! ```text
//!            Start                  End(Finished)            EpisodeSaved | EpisodeDeferred
//!  QUEUED ───────────▶ GENERATING ───────────────▶ SAVING ────────────────────────┐
//!    │                     │ End(TokenLimit) | GeneratorFailed | TimedOut         │
//!    │ Cancel              │ Cancel                                               ▼
//!    └─────────────────────┴──────────────────────────────────────────────────▶ ENDING ──Recorded──▶ ENDED
//! ```
//! Clients see GENERATING and SAVING as `streaming`, and the outcome only once it is recorded. The first outcome
//! wins: nothing leaves ENDING or ENDED for another one. A job that is queued again with a complete text goes to SAVING by
//! either input. `docs/job-lifecycle.dot` is the same drawing with all edges.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use derive_more::Display;

use super::{Brief, Failure, FailureCode, JobView, ScriptText, Status, progress};
use crate::{
    job::{JobId, remaining_seconds},
    ports::{Checkpoint, EndReason, EpisodeRef, Outcome, Piece, Usage},
    wording::Step,
};

/// What can happen to a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The registry has admitted it.
    Start,
    /// The generator said something.
    Piece(Piece),
    /// The generator gave up.
    GeneratorFailed(Failure),
    /// The job's own time is over.
    TimedOut,
    /// Somebody wants it stopped.
    Cancel,
    /// The script is an episode now.
    EpisodeSaved(EpisodeRef),
    /// The script could not be saved in time; its saving stays owed.
    EpisodeDeferred,
    /// The outcome is durable.
    Recorded,
}

/// What the shell has to do about it, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Start the generator after the text so far.
    Generate,
    /// Drop the generator's stream now, and with it the upstream connection.
    StopGenerating,
    /// Show readers the present state without waiting for the next tick.
    Show,
    /// Checkpoint the complete text, then save it as an episode; answer with `EpisodeSaved` or `EpisodeDeferred`.
    SaveEpisode,
    /// Record the outcome; answer with `Recorded`.
    RecordEnding,
    /// Show the terminal event. Nothing follows.
    Announce,
}

/// An input that means nothing in the job's present phase; harmless, and a value so that it can be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
#[display("ignored while {_0}")]
pub struct Ignored(Phase);

/// Where a job stands, finer than the [`Status`] that clients see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
#[expect(missing_docs, reason = "the drawing above says what each is")]
pub enum Phase {
    Queued,
    Generating,
    Saving,
    Ending,
    Ended,
}

/// Everything that is known about one job. It owns no resources and knows no clock.
#[derive(Debug, Clone)]
pub struct JobState {
    id: JobId,
    brief: Arc<Brief>,
    phase: Phase,
    step: Step,
    progress: u8,
    text: ScriptText,
    model_used: Option<String>,
    usage: Option<Usage>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    /// The model has said that it is done: only the saving of the episode is left.
    text_complete: bool,
    outcome: Option<(Outcome, DateTime<Utc>)>,
    pace: Pace,
}

/// What remaining times are computed from.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pace {
    /// Words per second of earlier jobs with this model.
    expected: f64,
    /// When this taking-up wrote its first words, and how many there were before.
    first_words: Option<(DateTime<Utc>, u64)>,
    /// When it wrote the newest ones. Estimates are of that moment: what nothing has happened to is not news for readers.
    newest_words: Option<DateTime<Utc>>,
    /// When the model was done or stopped: what is saved and recorded after it is not its slowness.
    stopped: Option<DateTime<Utc>>,
}

impl JobState {
    /// A job as it has just been accepted; `words_per_second` is what earlier jobs achieved.
    pub fn new(id: JobId, brief: Arc<Brief>, created_at: DateTime<Utc>, words_per_second: f64) -> Self {
        Self {
            id,
            brief,
            phase: Phase::Queued,
            step: Step::Queued,
            progress: 0,
            text: ScriptText::default(),
            model_used: None,
            usage: None,
            created_at,
            started_at: None,
            text_complete: false,
            outcome: None,
            pace: Pace { expected: words_per_second, first_words: None, newest_words: None, stopped: None },
        }
    }

    /// Takes up an unfinished job where its last checkpoint left it: queued again, with its text and figures.
    ///
    /// A job whose text was already complete goes on with saving it once started, without asking a model again; or once it
    /// is canceled, which comes too late for it.
    #[must_use]
    pub fn resumed_from(mut self, last: &Checkpoint) -> Self {
        self.text = ScriptText::from(last.text.as_str());
        self.progress = last.progress.min(99);
        self.started_at = last.started_at;
        self.model_used.clone_from(&last.model_used);
        self.usage = last.usage;
        self.text_complete = last.text_complete;
        self
    }

    /// Applies what happened.
    ///
    /// # Errors
    /// The input means nothing in this phase, and nothing has changed.
    pub fn apply(&mut self, input: Input, now: DateTime<Utc>) -> Result<Vec<Effect>, Ignored> {
        match (self.phase, input) {
            (Phase::Queued, Input::Start) => Ok(self.start(now)),
            (Phase::Queued, Input::Cancel) if self.text_complete => Ok(self.complete()),
            (Phase::Queued, Input::Cancel) => Ok(self.end(Outcome::Canceled, now)),
            (Phase::Generating, Input::Piece(piece)) => Ok(self.piece(piece, now)),
            (Phase::Generating, Input::GeneratorFailed(failure)) => Ok(self.stop(Outcome::Failed(failure.code), now)),
            (Phase::Generating, Input::TimedOut) => Ok(self.stop(Outcome::Failed(FailureCode::TimeoutError), now)),
            (Phase::Generating, Input::Cancel) => Ok(self.stop(Outcome::Canceled, now)),
            (Phase::Saving, Input::EpisodeSaved(episode)) => {
                Ok(self.end(Outcome::Completed { episode: Some(episode) }, now))
            }
            (Phase::Saving, Input::EpisodeDeferred) => Ok(self.end(Outcome::Completed { episode: None }, now)),
            (Phase::Ending, Input::Recorded) => {
                self.phase = Phase::Ended;
                Ok(vec![Effect::Announce])
            }
            (phase, _) => Err(Ignored(phase)),
        }
    }

    fn start(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
        self.started_at.get_or_insert(now);
        if self.text_complete {
            return self.complete();
        }
        self.phase = Phase::Generating;
        self.enter(Step::AnalyzingPrompt);
        vec![Effect::Show, Effect::Generate]
    }

    fn piece(&mut self, piece: Piece, now: DateTime<Utc>) -> Vec<Effect> {
        match piece {
            Piece::Model(name) => self.model_used = Some(name),
            Piece::Usage(usage) => self.usage = Some(usage),
            Piece::Step(step) => self.enter(step),
            Piece::Text(delta) => {
                let first = self.text.is_empty();
                self.pace.first_words.get_or_insert((now, self.text.words()));
                self.pace.newest_words = Some(now);
                self.text.push(&delta);
                self.raise(progress::written(self.text.words(), self.brief.length_target));
                if first && !self.text.is_empty() {
                    return vec![Effect::Show];
                }
            }
            // A model that finishes without a word has not written a script.
            Piece::End(EndReason::Finished) if self.text.words() == 0 => {
                return self.stop(Outcome::Failed(FailureCode::GenerationError), now);
            }
            Piece::End(EndReason::Finished) => {
                self.pace.stopped = Some(now);
                let mut effects = vec![Effect::StopGenerating];
                effects.extend(self.complete());
                return effects;
            }
            Piece::End(EndReason::TokenLimit) => {
                return self.stop(Outcome::Failed(FailureCode::TokenLimitExceeded), now);
            }
        }
        Vec::new()
    }

    fn complete(&mut self) -> Vec<Effect> {
        self.phase = Phase::Saving;
        self.text_complete = true;
        self.enter(Step::SavingEpisode);
        vec![Effect::Show, Effect::SaveEpisode]
    }

    fn stop(&mut self, outcome: Outcome, now: DateTime<Utc>) -> Vec<Effect> {
        self.pace.stopped = Some(now);
        let mut effects = vec![Effect::StopGenerating];
        effects.extend(self.end(outcome, now));
        effects
    }

    fn end(&mut self, outcome: Outcome, now: DateTime<Utc>) -> Vec<Effect> {
        self.phase = Phase::Ending;
        self.outcome = Some((outcome, now));
        vec![Effect::RecordEnding]
    }

    fn enter(&mut self, step: Step) {
        self.step = step;
        self.raise(progress::floor(step));
    }

    fn raise(&mut self, progress: u8) {
        self.progress = self.progress.max(progress.min(99));
    }

    /// What clients may know.
    pub fn view(&self) -> JobView {
        let ended = self.outcome.as_ref().filter(|_| self.phase == Phase::Ended);
        let (status, step, progress) = match (self.phase, ended) {
            (Phase::Queued, _) => (Status::Queued, Step::Queued, self.progress),
            (_, None) => (Status::Streaming, self.step, self.progress),
            (_, Some((Outcome::Completed { .. }, _))) => (Status::Completed, Step::Done, 100),
            (_, Some((Outcome::Failed(_), _))) => (Status::Failed, Step::Failed, self.progress),
            (_, Some((Outcome::Canceled, _))) => (Status::Canceled, Step::Canceled, self.progress),
        };
        JobView {
            id: self.id,
            brief: Arc::clone(&self.brief),
            status,
            step,
            progress,
            words: self.text.words(),
            tokens: self.tokens(),
            model_used: self.model_used.clone(),
            created_at: self.created_at,
            started_at: self.started_at,
            completed_at: ended.map(|(_, at)| *at),
            remaining_seconds: ended.is_none().then(|| self.remaining()),
            text_complete: self.text_complete,
            failure: ended.and_then(|(outcome, _)| outcome.failure()),
            episode: ended.and_then(|(outcome, _)| outcome.episode()).cloned(),
            episode_refused: false,
        }
    }

    /// Sets what its model is expected to achieve, in words per second: it may have waited while that was measured.
    pub fn expect(&mut self, words_per_second: f64) {
        self.pace.expected = words_per_second;
    }

    fn remaining(&self) -> u64 {
        let Some((since, before)) = self.pace.first_words else {
            return remaining_seconds(self.text.words(), self.brief.length_target, self.pace.expected);
        };
        let seconds = (self.pace.newest_words.unwrap_or(since) - since).num_milliseconds() as f64 / 1000.0;
        progress::remaining_while_writing(
            before,
            self.text.words(),
            self.brief.length_target,
            self.pace.expected,
            seconds,
        )
    }

    /// How fast this job writes, once that can be told (after a second of text, or a tenth if that was all).
    pub fn words_per_second(&self, now: DateTime<Utc>) -> Option<f64> {
        let (since, before) = self.pace.first_words?;
        let seconds = (self.pace.stopped.unwrap_or(now) - since).num_milliseconds() as f64 / 1000.0;
        let words = self.text.words().saturating_sub(before);
        let enough = if self.pace.stopped.is_some() { 0.1 } else { 1.0 };
        (seconds >= enough && words > 0).then(|| words as f64 / seconds)
    }

    /// What the provider counted, or an estimate.
    pub fn tokens(&self) -> u64 {
        self.usage.map_or_else(|| self.text.estimated_tokens(), |usage| usage.completion_tokens)
    }

    /// Everything a restart needs, with the text from byte `text_offset` on.
    pub fn checkpoint(&self, epoch: super::Epoch, text_offset: usize) -> Checkpoint {
        Checkpoint {
            id: self.id,
            epoch,
            started_at: self.started_at,
            progress: self.progress,
            model_used: self.model_used.clone(),
            usage: self.usage,
            text_offset,
            text: self.text.since(text_offset).to_owned(),
            text_complete: self.text_complete,
        }
    }

    /// The job's name.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// What it was asked.
    pub fn brief(&self) -> &Arc<Brief> {
        &self.brief
    }

    /// The script so far.
    pub fn text(&self) -> &ScriptText {
        &self.text
    }

    /// Where it stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// How and when it ended, recorded or not.
    pub fn outcome(&self) -> Option<&(Outcome, DateTime<Utc>)> {
        self.outcome.as_ref()
    }

    /// The model that wrote, as far as it is known.
    pub fn model_used(&self) -> Option<&str> {
        self.model_used.as_deref()
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
