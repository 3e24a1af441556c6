//! What the actors need from outside, as small traits; the root package supplies them.
//!
//! Futures and streams here need not be `Send`: every caller lives on one actix arbiter or worker thread and
//! stays there, which lets an implementation keep state that cannot move between threads.

mod chat_model;
mod clock;
mod episode_store;
mod generator;
mod job_store;
mod model_catalog;

pub use chat_model::{
    ChatDelta, ChatError, ChatErrorKind, ChatModel, ChatRequest, ChatStream, Continuation, Message, Role,
};
pub use clock::{Clock, SystemClock};
pub use episode_store::{
    Episode, EpisodeDraft, EpisodeError, EpisodePage, EpisodeRef, EpisodeStore, EpisodeSummary, Identity,
};
pub use generator::{EndReason, GenerationRequest, GenerationStream, Piece, ScriptGenerator, Usage};
pub use job_store::{
    After, Checkpoint, EndMark, EndedJob, EndedPage, Ending, IdempotencyKey, JobStore, KeyHolder, NewJob, Outcome,
    StoreError, StoredJob,
};
pub use model_catalog::{ModelCatalog, ModelOffer, OfferedModel, OfferedPattern, Route, UnknownModel};
