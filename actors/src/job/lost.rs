//! Jobs whose actor is lost: their record is rebuilt from what they had shown.

use crate::{
    feed::Feed,
    model::{JobHead, JobRecord, Part},
};

/// Rebuilds a job's record from what its readers were shown. The store may hold less of the text than the readers. It
/// holds more only between a checkpoint and the next preview.
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
