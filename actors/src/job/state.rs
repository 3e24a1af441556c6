//! The life of one job as a pure function: `state.apply(input, now) -> effects`.
//!
//! ```text
//!            Start                  End(Finished)            EpisodeSaved | EpisodeRefused | EpisodeDeferred
//!  QUEUED ───────────▶ GENERATING ───────────────▶ SAVING ────────────────────────┐
//!    │                     │ End(TokenLimit) | GeneratorFailed | TimedOut         │
//!    │ Cancel | ActorLost  │ Cancel                                               ▼
//!    └─────────────────────┴──────────────────────────────────────────────────▶ ENDING ──Recorded──▶ ENDED
//! ```
//! Clients see GENERATING and SAVING as `streaming`, and the outcome only once it is recorded. The first outcome wins: no
//! input leads from ENDING or ENDED to another outcome. A restored job with a complete text goes to SAVING on Start or
//! Cancel. A job whose actor was lost is restored as queued and then given ActorLost. `docs/job-lifecycle.dot` is the same
//! drawing with all edges, and with the states of the episode.

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

/// An event in a job's life.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The registry has admitted the job.
    Start,
    /// The generator sent a piece.
    Piece(Piece),
    /// The generator failed.
    GeneratorFailed(Failure),
    /// The job's deadline has passed.
    TimedOut,
    /// A client canceled the job.
    Cancel,
    /// The script was saved as an episode.
    EpisodeSaved(EpisodeRef),
    /// The episode store refused the script.
    EpisodeRefused,
    /// The script could not be saved in time; the outbox keeps trying.
    EpisodeDeferred,
    /// The job's actor was lost; this state was restored from what the actor had shown.
    ActorLost,
    /// The outcome is durable.
    Recorded,
}

/// What the actor must do, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Start the generator; it continues after the text so far.
    Generate,
    /// Drop the generator's stream now, and the upstream connection with it.
    StopGenerating,
    /// Show readers the current state without waiting for the timer.
    Show,
    /// Checkpoint the complete text, then save it as an episode; answer with `EpisodeSaved`, `EpisodeRefused` or
    /// `EpisodeDeferred`.
    SaveEpisode,
    /// Record the outcome; answer with `Recorded`.
    RecordEnding,
    /// Show the terminal event. This is the last effect.
    Announce,
}

/// An input that has no meaning in the current phase. It is harmless, and a value so that tests can check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
#[display("ignored while {_0}")]
pub struct Ignored(Phase);

/// A job's phase, finer than the [`Status`] that clients see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
#[expect(missing_docs, reason = "the drawing above says what each is")]
pub enum Phase {
    Queued,
    Generating,
    Saving,
    Ending,
    Ended,
}

/// The whole state of one job. It owns no resources and reads no clock.
#[derive(Debug, Clone)]
pub struct JobState {
    head: JobHead,
    phase: Phase,
    step: Step,
    progress: u8,
    /// All parts, concatenated.
    text: ScriptText,
    /// The byte offset of each part in the text; the last part is being written.
    parts: Vec<usize>,
    model_used: Option<String>,
    usage: Option<Usage>,
    /// The model has finished; only the episode remains to be saved.
    text_complete: bool,
    outcome: Option<(Outcome, DateTime<Utc>)>,
    pace: Pace,
    /// The position in the queue and the seconds until the end, as last sent by the registry.
    place: Option<(u32, u64)>,
}

impl JobState {
    /// Restores a job from its record. This is the only constructor, for new, recovered and ended jobs alike. An
    /// unfinished job is queued, with its text and figures.
    ///
    /// A job whose text is already complete skips the model: once started it only saves its episode. A cancel comes too
    /// late for it and also leads to saving.
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

    /// Applies an input and returns its effects.
    ///
    /// # Errors
    /// The input has no meaning in this phase; nothing has changed.
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

    /// A complete script is not lost with its actor: the outbox saves it.
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

    /// The view that clients may see.
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

    /// Sets the job's place in the queue: the number of queued jobs ahead plus one, and the estimated seconds until the
    /// job finishes.
    pub fn set_place(&mut self, position: u32, remaining_seconds: u64) {
        self.place = Some((position, remaining_seconds));
    }

    /// Sets the expected speed of the job's model, in words per second; it may have been measured while the job waited.
    pub fn set_expected_speed(&mut self, words_per_second: f64) {
        self.pace.set_expected_speed(words_per_second);
    }

    fn remaining(&self) -> u64 {
        self.pace.remaining_seconds(self.text.words(), self.head.brief.length_target)
    }

    /// The job's measured speed, once there is enough text (one second of it, or a tenth if it is complete).
    pub fn words_per_second(&self, now: DateTime<Utc>) -> Option<f64> {
        self.pace.words_per_second(self.text.words(), now)
    }

    /// The provider's token count, or an estimate.
    pub fn tokens(&self) -> u64 {
        self.usage.map_or_else(|| self.text.estimated_tokens(), |usage| usage.completion_tokens)
    }

    /// The job's full record as of now, without its end; [`JobState::ending`] returns that.
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

    /// A checkpoint with the text from byte `from` on. `from` must lie in the part being written.
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

    /// The ending to record; `None` before the job has an outcome. `mark` describes what readers have; `from` is the
    /// number of durable bytes of text.
    pub fn ending(&self, mark: EndMark, from: usize) -> Option<Ending> {
        let (outcome, at) = self.outcome.clone()?;
        Some(Ending { last: self.checkpoint(from), end: End { mark, at, outcome } })
    }

    /// The job's head: what is known without its text.
    pub fn head(&self) -> &JobHead {
        &self.head
    }

    /// The job's id.
    pub fn id(&self) -> JobId {
        self.head.id
    }

    /// The brief.
    pub fn brief(&self) -> &Arc<Brief> {
        &self.head.brief
    }

    /// The epoch of its current owner.
    pub fn epoch(&self) -> Epoch {
        self.head.epoch
    }

    /// The script so far.
    pub fn text(&self) -> &ScriptText {
        &self.text
    }

    /// The current phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
