//! The sections for the HTTP server: `server`, `cors`, `limits`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use ipnet::IpNet;

use super::document::{Document, Faulty, Section};
use super::parse;
use super::parse_url;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Where and how the service listens.
#[derive(Debug, Clone)]
pub struct Server {
    /// The IP address or host name to listen on, without brackets.
    pub host: String,
    /// The TCP port; 0 picks a free one.
    pub port: u16,
    /// HTTP worker threads, at least 1.
    pub workers: usize,
    /// The start of absolute URLs in responses, without a trailing slash; `None` uses the host of the request.
    pub public_url: Option<String>,
    /// The folder for jobs and episodes, which need not exist yet.
    pub data_dir: PathBuf,
    /// Peers whose forwarding headers are trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// More host names that requests may use; checked only if not every origin is allowed.
    pub allowed_hosts: Vec<String>,
    /// How long after SIGTERM the service keeps serving, and reports that it is not ready, before the drain begins; up to 5 min.
    pub drain_delay: Duration,
    /// How long the drain may take, 10 ms–10 min.
    pub shutdown_timeout: Duration,
}

/// Which web pages may call the service.
#[derive(Debug, Clone)]
pub struct Cors {
    /// Whose pages may call.
    pub allowed_origins: AllowedOrigins,
}

/// The origins of web pages that may call the service.
#[derive(Debug, Clone, PartialEq)]
pub enum AllowedOrigins {
    /// Every page.
    Any,
    /// Pages of these origins, compared as text with the `Origin` header; none if empty.
    These(Vec<String>),
}

/// Bounds of requests and connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a request body, 1,024–16,777,216.
    pub max_body: usize,
    /// How long the head of a request may take to arrive, 1 s–1 h.
    pub head_timeout: Duration,
    /// How long the body of a request may take to arrive, 100 ms–1 h.
    pub body_timeout: Duration,
    /// How long a connection stays open between two requests, 1 s–1 h.
    pub keep_alive: Duration,
}

impl Server {
    pub(super) fn read(document: &mut Document) -> Result<Self, Faulty> {
        let mut section = document.section("server");
        let host = section.read("host", parse::host);
        let port = section.read("port", parse::integer(0..=u16::MAX));
        let workers = section.read("workers", parse::integer(0..=1024));
        let public_url = section.optional("public_url", parse_url::public_url);
        let data_dir = section.read("data_dir", parse::folder_to_be);
        let trusted_proxies = section.read("trusted_proxies", parse::list(parse::network));
        let allowed_hosts = section.read("allowed_hosts", parse::list(parse::host));
        let drain_delay = section.read("drain_delay", parse::duration(Duration::ZERO..=Duration::from_secs(300)));
        let shutdown_timeout =
            section.read("shutdown_timeout", parse::duration(Duration::from_millis(10)..=Duration::from_secs(600)));
        Ok(Self {
            host: host?,
            port: port?,
            workers: match workers? {
                0 => cores(),
                workers => workers,
            },
            public_url: public_url?,
            data_dir: data_dir?,
            trusted_proxies: trusted_proxies?,
            allowed_hosts: allowed_hosts?,
            drain_delay: drain_delay?,
            shutdown_timeout: shutdown_timeout?,
        })
    }
}

/// Threads that this process can run at once, at least 1.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

impl Cors {
    pub(super) fn read(document: &mut Document) -> Result<Self, Faulty> {
        Ok(Self { allowed_origins: allowed_origins(&mut document.section("cors"))? })
    }
}

fn allowed_origins(section: &mut Section<'_>) -> Result<AllowedOrigins, Faulty> {
    let written_at = section.origin_of("allowed_origins");
    let origins = section.read("allowed_origins", parse::list(parse_url::origin))?;
    if !origins.iter().any(|origin| origin == "*") {
        return Ok(AllowedOrigins::These(origins));
    }
    if origins.len() > 1 {
        let reason = "\"*\" allows every origin and must stand alone";
        return Err(section.fault("allowed_origins", None, written_at, reason.into()));
    }
    Ok(AllowedOrigins::Any)
}

impl Limits {
    pub(super) fn read(document: &mut Document) -> Result<Self, Faulty> {
        let mut section = document.section("limits");
        let max_body = section.read("max_body", parse::integer(1024..=16 * 1024 * 1024));
        // The HTTP server's clock is accurate to half a second.
        let head_timeout = section.read("head_timeout", parse::duration(SECOND..=HOUR));
        let body_timeout = section.read("body_timeout", parse::duration(Duration::from_millis(100)..=HOUR));
        let keep_alive = section.read("keep_alive", parse::duration(SECOND..=HOUR));
        Ok(Self {
            max_body: max_body?,
            head_timeout: head_timeout?,
            body_timeout: body_timeout?,
            keep_alive: keep_alive?,
        })
    }
}
