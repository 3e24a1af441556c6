//! The traits that the actors need from outside; the root package implements them.
//!
//! Futures and streams here need not be `Send`: every caller lives on one actix arbiter or worker thread and stays
//! there. So an implementation may keep state that cannot move between threads.

mod chat_model;
mod clock;
mod episode_store;
mod generator;
mod job_store;
mod model_catalog;
mod peers;

pub use chat_model::{
    ChatDelta, ChatError, ChatErrorKind, ChatModel, ChatRequest, ChatStream, Continuation, Message, Role,
};
pub use clock::{Clock, SystemClock};
pub use episode_store::{Episode, EpisodeDraft, EpisodeError, EpisodePage, EpisodeStore, EpisodeSummary, Identity};
pub use generator::{EndReason, GenerationRequest, GenerationStream, Piece, ScriptGenerator};
pub use job_store::{
    After, Answer, Change, Claim, Created, EndedJob, EndedPage, Ending, JobStore, KeyHolder, StoreError,
    StoreErrorKind, Written,
};
pub use model_catalog::{ModelCatalog, ModelOffer, OfferedModel, OfferedPattern, Route, UnknownModel};
pub use peers::{Alone, Ask, Live, NoAnswer, OwnerReply, Peers, ReplySender};
