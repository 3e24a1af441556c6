//! A job in the middle of its life.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use generation_actors::{job::{Input, JobState}, model::{Brief, JobId, Step}, ports::Piece};

use super::script::Language;

/// When everything happens.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

/// A job that waits for its start.
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
    JobState::new(JobId::new(), Arc::new(brief), now(), 10.0)
}

/// A job whose model has written `text` so far and goes on.
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

/// Applies what must mean something to the job: an ignored input would be measured as a very fast one.
pub(crate) fn apply(job: &mut JobState, input: Input) {
    let _effects = std::hint::black_box(job.apply(input, now()).expect("it means something in this phase"));
}
