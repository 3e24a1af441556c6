//! The contract of episode stores, on a real Chroma.

use std::{sync::Arc, time::Duration};

use generation_actors::ports::EpisodeStore;
use generation_service::episodes::{ChromaEpisodes, ChromaOptions, ChromaTokenHeader, EmbeddingOptions};

use crate::{
    episodes::contract::{EpisodeStoreUnderTest, episode_store_contract},
    harness::chroma::Chroma,
};

struct RealChroma(Chroma);

impl EpisodeStoreUnderTest for RealChroma {
    async fn open(&mut self) -> Arc<dyn EpisodeStore> {
        let options = ChromaOptions {
            url: self.0.url(),
            tenant: "default_tenant".into(),
            database: "default_database".into(),
            collection: "episodes".into(),
            token: None,
            token_header: ChromaTokenHeader::Authorization,
            embedding: EmbeddingOptions::Hashing,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(20),
        };
        Arc::new(ChromaEpisodes::new(options))
    }
}

episode_store_contract!(RealChroma(Chroma::start()));
