//! Settings: documented defaults, then file, environment and flags, validated with all faults at once.

mod cli;
mod document;
mod episodes;
mod fault;
mod layers;
mod openai;
mod parse;
mod parse_url;
mod providers;
mod secret;
mod sections;
mod server;
mod settings;
#[cfg(test)]
mod tests;
mod value;
mod variables;

pub use cli::Cli;
pub use episodes::{Chroma, Embedding, Episodes, EpisodesKind, TokenHeader};
pub use fault::{Fault, Faults, Origin};
pub use openai::{OpenAi, TokensField};
pub use providers::{DefaultModel, ModelPattern, Provider, ProviderKind};
pub use secret::Secret;
pub use sections::{Jobs, Log, Models, OnRestart, Sse, Store, StoreKind};
pub use server::{AllowedOrigins, Cors, Limits, Server};
pub use settings::{Settings, process_environment};
