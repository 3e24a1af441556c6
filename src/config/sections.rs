//! The sections about the work itself: `sse`, `jobs`, `models`, `store`, `log`.

use std::path::PathBuf;
use std::time::Duration;

use log::LevelFilter;

use super::document::{Document, Faulty};
use super::fault::Origin;
use super::parse::{self, duration, integer};
use super::providers;

const SHORTEST: Duration = Duration::from_millis(10);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How events reach their readers.
#[derive(Debug, Clone, PartialEq)]
pub struct Sse {
    /// The least time between two previews of a job, 10 ms–1 min.
    pub preview_interval: Duration,
    /// The time between two `heartbeat` events, 10 ms–1 h.
    pub heartbeat: Duration,
    /// A stream idle for so long gets a comment line, 10 ms–1 h.
    pub keep_alive: Duration,
    /// What clients are told to wait before they reconnect, 10 ms–1 h.
    pub retry: Duration,
    /// A reader that takes nothing for so long is disconnected, 10 ms–1 h.
    pub write_timeout: Duration,
    /// Open streams at most; 0 is no limit.
    pub max_connections: usize,
}

/// How many jobs there may be and what becomes of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Jobs {
    /// How long a finished job is kept, 10 ms–365 d.
    pub retention: Duration,
    /// Finished jobs that are kept at most, 1–10,000,000.
    pub keep: usize,
    /// Bytes of the store that finished jobs take at most, 1 MiB–1 PiB.
    pub keep_bytes: u64,
    /// Jobs that stream at once, at least 1.
    pub max_streaming: usize,
    /// Jobs that wait at most, at least 1.
    pub max_queued: usize,
    /// How long one generation may take, 10 ms–7 d.
    pub timeout: Duration,
    /// What a restart does with jobs that were streaming.
    pub on_restart: OnRestart,
    /// The longest that written text waits for its checkpoint, 10 ms–1 min.
    pub checkpoint_interval: Duration,
}

/// What a restart does with jobs that were streaming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRestart {
    /// Takes them up again from their checkpoint.
    Resume,
    /// Ends them as failed, with their text kept.
    Fail,
}

/// Models and prompts in general; who serves which model is the providers' matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Models {
    /// The model of jobs that name none, which an active provider serves; `None` leaves it to the first active provider.
    pub default: Option<String>,
    /// A folder whose files replace the embedded prompt templates.
    pub prompts_dir: Option<PathBuf>,
}

/// Where jobs are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Store {
    /// What keeps them.
    pub kind: StoreKind,
}

/// What keeps the jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// An embedded database in the data folder.
    Sqlite,
}

/// What is logged.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// The least severe level that is logged.
    pub level: LevelFilter,
}

impl Sse {
    pub(super) fn read(document: &mut Document) -> Result<Self, Faulty> {
        let mut section = document.section("sse");
        let preview_interval = section.read("preview_interval", duration(SHORTEST..=MINUTE));
        let heartbeat = section.read("heartbeat", duration(SHORTEST..=HOUR));
        let keep_alive = section.read("keep_alive", duration(SHORTEST..=HOUR));
        let retry = section.read("retry", duration(SHORTEST..=HOUR));
        let write_timeout = section.read("write_timeout", duration(SHORTEST..=HOUR));
        let max_connections = section.read("max_connections", integer(0..=10_000_000));
        Ok(Self {
            preview_interval: preview_interval?,
            heartbeat: heartbeat?,
            keep_alive: keep_alive?,
            retry: retry?,
            write_timeout: write_timeout?,
            max_connections: max_connections?,
        })
    }
}

impl Jobs {
    pub(super) fn read(document: &mut Document) -> Result<Self, Faulty> {
        let mut section = document.section("jobs");
        let retention = section.read("retention", duration(SHORTEST..=365 * DAY));
        let keep = section.read("keep", integer(1..=10_000_000));
        let keep_bytes = section.read("keep_bytes", integer(1 << 20..=1 << 50));
        let max_streaming = section.read("max_streaming", integer(1..=1_000_000));
        let max_queued = section.read("max_queued", integer(1..=10_000_000));
        let timeout = section.read("timeout", duration(SHORTEST..=7 * DAY));
        let words = [("resume", OnRestart::Resume), ("fail", OnRestart::Fail)];
        let on_restart = section.read("on_restart", parse::one_of(&words));
        let checkpoint_interval = section.read("checkpoint_interval", duration(SHORTEST..=MINUTE));
        Ok(Self {
            retention: retention?,
            keep: keep?,
            keep_bytes: keep_bytes?,
            max_streaming: max_streaming?,
            max_queued: max_queued?,
            timeout: timeout?,
            on_restart: on_restart?,
            checkpoint_interval: checkpoint_interval?,
        })
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
    pub(super) fn read(document: &mut Document) -> Result<Self, Faulty> {
        let kinds = [("sqlite", StoreKind::Sqlite)];
        let kind = document.section("store").read("kind", parse::kind(&kinds, &["redis"]));
        Ok(Self { kind: kind? })
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
