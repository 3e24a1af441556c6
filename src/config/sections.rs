//! The sections about the work itself: `sse`, `jobs`, `models`, `store`, `log`.

use std::path::PathBuf;
use std::time::Duration;

use generation_actors::{
    job::JobSettings,
    registry::{Bound, RegistrySettings},
};
use log::LevelFilter;

use super::document::{Document, Faulty};
use super::fault::Origin;
use super::nats::NatsStore;
use super::parse::{self, duration, integer};
use super::providers;
use super::server::cores;
use super::variables::Environment;

const SHORTEST: Duration = Duration::from_millis(10);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How events reach their readers.
#[derive(Debug, Clone, Copy)]
pub struct Sse {
    /// The time between two `heartbeat` events, 10 ms–1 h.
    pub heartbeat: Duration,
    /// A stream that has been idle for this long gets a comment line, 10 ms–1 h.
    pub keep_alive: Duration,
    /// How long clients are told to wait before they reconnect, 10 ms–1 h.
    pub retry: Duration,
    /// A reader that takes nothing for this long is disconnected, 10 ms–1 h.
    pub write_timeout: Duration,
    /// The most streams that may be open; 0 is no limit.
    pub max_connections: usize,
}

/// How many jobs there may be, how they run and how long they are kept.
#[derive(Debug, Clone, Copy)]
pub struct Jobs {
    /// What the registry takes, with the preview interval of `[sse]` and the save timeout of `[episodes]`.
    pub registry: RegistrySettings,
}

/// The default model and the prompts. Which provider serves which model is up to the providers.
#[derive(Debug, Clone)]
pub struct Models {
    /// The model for jobs that name none, served by an active provider; `None` leaves it to the first active provider.
    pub default: Option<String>,
    /// A folder with prompt templates that replace the embedded ones.
    pub prompts_dir: Option<PathBuf>,
}

/// Where jobs are kept.
#[derive(Debug, Clone)]
pub struct Store {
    /// What keeps them.
    pub kind: StoreKind,
}

/// What keeps the jobs.
#[derive(Debug, Clone)]
pub enum StoreKind {
    /// An embedded database in the data folder.
    Sqlite,
    /// NATS JetStream, shared with other instances.
    Nats(Box<NatsStore>),
}

/// What is logged.
#[derive(Debug, Clone)]
pub struct Log {
    /// The least severe level that is logged.
    pub level: LevelFilter,
}

impl Sse {
    /// The section, and the shortest time between two previews of a job.
    pub(super) fn read(document: &mut Document) -> Result<(Self, Duration), Faulty> {
        let mut section = document.section("sse");
        let preview_interval = section.read("preview_interval", duration(SHORTEST..=MINUTE));
        let heartbeat = section.read("heartbeat", duration(SHORTEST..=HOUR));
        let keep_alive = section.read("keep_alive", duration(SHORTEST..=HOUR));
        let retry = section.read("retry", duration(SHORTEST..=HOUR));
        let write_timeout = section.read("write_timeout", duration(SHORTEST..=HOUR));
        let max_connections = section.read("max_connections", integer(0..=10_000_000));
        let preview_interval = preview_interval?;
        let sse = Self {
            heartbeat: heartbeat?,
            keep_alive: keep_alive?,
            retry: retry?,
            write_timeout: write_timeout?,
            max_connections: max_connections?,
        };
        Ok((sse, preview_interval))
    }
}

impl Jobs {
    /// Reads the section, and adds the times of a job that stand in other sections; `None` is a faulty one.
    pub(super) fn read(
        document: &mut Document,
        preview_interval: Option<Duration>,
        save_timeout: Option<Duration>,
    ) -> Result<Self, Faulty> {
        let mut section = document.section("jobs");
        let retention = section.read("retention", duration(SHORTEST..=365 * DAY));
        let keep = section.read("keep", integer(1..=10_000_000));
        let keep_bytes = section.read("keep_bytes", integer(1 << 20..=1 << 50));
        let max_streaming = section.read("max_streaming", integer(1..=1_000_000));
        let max_queued = section.read("max_queued", integer(1..=10_000_000));
        let timeout = section.read("timeout", duration(SHORTEST..=7 * DAY));
        let words = [("resume", true), ("fail", false)];
        let resume = section.read("on_restart", parse::one_of(&words));
        let max_attempts = section.read("max_attempts", integer(1..=1000));
        let checkpoint_interval = section.read("checkpoint_interval", duration(SHORTEST..=MINUTE));
        let job = JobSettings {
            preview_interval: preview_interval.ok_or(Faulty)?,
            checkpoint_interval: checkpoint_interval?,
            timeout: timeout?,
            save_timeout: save_timeout.ok_or(Faulty)?,
            // The registry knows.
            shared: false,
        };
        let registry = RegistrySettings {
            max_streaming: max_streaming?,
            max_queued: max_queued?,
            retention: retention?,
            keep: Bound { jobs: keep?, bytes: keep_bytes? },
            resume: resume?,
            max_attempts: max_attempts?,
            arbiters: cores(),
            job,
        };
        Ok(Self { registry })
    }
}

impl Models {
    /// The section, and where its default model was written.
    pub(super) fn read(document: &mut Document) -> Result<(Self, Origin), Faulty> {
        let mut section = document.section("models");
        let written_at = section.origin_of("default");
        let default = section.optional("default", providers::model_name);
        let prompts_dir = section.optional("prompts_dir", parse::existing_folder);
        Ok((Self { default: default?, prompts_dir: prompts_dir? }, written_at))
    }
}

impl Store {
    pub(super) fn read(document: &mut Document, environment: &Environment) -> Result<Self, Faulty> {
        let mut section = document.section("store");
        let kinds = [("sqlite", false), ("nats", true)];
        let shared = section.read("kind", parse::kind(&kinds, &["redis"]));
        let nats = NatsStore::read(&mut section, environment, shared == Ok(true));
        shared?;
        Ok(Self { kind: nats?.map_or(StoreKind::Sqlite, |nats| StoreKind::Nats(Box::new(nats))) })
    }
}

impl Log {
    pub(super) fn read(document: &mut Document) -> Result<Self, Faulty> {
        let levels = [
            ("off", LevelFilter::Off),
            ("error", LevelFilter::Error),
            ("warn", LevelFilter::Warn),
            ("info", LevelFilter::Info),
            ("debug", LevelFilter::Debug),
            ("trace", LevelFilter::Trace),
        ];
        Ok(Self { level: document.section("log").read("level", parse::one_of(&levels))? })
    }
}
