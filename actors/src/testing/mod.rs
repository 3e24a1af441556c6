//! What the unit tests of this crate share: small builders, and ports that do as the test says.

mod clock;
mod episode_store;
mod generator;
mod job_store;
mod journal;
mod mood;
mod reader;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use self::{
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
    job::{Brief, JobId, JobState, JobView},
    wording::{FailureTexts, Locale, StepTexts, Texts, Wording},
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
    JobState::new(JobId::new(), brief(), at(0), 10.0)
}

pub(crate) fn view() -> JobView {
    job().view()
}

pub(crate) fn context() -> FeedContext {
    FeedContext { wording: Arc::new(wording()), meter: Arc::new(Meter::default()) }
}

pub(crate) fn wording() -> Wording {
    let texts = |mark: &str| {
        let say = |what: &str| format!("{what} {mark}");
        Texts {
            steps: StepTexts {
                queued: say("queued"),
                analyzing_prompt: say("analyzing"),
                reasoning: say("reasoning"),
                retrying_model: say("retrying"),
                outlining_scenes: say("outlining"),
                writing_dialogue: say("writing"),
                writing_ending: say("ending"),
                saving_episode: say("saving"),
                done: say("done"),
                failed: say("failed"),
                canceled: say("canceled"),
            },
            failures: FailureTexts {
                job_canceled: say("was canceled"),
                generation_error: say("went wrong"),
                token_limit_exceeded: say("too long"),
                model_unavailable: say("no model"),
                model_refused: say("model refused"),
                request_refused: say("request refused"),
                timeout_error: say("too slow"),
                sse_error: say("broken stream"),
            },
        }
    };
    Wording { ko: texts("ko"), en: texts("en") }
}
