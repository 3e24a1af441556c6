//! Implementations of the episode store port: where finished scripts become episodes.

mod calls;
mod cause;
mod chroma;
#[cfg(test)]
mod contract;
mod embedding;
mod json_client;
mod remote;
mod sqlite;
mod timeouts;
mod token;

pub use chroma::ChromaEpisodes;
pub use remote::RemoteEpisodes;
pub use sqlite::SqliteEpisodes;
pub use timeouts::Timeouts;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ChromaEpisodes, RemoteEpisodes, Timeouts};
    use crate::config::{Chroma, Embedding, EpisodeApi, OpenAiEmbedding, TokenHeader};

    #[test]
    fn no_debug_output_of_a_store_shows_its_secrets() {
        let timeouts = Timeouts::within(Duration::from_secs(1));
        let embedding = OpenAiEmbedding {
            base_url: "http://e".into(),
            model: "m".into(),
            api_key: Some("hunter2-embedding".into()),
            max_characters: 1,
        };
        let chroma = |token_header| Chroma {
            url: "http://c".into(),
            token: Some("hunter2-chroma".into()),
            token_header,
            tenant: "t".into(),
            database: "d".into(),
            collection: "c".into(),
            embedding: Embedding::OpenAi(embedding.clone()),
        };
        for header in [TokenHeader::Authorization, TokenHeader::XChromaToken] {
            let settings = chroma(header);
            let shown = format!("{settings:?} {:?}", ChromaEpisodes::new(&settings, timeouts));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let settings = EpisodeApi { url: "http://r".into(), token: Some("hunter2-remote".into()) };
        let shown = format!("{settings:?} {:?}", RemoteEpisodes::new(&settings, timeouts));
        assert!(shown.contains("http://r") && !shown.contains("hunter2"), "{shown}");
    }
}
