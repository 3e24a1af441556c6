//! The one thing that a job says.

use std::sync::Arc;

use super::{EndMark, Epoch, JobId, JobView};

/// One step of what is shown of a job. Whoever has seen all updates of an epoch up to a version has seen everything there was
/// to see at that version.
#[derive(Debug, Clone, PartialEq)]
pub struct JobUpdate {
    /// Which job.
    pub job: JobId,
    /// The epoch it says this in.
    pub epoch: Epoch,
    /// Counts the updates of an epoch, 1 and up without gaps; the last one, with the end, counts for two.
    pub version: u64,
    /// What is shown from now on.
    pub view: Arc<JobView>,
    /// Where `delta` belongs, in bytes of the text; anything beyond it is replaced.
    pub offset: usize,
    /// New text; often empty.
    pub delta: String,
    /// Set in the last update of all.
    pub end: Option<EndMark>,
}
