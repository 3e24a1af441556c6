//! `/api/v1/generations`: create, look up, list, cancel.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path, Payload},
};
use generation_actors::{directory::ListActive, feed::Feed, job::StatusBody, model::{IdempotencyKey, JobId, Status}, registry::{CreateJob, Created, SaveAnswer}};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Context, body,
    create_request::CreateRequest,
    error::{ApiError, FieldFault},
    language,
    query::{self, QueryFields},
    urls::JobUrls,
};

/// `POST /api/v1/generations`
pub(super) async fn create(
    request: HttpRequest,
    payload: Payload,
    context: Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let texts = language::texts(&request);
    let body = body::json(&request, payload, context.limits.max_body, &context.limits).await?;
    let idempotency = idempotency_key(&request, &body)?;
    let order = CreateRequest::read(&body, &texts.faults).map_err(|faults| texts.validation(faults))?;
    let Some(model) = order.model.as_deref().or_else(|| context.models.default_model()) else {
        return Err(texts.no_default_model(&context.models.offer()));
    };
    let route = context.models.route(model).map_err(|unknown| texts.unknown_model(&unknown))?;
    let brief = order.into_brief(route.model, language::locale(&request));
    let job = CreateJob { brief, generator: route.generator, idempotency };
    let answer = context.registry.create(job).await.map_err(|gone| texts.registry_gone(gone))?;
    let created = answer.map_err(|error| texts.create(&error))?;
    Ok(created_response(&request, &context, &created))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreatedBody<'a> {
    job_id: JobId,
    status: Status,
    sse_url: &'a str,
    cancel_url: &'a str,
    project_id: &'a str,
    episode_number: Option<u32>,
    title: &'a str,
    estimated_duration: u64,
}

fn created_response(request: &HttpRequest, context: &Context, created: &Created) -> HttpResponse {
    let view = created.feed.view();
    let urls = JobUrls::new(request, &context.server, view.id);
    let status = if created.existing { StatusCode::OK } else { StatusCode::CREATED };
    HttpResponse::build(status).insert_header((header::LOCATION, urls.job.as_str())).json(CreatedBody {
        job_id: view.id,
        // A job may be streaming before this is written; it was queued when it was created.
        status: if created.existing { view.status } else { Status::Queued },
        sse_url: &urls.events,
        cancel_url: &urls.job,
        project_id: &view.brief.project_id,
        episode_number: view.brief.episode_number,
        title: &view.brief.title,
        estimated_duration: created.estimated_seconds,
    })
}

/// Tells bodies apart by what they say, not by their spacing; the name is fixed, so digests outlive restarts.
const BODY_DIGESTS: Uuid = Uuid::from_u128(0x5f0c_4d0e_7c52_4a53_9a4e_2d6c_7b1f_9e11);

fn idempotency_key(request: &HttpRequest, body: &Value) -> Result<Option<IdempotencyKey>, ApiError> {
    let Some(key) = client_key(request)? else { return Ok(None) };
    let body_digest = Uuid::new_v5(&BODY_DIGESTS, body.to_string().as_bytes()).to_string();
    Ok(Some(IdempotencyKey { key, body_digest }))
}

/// The request's `Idempotency-Key`, if it has one.
///
/// # Errors
/// It is not 1–255 visible ASCII characters.
pub(super) fn client_key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|b| b.is_ascii_graphic()) {
        let texts = language::texts(request);
        let message = texts.faults.bad_key.clone();
        return Err(texts.validation(vec![FieldFault { field: "Idempotency-Key", message }]));
    }
    Ok(Some(key.to_owned()))
}

/// Looks up the job that a path names.
pub(super) async fn find(request: &HttpRequest, context: &Context, id: &str) -> Result<Feed, ApiError> {
    let texts = language::texts(request);
    let id: JobId = id.parse().map_err(|_| texts.job_not_found())?;
    let feed = context.registry.find(id).await.map_err(|error| texts.find(&error))?;
    feed.ok_or_else(|| texts.job_not_found())
}

/// `GET /api/v1/generations/{jobId}`
pub(super) async fn status(
    request: HttpRequest,
    id: Path<String>,
    context: Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let feed = find(&request, &context, &id).await?;
    let view = feed.view();
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(view.status_body(feed.wording(), feed.queue_position())))
}

/// `GET /api/v1/generations/{jobId}/script`
pub(super) async fn script(
    request: HttpRequest,
    id: Path<String>,
    context: Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let (text, version) = find(&request, &context, &id).await?.text();
    let etag = header::EntityTag::new_strong(version);
    let known = match <header::IfNoneMatch as header::Header>::parse(&request) {
        Ok(header::IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&etag)),
        Ok(header::IfNoneMatch::Any) => true,
        Err(_) => false,
    };
    let mut response = HttpResponse::build(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response.insert_header(header::ETag(etag)).insert_header((header::CACHE_CONTROL, "no-cache"));
    Ok(if known { response.finish() } else { response.content_type("text/markdown; charset=utf-8").body(text) })
}

/// `POST /api/v1/generations/{jobId}/episode`: tries now to save a script that is not an episode yet.
pub(super) async fn save_now(
    request: HttpRequest,
    id: Path<String>,
    context: Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let texts = language::texts(&request);
    let feed = find(&request, &context, &id).await?;
    let view = feed.view();
    let answer = context.registry.save_now(view.id).await.map_err(|gone| texts.registry_gone(gone))?;
    let status = match answer {
        Some(SaveAnswer::Tried) => StatusCode::ACCEPTED,
        Some(SaveAnswer::Saved) => StatusCode::OK,
        Some(SaveAnswer::NoScript) => return Err(texts.no_script(feed.view().status)),
        None => return Err(texts.job_not_found()),
    };
    Ok(HttpResponse::build(status).json(view.status_body(feed.wording(), feed.queue_position())))
}

/// `DELETE /api/v1/generations/{jobId}`
pub(super) async fn cancel(
    request: HttpRequest,
    id: Path<String>,
    context: Data<Context>,
) -> Result<HttpResponse, ApiError> {
    if let Ok(id) = id.parse() {
        let texts = language::texts(&request);
        context.registry.cancel(id).await.map_err(|gone| texts.registry_gone(gone))?;
    }
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Serialize)]
struct ActiveBody<'a> {
    jobs: Vec<StatusBody<'a>>,
    total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// `GET /api/v1/generations/active`
pub(super) async fn active(request: HttpRequest, context: Data<Context>) -> Result<HttpResponse, ApiError> {
    let page = context.registry.active(&list_active(&request)?);
    let jobs = page.jobs.iter().map(|(feed, view)| view.status_body(feed.wording(), feed.queue_position())).collect();
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(ActiveBody {
        jobs,
        total: page.total,
        cursor: page.next.map(|next| next.to_string()),
    }))
}

fn list_active(request: &HttpRequest) -> Result<ListActive, ApiError> {
    let texts = language::texts(request);
    let mut query = QueryFields::of(request, &texts.faults);
    let limit = query.integer("limit", 1, 1000).unwrap_or(100) as usize;
    let before = query.parsed("cursor", &texts.faults.bad_cursor);
    let faults = query.faults();
    if !faults.is_empty() {
        return Err(texts.validation(faults));
    }
    Ok(ListActive { project: query::parameter(request, "projectId"), limit, before })
}
