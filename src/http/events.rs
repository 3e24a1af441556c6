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
use generation_actors::feed::{LastEventId, Opening, PreviewMode};

use super::{
    Context, event_stream::EventStream, language::Language, problem::Problem, query, rule::Rule, takeover, wire::Frames,
};

/// The handler: 200 with a stream, 204 for a client that has everything, or an error on a first connect only, because
/// native `EventSource` gives up for good when a *re*connect is answered with one.
pub(super) async fn events(
    request: HttpRequest,
    id: Path<String>,
    Language(locale): Language,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let last = last_event_id(&request);
    let mode = preview_mode(&request, last)?;
    let (clock, timing) = (context.clock.clone(), Arc::clone(&context.sse));
    let feed = match (context.find(&id).await, last) {
        (Ok(feed), _) => feed,
        (Err(problem), None) => return Err(problem),
        (Err(Problem::JobNotFound), Some(LastEventId::Gone)) => return Ok(stop()),
        (Err(Problem::JobNotFound), Some(_)) => {
            return Ok(stream(&request, EventStream::only(context.frames.gone(&id, locale), clock, timing)));
        }
        (Err(problem), Some(_)) => {
            log::error!("{id}: a reader is sent away: {problem}");
            return Ok(stream(&request, EventStream::cut(clock, timing)));
        }
    };
    let resume = match feed.opening(last) {
        Opening::Subscribe(resume) => resume,
        Opening::MarkEnd => {
            let mark = Frames::heartbeat(&feed.view(), clock.now(), Some(feed.epoch()));
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
    let (subscription, frames) = (feed.subscribe(resume, mode), Arc::clone(&context.frames));
    Ok(stream(&request, EventStream::reading(subscription, slot, frames, clock, timing)))
}

/// The header, else the query; `None` is a first connect.
fn last_event_id(request: &HttpRequest) -> Option<LastEventId> {
    let of_header = request.headers().get("last-event-id").map(|value| value.to_str().unwrap_or("?").to_owned());
    let text = of_header.or_else(|| query::parameter(request, "lastEventId"))?;
    (!text.is_empty()).then(|| LastEventId::parse(&text))
}

fn preview_mode(request: &HttpRequest, last: Option<LastEventId>) -> Result<PreviewMode, Problem> {
    match query::parameter(request, "preview").as_deref() {
        None | Some("full") => Ok(PreviewMode::Full),
        Some("delta") => Ok(PreviewMode::Delta),
        Some(_) if last.is_some() => Ok(PreviewMode::Full),
        Some(_) => Err(Problem::fault("preview", Rule::PreviewMode)),
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
