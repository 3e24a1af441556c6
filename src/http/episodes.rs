//! `/api/v1/projects/{projectId}/episodes`: the saved scripts.

use std::future::Future;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path, Payload},
};
use generation_actors::ports::{EpisodeDraft, EpisodeError, EpisodePage, EpisodeSummary};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    Context, body,
    error::{ApiError, FieldFault},
    fields::{Fields, is_nameable},
    generations::client_key,
    language,
    query::QueryFields,
};
use crate::locales::FaultTexts;

/// A script may be far larger than a request for one; the store has its own, smaller bound on the text itself.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// The store's bound in characters, so that a longer script is refused by name before it is sent there.
const MAX_SCRIPT: usize = 1024 * 1024;
/// Characters of a search.
const MAX_QUERY: usize = 1000;
/// What an id needs to be one segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// `POST`: saves a script that a client brings as the project's next episode. With an `Idempotency-Key` that the project has
/// seen before, whatever the body, it answers 200 with the episode saved then.
pub(super) async fn create(
    request: HttpRequest,
    project_id: Path<String>,
    payload: Payload,
    context: Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let texts = language::texts(&request);
    let max = context.limits.max_body.max(MAX_BODY);
    let body = body::json(&request, payload, max, &context.limits).await?;
    let key = client_key(&request)?;
    let draft = draft(&body, &project_id, &context, &texts.faults).map_err(|faults| texts.validation(faults))?;
    let (keyed, now) = (key.is_some(), draft.created_at);
    let saved = within(&request, &context, context.episodes.save(EpisodeDraft { key, ..draft })).await?;
    // The first save keeps its time; one with another time was there before.
    let status = if keyed && saved.created_at != now { StatusCode::OK } else { StatusCode::CREATED };
    let id = utf8_percent_encode(&saved.id, SEGMENT);
    let url = format!("{}/{id}", request.path().trim_end_matches('/'));
    Ok(HttpResponse::build(status).insert_header((header::LOCATION, url)).json(saved))
}

fn draft<'a>(
    body: &'a Value,
    project_id: &'a str,
    context: &Context,
    texts: &'a FaultTexts,
) -> Result<EpisodeDraft, Vec<FieldFault>> {
    let mut fields = Fields::of(body, texts)?;
    let project = fields.check_text("projectId", project_id, 128);
    let project = fields.without_control("projectId", project);
    fields.nameable("projectId", project);
    let title = fields.required_text("title", 300);
    let title = fields.without_control("title", title);
    let prompt_snapshot = fields.text("promptSnapshot", 32_000).map(str::to_owned);
    let script = fields.object("script");
    let mut faults = fields.faults();
    let mut read = (None, None);
    if let Some(mut script) = script {
        read = (script.required_text("markdown", MAX_SCRIPT), script.integer("tokens", 0, i32::MAX as u32));
        faults.extend(script.faults());
    }
    let (Some(title), (Some(markdown), tokens), true) = (title, read, faults.is_empty()) else { return Err(faults) };
    Ok(EpisodeDraft {
        project_id: project_id.to_owned(),
        job_id: None,
        key: None,
        title: title.to_owned(),
        markdown: markdown.to_owned(),
        tokens: tokens.map(u64::from),
        prompt_snapshot,
        model: None,
        created_at: context.clock.now(),
    })
}

/// `GET`: one page of a project's episodes by number, or with `query` of those it is about.
pub(super) async fn list(
    request: HttpRequest,
    project_id: Path<String>,
    context: Data<Context>,
) -> Result<HttpResponse, ApiError> {
    check_project(&request, &project_id)?;
    let texts = language::texts(&request);
    let mut query = QueryFields::of(&request, &texts.faults);
    let limit = query.integer("limit", 1, 1000).unwrap_or(100);
    let offset = query.integer("offset", 0, u32::MAX).unwrap_or(0);
    let wanted = query.text("query", MAX_QUERY);
    let faults = query.faults();
    if !faults.is_empty() {
        return Err(texts.validation(faults));
    }
    let page = EpisodePage { limit, offset };
    let found = match wanted {
        Some(wanted) => context.episodes.search(&project_id, &wanted, page),
        None => context.episodes.list(&project_id, page),
    };
    let (episodes, total) = within(&request, &context, found).await?;
    Ok(fresh().json(ListBody { episodes, total }))
}

#[derive(Serialize)]
struct ListBody {
    episodes: Vec<EpisodeSummary>,
    total: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EpisodeBody {
    #[serde(flatten)]
    summary: EpisodeSummary,
    script: ScriptBody,
    prompt_snapshot: Option<String>,
}

#[derive(Serialize)]
struct ScriptBody {
    markdown: String,
    tokens: Option<u64>,
}

/// `GET …/{episodeId}`: the whole episode.
pub(super) async fn get(
    request: HttpRequest,
    path: Path<(String, String)>,
    context: Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let (project_id, id) = path.into_inner();
    check_project(&request, &project_id)?;
    let found = within(&request, &context, context.episodes.get(&project_id, &id)).await?;
    let episode = found.ok_or_else(|| language::texts(&request).episode_not_found())?;
    Ok(fresh().json(EpisodeBody {
        summary: episode.summary,
        script: ScriptBody { markdown: episode.markdown, tokens: episode.tokens },
        prompt_snapshot: episode.prompt_snapshot,
    }))
}

/// `DELETE …/{episodeId}`: its number stays taken.
pub(super) async fn delete(
    request: HttpRequest,
    path: Path<(String, String)>,
    context: Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let (project_id, id) = path.into_inner();
    check_project(&request, &project_id)?;
    if within(&request, &context, context.episodes.delete(&project_id, &id)).await? {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(language::texts(&request).episode_not_found())
}

/// A client that writes `..` as `%2E%2E` may reach it; every other one, and every proxy that normalises, would not.
fn check_project(request: &HttpRequest, project_id: &str) -> Result<(), ApiError> {
    if is_nameable(project_id) {
        return Ok(());
    }
    let texts = language::texts(request);
    let message = texts.faults.dot_segment.clone();
    Err(texts.validation(vec![FieldFault { field: "projectId", message }]))
}

fn fresh() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

/// What the store answers, if it does so in time.
async fn within<T>(
    request: &HttpRequest,
    context: &Context,
    answer: impl Future<Output = Result<T, EpisodeError>>,
) -> Result<T, ApiError> {
    let limit = context.episode_timeout;
    let answer = timeout(limit, answer).await;
    let answer = answer.unwrap_or_else(|_| Err(EpisodeError::Unavailable(format!("no answer within {limit:?}"))));
    answer.map_err(|error| language::texts(request).episode(&error))
}
