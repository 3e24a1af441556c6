//! Jobs whose actor is gone: what is known of them comes from what they had shown.

use crate::{
    feed::Feed,
    model::{JobHead, JobRecord, Part},
};

/// The record of a job as its readers know it. The store may hold less of the text, which readers have already; it holds more
/// only for the moment between a checkpoint and the next preview.
pub fn record_as_shown(head: &JobHead, feed: &Feed) -> JobRecord {
    let view = feed.view();
    let (text, _) = feed.text();
    JobRecord {
        head: JobHead { started_at: view.started_at, ..head.clone() },
        progress: view.progress,
        model_used: view.model_used.clone(),
        usage: None,
        parts: vec![Part { text: (*text).clone() }],
        text_complete: view.text_complete,
    }
}
