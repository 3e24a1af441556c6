//! Stores episodes through an external Episode API.

mod wire;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use generation_actors::{
    model::{Cause, JobId},
    ports::{Episode, EpisodeDraft, EpisodeError, EpisodePage, EpisodeStore, EpisodeSummary, Identity},
};
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use url::form_urlencoded::byte_serialize;
use uuid::{Uuid, uuid};

use self::wire::{Answer, List, NewEpisode, Summary, Whole};
use super::{
    calls::Calls,
    json_client::{JsonClient, Reply, segment},
    timeouts::Timeouts,
    token::Token,
};
use crate::config::EpisodeApi;

/// The episode store behind an Episode API.
///
/// Every save carries an `Idempotency-Key`, which for a job is its id. An API that honours the key (such as another
/// instance of this service) saves every script once, whatever fails in between. With an API that ignores it, a script
/// whose answer was lost is saved again.
#[derive(Debug, Clone)]
pub struct RemoteEpisodes {
    remote: Arc<Remote>,
    calls: Calls,
}

#[derive(Debug)]
struct Remote {
    client: JsonClient,
    projects: String,
    /// Whether the API wants a trailing slash on its paths, as far as its answers have shown.
    slash: AtomicBool,
    /// Why the latest save needs an operator. Nothing else reveals a token that may read but not write.
    fault: Mutex<Option<(Instant, Cause)>>,
}

impl RemoteEpisodes {
    /// Creates the store without contacting the API.
    pub fn new(settings: &EpisodeApi, timeouts: Timeouts) -> Self {
        Self { remote: Arc::new(Remote::new(settings, timeouts)), calls: Calls::default() }
    }

    fn run<T: 'static, F>(
        &self,
        call: impl FnOnce(Arc<Remote>) -> F,
    ) -> LocalBoxFuture<'static, Result<T, EpisodeError>>
    where
        F: Future<Output = Result<T, EpisodeError>> + 'static,
    {
        self.calls.run(call(Arc::clone(&self.remote)))
    }
}

impl Remote {
    fn new(settings: &EpisodeApi, timeouts: Timeouts) -> Self {
        let token = settings.token.as_ref().and_then(Token::bearer);
        Self {
            client: JsonClient::new(timeouts, token, "episodes.token_env"),
            projects: format!("{}/api/v1/projects", settings.url),
            slash: AtomicBool::new(false),
            fault: Mutex::new(None),
        }
    }

    /// Requests a path under a project's episodes, and tries it with and without a trailing slash until one works: some
    /// frameworks redirect from one to the other, others know only one.
    async fn ask(
        &self,
        method: Method,
        project_id: &str,
        below: &str,
        query: &str,
        body: Option<Bytes>,
        headers: &[(&'static str, &str)],
    ) -> Result<Reply, EpisodeError> {
        let path = format!("{}/{}/episodes{below}", self.projects, segment(project_id));
        let url = |slash: bool| format!("{path}{}{query}", if slash { "/" } else { "" });
        let slash = self.slash.load(Relaxed);
        let not_here = |reply: &Reply| matches!(reply.status.as_u16(), 301 | 302 | 307 | 308 | 404 | 405);
        let reply = self.client.send(method.clone(), &url(slash), body.clone(), headers).await?;
        if !not_here(&reply) {
            return Ok(reply);
        }
        let other = self.client.send(method, &url(!slash), body, headers).await?;
        if other.status.is_success() {
            self.slash.store(!slash, Relaxed);
        }
        // If both say "not found", the JSON answer is the API's.
        let other_is_right =
            reply.status.is_redirection() || !not_here(&other) || (other.is_json() && !reply.is_json());
        Ok(if other_is_right { other } else { reply })
    }

    async fn save(&self, draft: &EpisodeDraft) -> Result<EpisodeSummary, EpisodeError> {
        let saved = self.post(draft).await;
        match &saved {
            Ok(_) | Err(EpisodeError::Refused(_)) => *self.fault() = None,
            Err(EpisodeError::Misconfigured(cause)) => *self.fault() = Some((Instant::now(), cause.clone())),
            // Unavailability says nothing about the settings.
            Err(EpisodeError::Unavailable(_)) => {}
        }
        saved
    }

    fn fault(&self) -> MutexGuard<'_, Option<(Instant, Cause)>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn post(&self, draft: &EpisodeDraft) -> Result<EpisodeSummary, EpisodeError> {
        let key = key_of(draft);
        let body = serde_json::to_vec(&NewEpisode::from(draft));
        let body = body.map_err(|error| EpisodeError::Refused(Cause::new(error)))?;
        let headers = [("idempotency-key", key.as_str())];
        let reply = self.ask(Method::POST, &draft.project_id, "", "", Some(body.into()), &headers).await?;
        if !reply.status.is_success() {
            return Err(reply.error_about_script(API_NAME, &REJECTED_WORDS));
        }
        let saved: Summary = content(&reply)?;
        Ok(saved.into_summary(&draft.project_id, &draft.title, draft.created_at))
    }

    async fn page(
        &self,
        project_id: &str,
        query: String,
        offset: u32,
    ) -> Result<(Vec<EpisodeSummary>, u64), EpisodeError> {
        let reply = self.ask(Method::GET, project_id, "", &query, None, &[]).await?;
        if !self.is_there(&reply)? {
            return Ok((Vec::new(), 0));
        }
        Ok(content::<List>(&reply)?.into_page(project_id, offset))
    }

    async fn get(&self, project_id: &str, id: &str) -> Result<Option<Episode>, EpisodeError> {
        let reply = self.ask(Method::GET, project_id, &format!("/{}", segment(id)), "", None, &[]).await?;
        if !self.is_there(&reply)? {
            return Ok(None);
        }
        Ok(Some(content::<Whole>(&reply)?.into_episode(project_id)))
    }

    async fn delete(&self, project_id: &str, id: &str) -> Result<bool, EpisodeError> {
        let reply = self.ask(Method::DELETE, project_id, &format!("/{}", segment(id)), "", None, &[]).await?;
        if !self.is_there(&reply)? {
            return Ok(false);
        }
        match reply.status.is_success() {
            true if reply.is_page() => Err(reply.unexpected(API_NAME)),
            true => Ok(true),
            false => Err(reply.error(API_NAME)),
        }
    }

    /// Whether the requested episode exists, provided that "not found" is about the episode and not about the API's
    /// address.
    ///
    /// # Errors
    /// A "not found" that may come from another server: it is not JSON, or saving fails as well.
    fn is_there(&self, reply: &Reply) -> Result<bool, EpisodeError> {
        match reply.status {
            StatusCode::NOT_FOUND if reply.is_json() => self.standing_fault().map(|()| false),
            StatusCode::NOT_FOUND => Err(reply.error(API_NAME)),
            _ => Ok(true),
        }
    }

    fn standing_fault(&self) -> Result<(), EpisodeError> {
        match &*self.fault() {
            Some((at, cause)) if at.elapsed() < FAULT_LIFETIME => Err(EpisodeError::Misconfigured(cause.clone())),
            _ => Ok(()),
        }
    }

    /// Requests a project that nobody has, so that "not found" is as good as a list; then checks how saving went.
    async fn check(&self) -> Result<(), EpisodeError> {
        let reply = self.ask(Method::GET, "_", "", "?limit=1&offset=0", None, &[]).await?;
        match reply.status {
            StatusCode::NOT_FOUND if reply.is_json() => {}
            StatusCode::METHOD_NOT_ALLOWED => {}
            status if status.is_success() && reply.is_page() => return Err(reply.unexpected(API_NAME)),
            status if status.is_success() => {}
            _ => return Err(reply.error(API_NAME)),
        }
        self.standing_fault()
    }
}

/// How long the error of a failed save counts, unless a later save clears it. It may have concerned a project that the
/// API does not know.
const FAULT_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// Words with which an API names the part of an episode that it rejects.
const REJECTED_WORDS: [&str; 6] = ["title", "script", "markdown", "tokens", "promptsnapshot", "content"];

/// The API's key for a draft. The API has one namespace for job ids and clients' keys, so a client's key that looks
/// like a job id is sent under a derived name.
fn key_of(draft: &EpisodeDraft) -> String {
    match draft.identity() {
        Some(Identity::Key(key)) if key.parse::<JobId>().is_ok() => Uuid::new_v5(&KEYS, key.as_bytes()).to_string(),
        Some(identity) => identity.to_string(),
        None => Uuid::new_v4().to_string(),
    }
}

/// Namespace of those derived names; changing it would duplicate episodes.
const KEYS: Uuid = uuid!("6972c715-a766-4427-b66f-e6312ec7e8b7");

/// The name of the API in log entries.
const API_NAME: &str = "the Episode API";

fn content<T: DeserializeOwned>(reply: &Reply) -> Result<T, EpisodeError> {
    let answer: Answer<T> = reply.json(API_NAME)?;
    // The API does not say whether a retry may succeed; retrying loses nothing.
    let failed = |reason| EpisodeError::Unavailable(format!("{API_NAME} reported a failure: {reason}").into());
    answer.content().map_err(failed)
}

impl EpisodeStore for RemoteEpisodes {
    fn save(&self, draft: EpisodeDraft) -> LocalBoxFuture<'static, Result<EpisodeSummary, EpisodeError>> {
        self.run(|remote| async move { remote.save(&draft).await })
    }

    fn list(
        &self,
        project_id: &str,
        page: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>> {
        let EpisodePage { limit, offset } = page;
        let (project_id, query) = (project_id.to_owned(), format!("?limit={limit}&offset={offset}"));
        self.run(move |remote| async move { remote.page(&project_id, query, offset).await })
    }

    fn search(
        &self,
        project_id: &str,
        query: &str,
        page: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>> {
        let EpisodePage { limit, offset } = page;
        let wanted: String = byte_serialize(query.as_bytes()).collect();
        let (project_id, query) = (project_id.to_owned(), format!("?query={wanted}&limit={limit}&offset={offset}"));
        self.run(move |remote| async move { remote.page(&project_id, query, offset).await })
    }

    fn get(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<Option<Episode>, EpisodeError>> {
        let (project_id, id) = (project_id.to_owned(), id.to_owned());
        self.run(move |remote| async move { remote.get(&project_id, &id).await })
    }

    fn delete(&self, project_id: &str, id: &str) -> LocalBoxFuture<'static, Result<bool, EpisodeError>> {
        let (project_id, id) = (project_id.to_owned(), id.to_owned());
        self.run(move |remote| async move { remote.delete(&project_id, &id).await })
    }

    fn check(&self) -> LocalBoxFuture<'static, Result<(), EpisodeError>> {
        self.run(|remote| async move { remote.check().await })
    }
}
