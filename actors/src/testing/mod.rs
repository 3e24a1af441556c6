//! Shared by the unit tests of this crate: small builders, and fake ports controlled by the test.

mod catalog;
mod clock;
mod encoder;
mod episode_store;
mod generator;
mod job_store;
mod journal;
mod mood;
mod reader;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use self::{
    catalog::OneGenerator,
    clock::SetClock,
    episode_store::FakeEpisodeStore,
    generator::{Run, ScriptedGenerator},
    job_store::{FakeJobStore, Op},
    journal::{Happened, Journal, soon},
    mood::Mood,
    reader::{Event, Reader, parse},
};
use crate::{
    feed::{FeedContext, Meter},
    job::JobState,
    model::{Brief, Epoch, JobId, JobView, Locale, NewJob},
    ports::Alone,
};

pub(crate) fn brief() -> Arc<Brief> {
    Arc::new(Brief {
        project_id: "project-1".into(),
        episode_number: None,
        title: "제목".into(),
        description: "비 오는 밤".into(),
        script_type: "drama".into(),
        model: "builtin".into(),
        temperature: 0.7,
        length_target: 100,
        locale: Locale::Ko,
    })
}

/// `seconds` after a fixed moment.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("in range") + TimeDelta::seconds(seconds)
}

pub(crate) fn job() -> JobState {
    let accepted = NewJob { id: JobId::new(), brief: brief(), idempotency: None, created_at: at(0) };
    let mut job = JobState::restore(accepted.record(Epoch::FIRST));
    job.set_expected_speed(10.0);
    job
}

pub(crate) fn view() -> JobView {
    job().view()
}

pub(crate) fn context() -> FeedContext {
    FeedContext { encoder: Arc::new(encoder::PlainFrames), meter: Arc::new(Meter::default()), peers: Arc::new(Alone) }
}
