//! Sample jobs.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use generation_actors::{
    job::{Input, JobState},
    model::{Brief, Epoch, JobId, NewJob, Step},
    ports::Piece,
};

use super::script::Language;

/// The fixed time of all inputs.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

/// A queued job.
pub(crate) fn queued(language: &Language) -> JobState {
    let brief = Brief {
        project_id: "project-1".into(),
        episode_number: Some(3),
        title: "The last bus".into(),
        description: language.script(400),
        script_type: "drama".into(),
        model: "builtin".into(),
        temperature: 0.7,
        length_target: 50_000,
        locale: language.locale,
    };
    let accepted = NewJob { id: JobId::new(), brief: Arc::new(brief), idempotency: None, created_at: now() };
    let mut job = JobState::restore(accepted.record(Epoch::FIRST));
    job.set_expected_speed(10.0);
    job
}

/// A generating job that has written `text` so far.
pub(crate) fn writing(language: &Language, text: &str) -> JobState {
    let mut job = queued(language);
    apply(&mut job, Input::Start);
    apply(&mut job, Input::Piece(Piece::Model("builtin-2".into())));
    apply(&mut job, Input::Piece(Piece::Step(Step::WritingDialogue)));
    if !text.is_empty() {
        apply(&mut job, Input::Piece(Piece::Text(text.to_owned())));
    }
    job
}

/// Applies an input that must not be ignored: an ignored one would be measured as very fast.
pub(crate) fn apply(job: &mut JobState, input: Input) {
    let _effects = std::hint::black_box(job.apply(input, now()).expect("an input for this phase"));
}
