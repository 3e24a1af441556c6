//! `GET /api/v1/generations/{jobId}/events`: which stream a reader gets.
//!
//! Nothing here writes that stream. The handler makes an [`EventStream`], which says *what* is sent, and leaves it to
//! [`takeover::respond`]: once all middleware has added its headers, `takeover::take_over` takes the connection's socket away
//! from actix-http and spawns a `StreamWriter`, the task that sends head and events until the stream or the client ends.

use std::sync::Arc;

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
    generations, language, query, takeover,
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
    let (clock, timing) = (context.clock.clone(), Arc::clone(&context.sse));
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
        return Ok(head_only());
    }
    let Some(slot) = context.stream_slots.take() else {
        log::warn!("{id}: a reader is sent away, since `sse.max_connections` event streams are open");
        return Ok(stream(&request, EventStream::cut(clock, timing)));
    };
    Ok(stream(&request, EventStream::reading(feed.subscribe(resume, mode), slot, clock, timing)))
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
    if request.method() == Method::HEAD {
        return head_only();
    }
    takeover::respond(head(), events)
}

fn head_only() -> HttpResponse {
    head().body(body::None::new())
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
