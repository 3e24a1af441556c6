//! `/api/v1/generations`: create, look up, list and cancel jobs.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, EntityTag, Header as _, IfNoneMatch},
    },
    web::{Data, Path},
};
use deserr::Deserr;
use generation_actors::{
    directory::ListActive,
    model::{IdempotencyKey, Status},
    registry::{CreateJob, Created, SaveAnswer},
};

use super::{
    Context,
    answer::uncached,
    body::JsonBody,
    client_key::client_key,
    create_request::CreateRequest,
    faults::{Faults, Fields},
    field::{Cursor, Digits},
    language::Language,
    problem::Problem,
    query::Query,
    urls::JobUrls,
    wire::{ActiveBody, CreatedBody, StatusBody},
};

/// `POST /api/v1/generations`
pub(super) async fn create(
    request: HttpRequest,
    body: JsonBody,
    Language(locale): Language,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let idempotency = client_key(&request)?.map(|key| IdempotencyKey { key, body_digest: body.digest() });
    let order: CreateRequest = body.read()?;
    let Some(model) = order.model().or_else(|| context.models.default_model()) else {
        return Err(Problem::NoDefaultModel(context.models.offer()));
    };
    let route = context.models.route(model)?;
    let brief = order.into_brief(route.model, locale);
    let created = context.registry.create(CreateJob { brief, generator: route.generator, idempotency }).await??;
    Ok(created_response(&request, &context, &created))
}

fn created_response(request: &HttpRequest, context: &Context, created: &Created) -> HttpResponse {
    let view = created.feed.view();
    let JobUrls { job, events } = JobUrls::new(request, &context.server, view.id);
    // The job may be streaming before this is written, but the answer shows it as created: queued.
    let (code, status) =
        if created.existing { (StatusCode::OK, view.status) } else { (StatusCode::CREATED, Status::Queued) };
    let body = CreatedBody::new(&view, status, &events, &job, created.estimated_seconds);
    HttpResponse::build(code).insert_header((header::LOCATION, job.as_str())).json(body)
}

/// `GET /api/v1/generations/{jobId}`
pub(super) async fn status(id: Path<String>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let view = context.find(&id).await?.view();
    Ok(uncached().json(StatusBody::new(&view, &context.locales)))
}

/// `GET /api/v1/generations/{jobId}/script`
pub(super) async fn script(
    request: HttpRequest,
    id: Path<String>,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let (text, version) = context.find(&id).await?.text();
    let etag = EntityTag::new_strong(version);
    let known = match IfNoneMatch::parse(&request) {
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&etag)),
        Ok(IfNoneMatch::Any) => true,
        Err(_) => false,
    };
    let mut response = HttpResponse::build(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response.insert_header(header::ETag(etag)).insert_header((header::CACHE_CONTROL, "no-cache"));
    Ok(if known {
        response.finish()
    } else {
        response.content_type("text/markdown; charset=utf-8").body(String::clone(&text))
    })
}

/// `POST /api/v1/generations/{jobId}/episode`: retries at once to save a script that is not an episode yet.
pub(super) async fn save_now(id: Path<String>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let feed = context.find(&id).await?;
    let status = match context.registry.save_now(feed.view().id).await? {
        Some(SaveAnswer::Tried) => StatusCode::ACCEPTED,
        Some(SaveAnswer::Saved) => StatusCode::OK,
        Some(SaveAnswer::NoScript) => return Err(Problem::NoScript(feed.view().status)),
        None => return Err(Problem::JobNotFound),
    };
    let view = context.find(&id).await?.view();
    Ok(HttpResponse::build(status).json(StatusBody::new(&view, &context.locales)))
}

/// `DELETE /api/v1/generations/{jobId}`
pub(super) async fn cancel(id: Path<String>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    // An unknown id needs no canceling.
    if let Ok(id) = id.parse() {
        context.registry.cancel(id).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Query parameters of `GET /api/v1/generations/active`.
#[derive(Debug, Deserr)]
#[deserr(error = Faults, rename_all = camelCase)]
pub(super) struct ActiveQuery {
    #[deserr(default)]
    limit: Option<Digits<1, 1000>>,
    #[deserr(default)]
    cursor: Option<Cursor>,
    #[deserr(default)]
    project_id: Option<String>,
}

impl Fields for ActiveQuery {
    const NAMES: &'static [&'static str] = &["limit", "cursor", "projectId"];
}

/// `GET /api/v1/generations/active`
pub(super) async fn active(Query(query): Query<ActiveQuery>, context: Data<Context>) -> HttpResponse {
    let page = context.registry.active(&ListActive {
        project: query.project_id,
        limit: query.limit.map_or(100, |Digits(limit)| limit) as usize,
        before: query.cursor.map(|Cursor(cursor)| cursor),
    });
    let jobs = page.jobs.iter().map(|(_, view)| StatusBody::new(view, &context.locales)).collect();
    uncached().json(ActiveBody { jobs, total: page.total, cursor: page.next.map(|next| next.to_string()) })
}
