//! The streams of the service: made at the first start, checked at every later one.

use std::{collections::HashMap, time::Duration};

use async_nats::{
    Client,
    jetstream::{
        self,
        context::GetStreamError,
        stream::{self, Config, DiscardPolicy, Republish, RetentionPolicy, StorageType},
    },
};
use chrono::Utc;
use derive_more::{Display, Error};
use tokio::time::{Instant, sleep};

use super::{engine::ATTEMPT, subjects::Subjects};
use crate::config::NatsStore;

/// The oldest server whose batches are atomic and whose leases are kept.
const OLDEST: (i64, i64, i64) = (2, 12, 0);
/// How long a start waits for an engine that elects a leader.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(200);
/// Who made a stream, so that nobody writes into another program's.
const MADE_BY: &str = "made_by";
const OURS: &str = "generation-service";
/// Room for ten thousand beats. The engine reserves it.
const NODES_BYTES: i64 = 4 << 20;

/// Why the engine cannot be used.
#[derive(Debug, Display, Error)]
pub(crate) enum Unusable {
    /// It is too old.
    #[display("NATS server {version} is too old: at least {}.{}.{} is needed", OLDEST.0, OLDEST.1, OLDEST.2)]
    TooOld {
        /// What it says of itself.
        version: String,
    },
    /// It has no JetStream.
    #[display("this NATS server has no JetStream; start it with -js, or with a `jetstream` block in its configuration")]
    NoJetStream,
    /// The names are taken.
    #[display("stream {stream} on the NATS server is not this service's; give the service another store.prefix")]
    Foreign {
        /// Its name.
        stream: String,
    },
    /// It failed.
    #[display("stream {stream} cannot be used: {cause}")]
    Failed {
        /// Its name.
        stream: String,
        /// What the engine said last.
        #[error(not(source))]
        cause: String,
    },
}

/// A stream that is there.
pub(super) struct Stream {
    pub(super) name: String,
    pub(super) handle: stream::Stream<()>,
}

/// What a service stores.
pub(super) struct Streams {
    pub(super) jobs: Stream,
    pub(super) nodes: Stream,
}

/// Returns the streams; makes those that are not there.
pub(super) async fn open(client: &Client, settings: &NatsStore, subjects: &Subjects) -> Result<Streams, Unusable> {
    let server = client.server_info();
    if !client.is_server_compatible(OLDEST.0, OLDEST.1, OLDEST.2) {
        return Err(Unusable::TooOld { version: server.version });
    }
    if !server.jetstream {
        return Err(Unusable::NoJetStream);
    }
    let jobs = open_one(client, jobs(settings, subjects)).await?;
    let nodes = open_one(client, nodes(settings, subjects)).await?;
    Ok(Streams { jobs, nodes })
}

async fn open_one(client: &Client, config: Config) -> Result<Stream, Unusable> {
    let mut context = jetstream::new(client.clone());
    context.set_timeout(ATTEMPT);
    let name = config.name.clone();
    let deadline = Instant::now() + PATIENCE;
    // A server is healthy before its cluster has a leader, and two nodes may begin at the same time.
    loop {
        let cause = match context.get_or_create_stream(config.clone()).await {
            Ok(stream) => {
                let found = &stream.cached_info().config;
                let ours = found.metadata.get(MADE_BY).map(String::as_str) == Some(OURS);
                if !ours || found.subjects != config.subjects {
                    return Err(Unusable::Foreign { stream: name });
                }
                if found.num_replicas != config.num_replicas || found.max_age != config.max_age {
                    log::warn!("stream {name} was made with another store.replicas or store.lease, which it keeps");
                }
                let handle = context.get_stream_no_info(&name).await;
                let failed =
                    |error: GetStreamError| Unusable::Failed { stream: name.clone(), cause: error.to_string() };
                return Ok(Stream { handle: handle.map_err(failed)?, name });
            }
            Err(error) => error.to_string(),
        };
        if Instant::now() > deadline {
            return Err(Unusable::Failed { stream: name, cause });
        }
        log::debug!("stream {name} is not there yet: {cause}");
        sleep(PAUSE).await;
    }
}

fn jobs(settings: &NatsStore, subjects: &Subjects) -> Config {
    let (source, destination) = subjects.republish();
    Config {
        name: subjects.stream(),
        description: Some("Jobs of the generation service: heads, texts and idempotency keys".into()),
        subjects: subjects.stored(),
        storage: StorageType::File,
        num_replicas: settings.replicas,
        retention: RetentionPolicy::Limits,
        max_bytes: i64::try_from(settings.max_bytes).unwrap_or(i64::MAX),
        // An old job never makes room for a new one.
        discard: DiscardPolicy::New,
        allow_direct: true,
        allow_message_ttl: true,
        allow_rollup: true,
        allow_atomic_publish: true,
        republish: Some(Republish { source, destination, headers_only: false }),
        // Sequences never begin again, even if the stream is lost and made anew.
        first_sequence: u64::try_from(Utc::now().timestamp_micros()).ok(),
        metadata: ours(),
        ..Config::default()
    }
}

fn nodes(settings: &NatsStore, subjects: &Subjects) -> Config {
    Config {
        name: subjects.nodes_stream(),
        description: Some("Nodes of the generation service that live".into()),
        subjects: vec![subjects.beats()],
        storage: StorageType::Memory,
        num_replicas: settings.replicas,
        max_age: settings.lease,
        max_messages_per_subject: 1,
        max_bytes: NODES_BYTES,
        allow_direct: true,
        metadata: ours(),
        ..Config::default()
    }
}

fn ours() -> HashMap<String, String> {
    [(MADE_BY.to_owned(), OURS.to_owned())].into()
}
