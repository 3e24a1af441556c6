//! Stores episodes in a collection of a Chroma server (1.x, HTTP API v2).

mod api;
mod collection;
mod reading;
mod record;
mod saving;

use std::{fmt, sync::Arc};

use futures_util::future::LocalBoxFuture;
use generation_actors::ports::{Episode, EpisodeDraft, EpisodeError, EpisodePage, EpisodeStore, EpisodeSummary};
use http::header::HeaderName;
use tokio::sync::Mutex;

use self::{api::Api, collection::Collection};
use super::{calls::Calls, embedding::Embedder, json_client::JsonClient, timeouts::Timeouts, token::Token};
use crate::config::{self, TokenHeader};

/// The episode store on a Chroma server.
///
/// The server may be down at any time, also at startup: the first call that reaches it opens the collection. Episodes
/// of one project are saved one after another; other processes may write to the same collection. A deleted episode
/// leaves a tombstone, so its number is not reused and saving its job again does not restore it. Search ranks all of a
/// project's episodes by their vectors.
#[derive(Clone)]
pub struct ChromaEpisodes {
    chroma: Arc<Chroma>,
    calls: Calls,
}

impl fmt::Debug for ChromaEpisodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChromaEpisodes").finish_non_exhaustive()
    }
}

struct Chroma {
    api: Api,
    name: String,
    embedder: Embedder,
    opened: Mutex<Option<Arc<Collection>>>,
}

impl ChromaEpisodes {
    /// Creates the store without contacting the server.
    pub fn new(settings: &config::Chroma, timeouts: Timeouts) -> Self {
        Self { chroma: Arc::new(Chroma::new(settings, timeouts)), calls: Calls::default() }
    }

    fn run<T: 'static, F>(
        &self,
        call: impl FnOnce(Arc<Chroma>) -> F,
    ) -> LocalBoxFuture<'static, Result<T, EpisodeError>>
    where
        F: Future<Output = Result<T, EpisodeError>> + 'static,
    {
        self.calls.run(call(Arc::clone(&self.chroma)))
    }
}

impl Chroma {
    fn new(settings: &config::Chroma, timeouts: Timeouts) -> Self {
        let token = settings.token.as_ref().and_then(|token| match settings.token_header {
            TokenHeader::Authorization => Token::bearer(token),
            TokenHeader::XChromaToken => Token::plain(HeaderName::from_static("x-chroma-token"), token),
        });
        let client = JsonClient::new(timeouts, token, "episodes.token_env");
        Self {
            api: Api::new(client, &settings.url, &settings.tenant, &settings.database),
            name: settings.collection.clone(),
            embedder: Embedder::new(&settings.embedding, timeouts),
            opened: Mutex::new(None),
        }
    }

    /// The collection, opened if necessary.
    async fn collection(&self) -> Result<Arc<Collection>, EpisodeError> {
        let mut opened = self.opened.lock().await;
        if let Some(collection) = opened.as_ref().filter(|collection| !collection.is_gone()) {
            return Ok(Arc::clone(collection));
        }
        let collection = Arc::new(Collection::open(&self.api, &self.name, &self.embedder).await?);
        *opened = Some(Arc::clone(&collection));
        Ok(collection)
    }
}

impl EpisodeStore for ChromaEpisodes {
    fn save(&self, draft: EpisodeDraft) -> LocalBoxFuture<'static, Result<EpisodeSummary, EpisodeError>> {
        self.run(|chroma| async move {
            saving::check_size(&draft)?;
            let collection = chroma.collection().await?;
            saving::save(&chroma.api, &collection, &chroma.embedder, &draft).await
        })
    }

    fn list(
        &self,
        project_id: &str,
        page: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>> {
        let project_id = project_id.to_owned();
        self.run(move |chroma| async move {
            reading::list(&chroma.api, &*chroma.collection().await?, &project_id, page).await
        })
    }

    fn search(
        &self,
        project_id: &str,
        query: &str,
        page: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>> {
        let (project_id, query) = (project_id.to_owned(), query.to_owned());
        self.run(move |chroma| async move {
            let collection = chroma.collection().await?;
            reading::search(&chroma.api, &collection, &chroma.embedder, &project_id, &query, page).await
        })
    }

    fn get(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<Option<Episode>, EpisodeError>> {
        let (project_id, id) = (project_id.to_owned(), id.to_owned());
        self.run(move |chroma| async move {
            reading::get(&chroma.api, &*chroma.collection().await?, &project_id, &id).await
        })
    }

    fn delete(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<bool, EpisodeError>> {
        let (project_id, id) = (project_id.to_owned(), id.to_owned());
        self.run(move |chroma| async move {
            reading::delete(&chroma.api, &*chroma.collection().await?, &project_id, &id).await
        })
    }

    fn check(&self) -> LocalBoxFuture<'static, Result<(), EpisodeError>> {
        self.run(|chroma| async move {
            chroma.api.heartbeat().await?;
            chroma.collection().await.map(drop)
        })
    }
}
