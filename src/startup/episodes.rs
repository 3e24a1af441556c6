//! The episode store as configured.

use std::{sync::Arc, time::Duration};

use actix_web::rt;
use generation_actors::ports::{EpisodeError, EpisodeStore};
use tokio::time::timeout;

use crate::{
    config::{self, Embedding, EpisodesKind, Secret, TokenHeader},
    episodes::{
        ChromaEpisodes, ChromaOptions, ChromaTokenHeader, EmbeddingOptions, OpenAiEmbeddingOptions, RemoteEpisodes,
        RemoteOptions, SqliteEpisodes,
    },
    sqlite::Database,
};

/// How long a server has to show that it suits.
const FIRST_LOOK: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(5);

/// Opens the store and looks, behind the start, whether it can be used; if not, the log says why, and the jobs' scripts wait.
pub(super) fn open(settings: &config::Episodes, database: &Database) -> Arc<dyn EpisodeStore> {
    let limit = settings.save_timeout;
    let store: Arc<dyn EpisodeStore> = match &settings.kind {
        EpisodesKind::Embedded => {
            let episodes = SqliteEpisodes::new(database.clone());
            rt::spawn(episodes.clone().keep_indexed());
            return Arc::new(episodes);
        }
        EpisodesKind::Chroma(chroma) => Arc::new(ChromaEpisodes::new(chroma_options(chroma, limit))),
        EpisodesKind::Remote { url, token } => Arc::new(RemoteEpisodes::new(&RemoteOptions {
            url: url.clone(),
            token: exposed(token.as_ref()),
            connect_timeout: CONNECT.min(limit),
            request_timeout: limit,
        })),
    };
    rt::spawn(look(Arc::clone(&store)));
    store
}

async fn look(store: Arc<dyn EpisodeStore>) {
    let looked = timeout(FIRST_LOOK, store.check()).await;
    let late = |_| Err(EpisodeError::Unavailable(format!("no answer within {FIRST_LOOK:?}").into()));
    if let Err(error) = looked.unwrap_or_else(late) {
        log::error!("{error}; jobs run all the same, and their scripts are saved once that is mended");
    }
}

fn chroma_options(chroma: &config::Chroma, limit: Duration) -> ChromaOptions {
    ChromaOptions {
        url: chroma.url.clone(),
        tenant: chroma.tenant.clone(),
        database: chroma.database.clone(),
        collection: chroma.collection.clone(),
        token: exposed(chroma.token.as_ref()),
        token_header: match chroma.token_header {
            TokenHeader::Authorization => ChromaTokenHeader::Authorization,
            TokenHeader::XChromaToken => ChromaTokenHeader::XChromaToken,
        },
        embedding: embedding(&chroma.embedding, limit),
        connect_timeout: CONNECT.min(limit),
        request_timeout: limit,
    }
}

fn embedding(embedding: &Embedding, limit: Duration) -> EmbeddingOptions {
    match embedding {
        Embedding::Hashing => EmbeddingOptions::Hashing,
        Embedding::OpenAi { base_url, model, api_key, max_characters } => {
            EmbeddingOptions::OpenAi(OpenAiEmbeddingOptions {
                base_url: base_url.clone(),
                model: model.clone(),
                api_key: exposed(api_key.as_ref()),
                max_characters: *max_characters,
                connect_timeout: CONNECT.min(limit),
            })
        }
    }
}

fn exposed(secret: Option<&Secret>) -> Option<String> {
    secret.map(|secret| secret.expose().to_owned())
}
