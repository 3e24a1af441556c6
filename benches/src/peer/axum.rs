//! Event streams as axum's users write them: a watch channel per channel, each reader an `Sse` over it.

use std::{
    collections::HashMap,
    convert::Infallible,
    net,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    response::sse::{Event, Sse},
    routing::{get, post},
};
use tokio::{net::TcpListener, runtime::Runtime, sync::watch};
use tokio_stream::{Stream, StreamExt as _, wrappers::WatchStream};

/// The newest event of a channel; number 0 is none yet.
#[derive(Debug, Clone, Default)]
struct Newest {
    number: u64,
    data: Arc<str>,
}

#[derive(Debug, Default)]
struct Channels(Mutex<HashMap<String, watch::Sender<Newest>>>);

impl Channels {
    fn subscribe(&self, channel: String) -> watch::Receiver<Newest> {
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        channels.entry(channel).or_default().subscribe()
    }

    fn publish(&self, channel: &str, data: &Arc<str>) {
        let mut channels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        channels.entry(channel.to_owned()).or_default().send_modify(|newest| {
            newest.number += 1;
            newest.data = Arc::clone(data);
        });
    }
}

async fn events(
    State(channels): State<Arc<Channels>>,
    Path(channel): Path<String>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let newest = WatchStream::new(channels.subscribe(channel));
    Sse::new(
        newest
            .filter(|newest| newest.number > 0)
            .map(|newest| Ok(Event::default().id(newest.number.to_string()).event("preview").data(newest.data))),
    )
}

async fn publish(State(channels): State<Arc<Channels>>, Path(names): Path<String>, body: String) -> StatusCode {
    let data = Arc::from(body);
    for channel in names.split(',') {
        channels.publish(channel, &data);
    }
    StatusCode::NO_CONTENT
}

/// Serves until the process is killed.
pub(super) fn run(listener: net::TcpListener) -> Result<()> {
    let app = Router::new()
        .route("/events/{channel}", get(events))
        .route("/publish/{channels}", post(publish))
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::new(Channels::default()));
    Runtime::new()?.block_on(async { Ok(axum::serve(TcpListener::from_std(listener)?, app).await?) })
}
