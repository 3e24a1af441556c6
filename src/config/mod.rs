//! Settings: documented defaults, then file, environment and flags. All of them are checked, and all faults reported together.
//!
//! Each section is built once and passed on as it stands: the HTTP side, the generators and the stores take theirs by its own
//! type. Secrets are [`secrecy::SecretString`]s from the moment a variable is read; only whoever builds the header exposes them.

mod chat_server;
mod cli;
mod document;
mod embedding;
mod episodes;
mod fault;
mod layers;
mod model_pattern;
mod nats;
mod openai;
mod parse;
mod parse_url;
mod provider_kind;
mod providers;
mod sections;
mod server;
mod settings;
#[cfg(test)]
mod tests;
mod value;
mod variables;

pub use chat_server::ChatServer;
pub use cli::Cli;
pub use embedding::{Embedding, OpenAiEmbedding};
pub use episodes::{Chroma, EpisodeApi, Episodes, EpisodesKind, TokenHeader};
pub use fault::{Fault, Faults, Origin};
pub use model_pattern::ModelPattern;
pub use nats::{NatsLogin, NatsStore};
pub use openai::{OpenAi, TokensField};
pub use provider_kind::ProviderKind;
pub use providers::{DefaultModel, Provider};
pub use sections::{Jobs, Log, Models, Sse, Store, StoreKind};
pub use server::{AllowedOrigins, Cors, Limits, Server};
pub use settings::{Settings, process_environment};
