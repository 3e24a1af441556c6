//! `GET /api/v1/generations/{jobId}/events`: which stream a reader gets.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, body,
    http::{Method, StatusCode, header},
    web::{Data, Path},
};
use generation_actors::feed::{LastEventId, Opening, PreviewMode, gone_frame, heartbeat_frame};

use super::{
    Context,
    error::{ApiError, FieldFault},
    event_stream::EventStream,
    generations, language, query,
};

/// The handler: 200 with a stream, 204 for a client that has everything, or an error on a first connect only, because
/// native `EventSource` gives up for good when a *re*connect is answered with one.
pub(super) async fn events(
    request: HttpRequest,
    id: Path<String>,
    context: Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let last = last_event_id(&request);
    let mode = preview_mode(&request, last)?;
    let (clock, timing) = (context.clock.clone(), context.sse);
    let feed = match (generations::find(&request, &context, &id).await, last) {
        (Ok(feed), _) => feed,
        (Err(error), None) => return Err(error),
        (Err(error), Some(_)) if !error.is_job_not_found() => {
            return Ok(stream(&request, EventStream::cut(clock, timing)));
        }
        (Err(_), Some(LastEventId::Gone)) => return Ok(stop()),
        (Err(error), Some(_)) => {
            return Ok(stream(&request, EventStream::only(gone_frame(&id, error.message()), clock, timing)));
        }
    };
    let resume = match feed.opening(last) {
        Opening::Subscribe(resume) => resume,
        Opening::MarkEnd => {
            let mark = heartbeat_frame(&feed.view(), None, clock.now(), Some(feed.epoch()));
            return Ok(stream(&request, EventStream::only(mark, clock, timing)));
        }
        Opening::Stop => return Ok(stop()),
    };
    if request.method() == Method::HEAD {
        return Ok(head().body(body::None::new()));
    }
    let most = context.sse.max_connections as u64;
    if most > 0 && context.meter.read().open >= most {
        log::warn!("{id}: a reader was sent away, {most} event streams are open");
        return Ok(stream(&request, EventStream::cut(clock, timing)));
    }
    Ok(stream(&request, EventStream::reading(feed.subscribe(resume, mode), clock, timing)))
}

/// The header, else the query; `None` is a first connect.
fn last_event_id(request: &HttpRequest) -> Option<LastEventId> {
    let of_header = request.headers().get("last-event-id").map(|value| value.to_str().unwrap_or("?").to_owned());
    let text = of_header.or_else(|| query::parameter(request, "lastEventId"))?;
    (!text.is_empty()).then(|| LastEventId::parse(&text))
}

fn preview_mode(request: &HttpRequest, last: Option<LastEventId>) -> Result<PreviewMode, ApiError> {
    match query::parameter(request, "preview").as_deref() {
        None | Some("full") => Ok(PreviewMode::Full),
        Some("delta") => Ok(PreviewMode::Delta),
        Some(_) if last.is_some() => Ok(PreviewMode::Full),
        Some(_) => {
            let texts = language::texts(request);
            let message = texts.faults.bad_preview.clone();
            Err(texts.validation(vec![FieldFault { field: "preview", message }]))
        }
    }
}

fn stop() -> HttpResponse {
    HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish()
}

fn stream(request: &HttpRequest, events: EventStream) -> HttpResponse {
    let mut response = head();
    if request.method() == Method::HEAD {
        return response.body(body::None::new());
    }
    let mut response = response.finish();
    // Whoever gets it writes it: the task that takes the connection over, or the HTTP server.
    response.extensions_mut().insert(events);
    response
}

fn head() -> HttpResponseBuilder {
    let mut response = HttpResponse::build(StatusCode::OK);
    response
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-cache, no-transform"))
        // nginx buffers answers unless told otherwise.
        .insert_header(("x-accel-buffering", "no"));
    response
}
