//! What the actors need from outside, as small traits; the root package supplies them.
//!
//! Futures and streams here need not be `Send`: every caller lives on one actix arbiter or worker thread and
//! stays there, which lets an implementation keep clients that cannot move between threads (awc).

mod clock;
mod episode_store;
mod generator;
mod job_store;

pub use clock::{Clock, SystemClock};
pub use episode_store::{Episode, EpisodeDraft, EpisodeError, EpisodePage, EpisodeRef, EpisodeStore, EpisodeSummary};
pub use generator::{
    EndReason, GenerationRequest, GenerationStream, ModelCatalog, Piece, Route, ScriptGenerator, UnknownModel, Usage,
};
pub use job_store::{
    After, Checkpoint, EndedJob, EndedPage, Ending, IdempotencyKey, JobStore, KeyHolder, NewJob, Outcome, StoreError,
    StoredJob,
};
