//! `/api/v1/projects/{projectId}/episodes`: the saved scripts.

use std::future::Future;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path},
};
use deserr::Deserr;
use generation_actors::{
    model::Cause,
    ports::{EpisodeError, EpisodePage},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::timeout;

use super::{
    Context,
    answer::uncached,
    body::JsonBody,
    client_key::client_key,
    episode_request::EpisodeRequest,
    faults::{Faults, Fields},
    field::{Digits, Text},
    problem::Problem,
    project::{Project, ProjectSegment},
    query::Query,
    wire::{EpisodeBody, EpisodeListBody, EpisodeSummaryBody},
};

/// A script may be far larger than a request for one. The store has its own, smaller limit on the script itself.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// Every character that needs escaping in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// `POST`: saves a script from a client as the project's next episode. If the project has seen this `Idempotency-Key`
/// before, the answer is 200 with the episode saved then, whatever the body says.
pub(super) async fn create(
    request: HttpRequest,
    ProjectSegment(project): ProjectSegment,
    body: JsonBody<MAX_BODY>,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let now = context.clock.now();
    let key = client_key(&request)?;
    let keyed = key.is_some();
    let draft = body.with("projectId", project).read::<EpisodeRequest>()?.into_draft(key, now);
    let saved = within(&context, context.episodes.save(draft)).await?;
    // The first save fixes `created_at`, so a different time means that the episode existed before.
    let status = if keyed && saved.created_at != now { StatusCode::OK } else { StatusCode::CREATED };
    let id = utf8_percent_encode(&saved.id, SEGMENT);
    let url = format!("{}/{id}", request.path().trim_end_matches('/'));
    Ok(HttpResponse::build(status).insert_header((header::LOCATION, url)).json(EpisodeSummaryBody::from(saved)))
}

/// Query parameters of a list.
#[derive(Debug, Deserr)]
#[deserr(error = Faults)]
pub(super) struct ListQuery {
    #[deserr(default)]
    limit: Option<Digits<1, 1000>>,
    #[deserr(default)]
    offset: Option<Digits<0, { u32::MAX }>>,
    #[deserr(default)]
    query: Option<Text<1000>>,
}

impl Fields for ListQuery {
    const NAMES: &'static [&'static str] = &["limit", "offset", "query"];
}

/// `GET`: one page of a project's episodes by number, or with `query` of those that match it.
pub(super) async fn list(
    Project(project): Project,
    Query(wanted): Query<ListQuery>,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let page = EpisodePage {
        limit: wanted.limit.map_or(100, |Digits(limit)| limit),
        offset: wanted.offset.map_or(0, |Digits(offset)| offset),
    };
    let found = match wanted.query {
        Some(Text(query)) => context.episodes.search(&project, &query, page),
        None => context.episodes.list(&project, page),
    };
    let (episodes, total) = within(&context, found).await?;
    Ok(uncached().json(EpisodeListBody::new(episodes, total)))
}

/// `GET …/{episodeId}`: the complete episode.
pub(super) async fn get(
    Project(project): Project,
    path: Path<(String, String)>,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let (_, id) = path.into_inner();
    let episode = within(&context, context.episodes.get(&project, &id)).await?.ok_or(Problem::EpisodeNotFound)?;
    Ok(uncached().json(EpisodeBody::from(episode)))
}

/// `DELETE …/{episodeId}`. The number is not reused.
pub(super) async fn delete(
    Project(project): Project,
    path: Path<(String, String)>,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let (_, id) = path.into_inner();
    if within(&context, context.episodes.delete(&project, &id)).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::EpisodeNotFound)
    }
}

/// The store's answer, or `Unavailable` after the timeout.
async fn within<T>(
    context: &Context,
    answer: impl Future<Output = Result<T, EpisodeError>>,
) -> Result<T, EpisodeError> {
    let limit = context.episode_timeout;
    timeout(limit, answer)
        .await
        .unwrap_or_else(|_| Err(EpisodeError::Unavailable(Cause::from(format!("no answer within {limit:?}")))))
}
