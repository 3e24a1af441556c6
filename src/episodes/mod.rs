//! Where finished scripts become episodes: implementations of the episode store port.

mod calls;
mod cause;
mod chroma;
#[cfg(test)]
mod contract;
mod embedding;
mod json_client;
mod remote;
mod sqlite;
mod token;

pub use chroma::{ChromaEpisodes, ChromaOptions, ChromaTokenHeader};
pub use embedding::{EmbeddingOptions, OpenAiEmbeddingOptions};
pub use remote::{RemoteEpisodes, RemoteOptions};
pub use sqlite::SqliteEpisodes;
