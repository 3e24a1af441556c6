//! The life of one job as a pure function: `state.apply(input, now) -> effects`.
//!
//! ```text
//!            Start                  End(Finished)            EpisodeSaved | EpisodeRefused | EpisodeDeferred
//!  QUEUED ───────────▶ GENERATING ───────────────▶ SAVING ────────────────────────┐
//!    │                     │ End(TokenLimit) | GeneratorFailed | TimedOut         │
//!    │ Cancel | ActorLost  │ Cancel                                               ▼
//!    └─────────────────────┴──────────────────────────────────────────────────▶ ENDING ──Recorded──▶ ENDED
//! ```
//! Clients see GENERATING and SAVING as `streaming`, and the outcome only once it is recorded. The first outcome
//! wins: nothing leaves ENDING or ENDED for another one. A job that is queued again with a complete text goes to SAVING by
//! Start or Cancel. A job whose actor was lost is restored, which makes it queued, and told so. `docs/job-lifecycle.dot` is the
//! same drawing with all edges, and with what becomes of the episode afterwards.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use derive_more::Display;

use super::{pace::Pace, progress};
use crate::{
    model::{
        Brief, Checkpoint, End, EndMark, EpisodeRef, EpisodeState, Epoch, Failure, FailureCode, JobHead, JobId,
        JobRecord, JobView, Outcome, Part, PartNumber, ScriptText, Status, Step, Usage,
    },
    ports::{EndReason, Ending, Piece},
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
    /// The episode store will not take the script.
    EpisodeRefused,
    /// The script could not be saved in time; its saving stays owed.
    EpisodeDeferred,
    /// The actor that ran the job is gone; this state was restored from what it had shown.
    ActorLost,
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
    /// Checkpoint the complete text, then save it as an episode; answer with `EpisodeSaved`, `EpisodeRefused` or
    /// `EpisodeDeferred`.
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
    head: JobHead,
    phase: Phase,
    step: Step,
    progress: u8,
    /// All parts, one behind the other.
    text: ScriptText,
    /// Where each part begins in the text; the last one is being written.
    parts: Vec<usize>,
    model_used: Option<String>,
    usage: Option<Usage>,
    /// The model has said that it is done: only the saving of the episode is left.
    text_complete: bool,
    outcome: Option<(Outcome, DateTime<Utc>)>,
    pace: Pace,
    /// Its position in the queue and the seconds until its end, as far as the registry has told.
    place: Option<(u32, u64)>,
}

impl JobState {
    /// The state of a job from all that is durable of it: the only way into a life, whether the job is new, taken up again or
    /// long over. An unfinished job is queued, with its text and figures.
    ///
    /// A job whose text was already complete goes on with saving it once started, without asking a model again; or once it
    /// is canceled, which comes too late for it.
    pub fn restore(record: JobRecord) -> Self {
        let JobRecord { head, progress, model_used, usage, parts, text_complete } = record;
        let outcome = head.end.as_ref().map(|end| (end.outcome.clone(), end.at));
        let mut text = ScriptText::default();
        let mut begins = Vec::with_capacity(parts.len().max(1));
        for Part { text: written } in &parts {
            begins.push(text.len());
            text.push(written);
        }
        if begins.is_empty() {
            begins.push(0);
        }
        Self {
            phase: if outcome.is_some() { Phase::Ended } else { Phase::Queued },
            step: Step::Queued,
            progress: progress.min(99),
            text,
            parts: begins,
            model_used,
            usage,
            text_complete: outcome.as_ref().map_or(text_complete, |(outcome, _)| outcome.status() == Status::Completed),
            outcome,
            pace: Pace::default(),
            place: None,
            head,
        }
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
            (Phase::Queued, Input::ActorLost) => Ok(self.end(self.outcome_of_lost(), now)),
            (Phase::Generating, Input::Piece(piece)) => Ok(self.piece(piece, now)),
            (Phase::Generating, Input::GeneratorFailed(failure)) => Ok(self.stop(Outcome::Failed(failure.code), now)),
            (Phase::Generating, Input::TimedOut) => Ok(self.stop(Outcome::Failed(FailureCode::TimeoutError), now)),
            (Phase::Generating, Input::Cancel) => Ok(self.stop(Outcome::Canceled, now)),
            (Phase::Saving, Input::EpisodeSaved(episode)) => {
                Ok(self.end(Outcome::Completed { episode: EpisodeState::Saved(episode) }, now))
            }
            (Phase::Saving, Input::EpisodeRefused) => {
                Ok(self.end(Outcome::Completed { episode: EpisodeState::Refused }, now))
            }
            (Phase::Saving, Input::EpisodeDeferred) => {
                Ok(self.end(Outcome::Completed { episode: EpisodeState::Owed }, now))
            }
            (Phase::Ending, Input::Recorded) => {
                self.phase = Phase::Ended;
                Ok(vec![Effect::Announce])
            }
            (phase, _) => Err(Ignored(phase)),
        }
    }

    fn start(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
        self.head.started_at.get_or_insert(now);
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
                self.pace.writes(self.text.words(), now);
                self.text.push(&delta);
                self.raise(progress::written(self.text.words(), self.head.brief.length_target));
                if first && !self.text.is_empty() {
                    return vec![Effect::Show];
                }
            }
            // A model that finishes without a word has not written a script.
            Piece::End(EndReason::Finished) if self.text.words() == 0 => {
                return self.stop(Outcome::Failed(FailureCode::GenerationError), now);
            }
            Piece::End(EndReason::Finished) => {
                self.pace.stop(now);
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
        self.pace.stop(now);
        let mut effects = vec![Effect::StopGenerating];
        effects.extend(self.end(outcome, now));
        effects
    }

    fn end(&mut self, outcome: Outcome, now: DateTime<Utc>) -> Vec<Effect> {
        self.phase = Phase::Ending;
        self.outcome = Some((outcome, now));
        vec![Effect::RecordEnding]
    }

    /// A whole script is not lost with its actor: saving it is owed.
    fn outcome_of_lost(&self) -> Outcome {
        if self.text_complete {
            Outcome::Completed { episode: EpisodeState::Owed }
        } else {
            Outcome::Failed(FailureCode::GenerationError)
        }
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
        let place = self.place.filter(|_| self.phase == Phase::Queued);
        JobView {
            id: self.head.id,
            brief: Arc::clone(&self.head.brief),
            status,
            step,
            progress,
            words: self.text.words(),
            tokens: self.tokens(),
            model_used: self.model_used.clone(),
            created_at: self.head.created_at,
            started_at: self.head.started_at,
            completed_at: ended.map(|(_, at)| *at),
            remaining_seconds: ended.is_none().then(|| place.map_or_else(|| self.remaining(), |(_, seconds)| seconds)),
            queue_position: place.map(|(position, _)| position),
            text_complete: self.text_complete,
            failure: ended.and_then(|(outcome, _)| outcome.failure()),
            episode: ended.and_then(|(outcome, _)| outcome.episode()).cloned(),
        }
    }

    /// Notes where it waits: how many queued jobs go first, plus one, and how many seconds are left until it may be finished.
    pub fn wait_at(&mut self, position: u32, remaining_seconds: u64) {
        self.place = Some((position, remaining_seconds));
    }

    /// Sets what its model is expected to achieve, in words per second: it may have waited while that was measured.
    pub fn expect(&mut self, words_per_second: f64) {
        self.pace.expect(words_per_second);
    }

    fn remaining(&self) -> u64 {
        self.pace.remaining_seconds(self.text.words(), self.head.brief.length_target)
    }

    /// How fast this job writes, once that can be told (after a second of text, or a tenth if that was all).
    pub fn words_per_second(&self, now: DateTime<Utc>) -> Option<f64> {
        self.pace.words_per_second(self.text.words(), now)
    }

    /// What the provider counted, or an estimate.
    pub fn tokens(&self) -> u64 {
        self.usage.map_or_else(|| self.text.estimated_tokens(), |usage| usage.completion_tokens)
    }

    /// All that is to be durable of it now; without its end, which is recorded by [`JobState::ending`].
    pub fn record(&self) -> JobRecord {
        let ends = self.parts.iter().skip(1).copied().chain([self.text.len()]);
        let parts =
            self.parts.iter().zip(ends).map(|(begin, end)| Part { text: self.text.as_str()[*begin..end].to_owned() });
        JobRecord {
            head: self.head.clone(),
            progress: self.progress,
            model_used: self.model_used.clone(),
            usage: self.usage,
            parts: parts.collect(),
            text_complete: self.text_complete,
        }
    }

    /// Everything a restart needs, with the text from byte `from` of it on, which is in the part that is being written.
    pub fn checkpoint(&self, from: usize) -> Checkpoint {
        let last = self.parts.len().saturating_sub(1);
        let begin = self.parts.last().copied().unwrap_or(0);
        Checkpoint {
            started_at: self.head.started_at,
            progress: self.progress,
            model_used: self.model_used.clone(),
            usage: self.usage,
            part: PartNumber(last as u32),
            offset: from.saturating_sub(begin),
            text: self.text.since(from.max(begin)).to_owned(),
            text_complete: self.text_complete,
        }
    }

    /// What is recorded when it ends; `None` before it has an outcome. `mark` is what its readers have, `from` the bytes of
    /// the text that are durable.
    pub fn ending(&self, mark: EndMark, from: usize) -> Option<Ending> {
        let (outcome, at) = self.outcome.clone()?;
        Some(Ending { last: self.checkpoint(from), end: End { mark, at, outcome } })
    }

    /// What it was accepted as.
    pub fn head(&self) -> &JobHead {
        &self.head
    }

    /// The job's name.
    pub fn id(&self) -> JobId {
        self.head.id
    }

    /// What it was asked.
    pub fn brief(&self) -> &Arc<Brief> {
        &self.head.brief
    }

    /// The epoch that it lives in.
    pub fn epoch(&self) -> Epoch {
        self.head.epoch
    }

    /// The script so far.
    pub fn text(&self) -> &ScriptText {
        &self.text
    }

    /// Where it stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
