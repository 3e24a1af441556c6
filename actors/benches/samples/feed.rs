//! A job's feed, with the service's own sentences.

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use generation_actors::{feed::{Feed, FeedContext, LastEventId, Meter, Opening, Resume, Subscription, Turn}, job::JobState, model::Epoch, wording::{FailureTexts, StepTexts, Texts, Wording}};
use serde::Deserialize;

/// The part of a file of sentences that feeds use.
#[derive(Deserialize)]
struct Sentences {
    steps: StepTexts,
    failures: FailureTexts,
}

fn texts(file: &str) -> Texts {
    let Sentences { steps, failures } = toml::from_str(file).expect("the service starts with this file");
    Texts { steps, failures }
}

static WORDING: LazyLock<Arc<Wording>> = LazyLock::new(|| {
    let ko = texts(include_str!("../../../config/locales/ko.toml"));
    let en = texts(include_str!("../../../config/locales/en.toml"));
    Arc::new(Wording { ko, en })
});

/// A feed that shows all of `job`.
pub(crate) fn showing(job: &JobState) -> Feed {
    let context = FeedContext { wording: Arc::clone(&WORDING), meter: Arc::new(Meter::default()) };
    Feed::new(Epoch::FIRST, job.view(), job.text().as_str(), context)
}

/// Takes what `reader` is due; it must be due something.
pub(crate) fn take(reader: &mut Subscription, waker: &Waker, out: &mut VecDeque<Bytes>) {
    let turn = reader.poll_events(&Context::from_waker(waker), out);
    assert_eq!(turn, Poll::Ready(Turn::Events));
}

/// Where a reader goes on that was cut after `frame`.
pub(crate) fn after(feed: &Feed, frame: &Bytes) -> Resume {
    let text = std::str::from_utf8(frame).expect("events are text");
    let id = text.lines().find_map(|line| line.strip_prefix("id: ")).expect("events of a job have ids");
    match feed.opening(Some(LastEventId::parse(id))) {
        Opening::Subscribe(resume) => resume,
        other => panic!("a reader of {id} is given {other:?}"),
    }
}
