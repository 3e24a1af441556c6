//! The update that a job publishes.

use std::sync::Arc;

use super::{EndMark, Epoch, JobId, JobView};

/// One update of what a job shows. A reader of all updates of an epoch up to a version has seen everything up to that
/// version.
#[derive(Debug, Clone, PartialEq)]
pub struct JobUpdate {
    /// The job's id.
    pub job: JobId,
    /// The epoch of the update.
    pub epoch: Epoch,
    /// The number of the update within the epoch, 1 and up without gaps. The last update, with the end, counts as two.
    pub version: u64,
    /// The view from now on.
    pub view: Arc<JobView>,
    /// The position of `delta` in the text, in bytes. Any text beyond it is replaced.
    pub offset: usize,
    /// New text; often empty.
    pub delta: String,
    /// Set in the last update only.
    pub end: Option<EndMark>,
}
