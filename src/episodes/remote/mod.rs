//! Episodes behind somebody else's Episode API, of which this is a client.

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
/// Every save carries an `Idempotency-Key`, for jobs the job's id. An API that honours it (such as another instance of this service)
/// saves every script once, whatever fails in between; with one that does not, a script whose answer was lost is saved again.
#[derive(Debug, Clone)]
pub struct RemoteEpisodes {
    remote: Arc<Remote>,
    calls: Calls,
}

#[derive(Debug)]
struct Remote {
    client: JsonClient,
    projects: String,
    /// Whether the API wants its paths with a slash at the end, as far as it has told.
    slash: AtomicBool,
    /// Why the latest save needs an operator: a token that may read but not write shows in nothing else.
    fault: Mutex<Option<(Instant, Cause)>>,
}

impl RemoteEpisodes {
    /// The store; the API is not asked yet.
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

    /// Asks for a path under a project's episodes, with and without a slash at its end until one is right: frameworks
    /// redirect from one to the other, or know only one.
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
        // Of two that say "not found" it is the API that says it in JSON.
        let other_is_right =
            reply.status.is_redirection() || !not_here(&other) || (other.is_json() && !reply.is_json());
        Ok(if other_is_right { other } else { reply })
    }

    async fn save(&self, draft: &EpisodeDraft) -> Result<EpisodeSummary, EpisodeError> {
        let saved = self.post(draft).await;
        match &saved {
            Ok(_) | Err(EpisodeError::Refused(_)) => *self.fault() = None,
            Err(EpisodeError::Misconfigured(cause)) => *self.fault() = Some((Instant::now(), cause.clone())),
            // It says nothing about the settings.
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
            return Err(reply.error_about_script(ASKED, &SENT));
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
            true if reply.is_page() => Err(reply.misunderstood(ASKED)),
            true => Ok(true),
            false => Err(reply.error(ASKED)),
        }
    }

    /// Whether what was asked for is there, as far as "not found" is about that and not about the address of the API.
    ///
    /// # Errors
    /// A "not found" that another server may have said: it is no JSON, or the API cannot be used to save either.
    fn is_there(&self, reply: &Reply) -> Result<bool, EpisodeError> {
        match reply.status {
            StatusCode::NOT_FOUND if reply.is_json() => self.standing_fault().map(|()| false),
            StatusCode::NOT_FOUND => Err(reply.error(ASKED)),
            _ => Ok(true),
        }
    }

    fn standing_fault(&self) -> Result<(), EpisodeError> {
        match &*self.fault() {
            Some((at, cause)) if at.elapsed() < FAULT_LIFETIME => Err(EpisodeError::Misconfigured(cause.clone())),
            _ => Ok(()),
        }
    }

    /// Asks for a project nobody has, so that "not found" is as good as a list; then looks how saving went.
    async fn check(&self) -> Result<(), EpisodeError> {
        let reply = self.ask(Method::GET, "_", "", "?limit=1&offset=0", None, &[]).await?;
        match reply.status {
            StatusCode::NOT_FOUND if reply.is_json() => {}
            StatusCode::METHOD_NOT_ALLOWED => {}
            status if status.is_success() && reply.is_page() => return Err(reply.misunderstood(ASKED)),
            status if status.is_success() => {}
            _ => return Err(reply.error(ASKED)),
        }
        self.standing_fault()
    }
}

/// How long a save that needs an operator counts, unless a later one clears it: it may have been of a project that the API
/// does not know.
const FAULT_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// Words by which an API names what it does not like about an episode.
const SENT: [&str; 6] = ["title", "script", "markdown", "tokens", "promptsnapshot", "content"];

/// What the API knows a draft by. It takes jobs' ids and clients' keys alike, so that a key which looks like a job's id goes
/// there by another name.
fn key_of(draft: &EpisodeDraft) -> String {
    match draft.identity() {
        Some(Identity::Key(key)) if key.parse::<JobId>().is_ok() => Uuid::new_v5(&KEYS, key.as_bytes()).to_string(),
        Some(identity) => identity.to_string(),
        None => Uuid::new_v4().to_string(),
    }
}

/// Within it those names are derived; changing it would double episodes.
const KEYS: Uuid = uuid!("6972c715-a766-4427-b66f-e6312ec7e8b7");

/// How answers of the API are named in logs.
const ASKED: &str = "the Episode API";

fn content<T: DeserializeOwned>(reply: &Reply) -> Result<T, EpisodeError> {
    let answer: Answer<T> = reply.json(ASKED)?;
    // Whether it may work later is not said; trying again loses nothing.
    let failed = |reason| EpisodeError::Unavailable(format!("{ASKED} says that it failed: {reason}").into());
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
