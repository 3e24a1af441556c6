//! Opens the configured episode store.

use std::{sync::Arc, time::Duration};

use actix_web::rt;
use generation_actors::ports::{EpisodeError, EpisodeStore};
use tokio::time::timeout;

use crate::{
    config::{self, EpisodesKind},
    episodes::{ChromaEpisodes, RemoteEpisodes, SqliteEpisodes, Timeouts},
    sqlite::Database,
};

/// Timeout of the first check of a store on another server.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the store. Startup does not wait for a check of it. If the store cannot be used, the log says why, and scripts
/// wait in the outbox.
pub(super) fn open(settings: &config::Episodes, database: Option<&Database>) -> Arc<dyn EpisodeStore> {
    let timeouts = Timeouts::within(settings.save_timeout);
    let store: Arc<dyn EpisodeStore> = match &settings.kind {
        EpisodesKind::Embedded => {
            let database = database.expect("settings refuse embedded episodes without a database");
            let episodes = SqliteEpisodes::new(database.clone());
            rt::spawn(episodes.clone().keep_indexed());
            return Arc::new(episodes);
        }
        EpisodesKind::Chroma(chroma) => Arc::new(ChromaEpisodes::new(chroma, timeouts)),
        EpisodesKind::Remote(api) => Arc::new(RemoteEpisodes::new(api, timeouts)),
    };
    rt::spawn(check(Arc::clone(&store)));
    store
}

async fn check(store: Arc<dyn EpisodeStore>) {
    let checked = timeout(CHECK_TIMEOUT, store.check()).await;
    let late = |_| Err(EpisodeError::Unavailable(format!("no answer within {CHECK_TIMEOUT:?}").into()));
    if let Err(error) = checked.unwrap_or_else(late) {
        log::error!("{error}; jobs still run, and their scripts are saved once this is fixed");
    }
}
