//! The stream of the jobs: made at the first start, checked at every later one.

use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{
        self,
        stream::{Config, DiscardPolicy, Republish, RetentionPolicy, StorageType, Stream},
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
const MADE_BY: &str = "generation-service";

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

/// Returns the stream of the jobs; makes it if it is not there.
pub(super) async fn open(client: &Client, settings: &NatsStore, subjects: &Subjects) -> Result<Stream<()>, Unusable> {
    let server = client.server_info();
    if !client.is_server_compatible(OLDEST.0, OLDEST.1, OLDEST.2) {
        return Err(Unusable::TooOld { version: server.version });
    }
    if !server.jetstream {
        return Err(Unusable::NoJetStream);
    }
    let mut context = jetstream::new(client.clone());
    context.set_timeout(ATTEMPT);
    let name = subjects.stream();
    let deadline = Instant::now() + PATIENCE;
    // A server is healthy before its cluster has a leader, and two nodes may begin at the same time.
    loop {
        let cause = match context.get_or_create_stream(config(settings, subjects)).await {
            Ok(stream) => {
                let found = &stream.cached_info().config;
                if found.metadata.get("made_by").map(String::as_str) != Some(MADE_BY)
                    || found.subjects != subjects.stored()
                {
                    return Err(Unusable::Foreign { stream: name });
                }
                return context
                    .get_stream_no_info(&name)
                    .await
                    .map_err(|error| Unusable::Failed { stream: name, cause: error.to_string() });
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

fn config(settings: &NatsStore, subjects: &Subjects) -> Config {
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
        metadata: [("made_by".to_owned(), MADE_BY.to_owned())].into(),
        ..Config::default()
    }
}
