//! Tests of the feed as its readers see it.

mod cases;
mod client;
mod promise;
mod successor;

use std::{
    collections::VecDeque,
    task::{Context, Waker},
};

use super::*;
use crate::{
    model::{EndMark, EpisodeRef, EpisodeState, Epoch, FailureCode, JobView, Status},
    testing::{Event, context, parse, view},
};

/// The view of a job that ended with `status`.
fn ending(mut view: JobView, status: Status) -> JobView {
    view.remaining_seconds = None;
    view.status = status;
    match status {
        Status::Completed => view.episode = Some(EpisodeState::Saved(EpisodeRef { id: "e".into(), number: 1 })),
        Status::Canceled => view.failure = Some(FailureCode::JobCanceled),
        _ => view.failure = Some(FailureCode::GenerationError),
    }
    view
}

/// Everything that a new subscription receives at its first poll.
fn read_all(feed: &Feed, resume: Resume, mode: PreviewMode) -> Vec<Event> {
    let mut out = VecDeque::new();
    let mut subscription = feed.subscribe(resume, mode);
    let _turn = subscription.poll_events(&Context::from_waker(Waker::noop()), &mut out);
    out.iter().map(parse).collect()
}
