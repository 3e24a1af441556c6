//! Settings in the words of those who use them; `config` and they do not know each other.

use std::{num::NonZeroUsize, thread};

use generation_actors::{
    job::JobSettings,
    registry::{Bound, RegistrySettings},
};
use url::Url;

use crate::{
    config::{AllowedOrigins, OnRestart, Settings},
    http::{ConnectionLimits, Hosts, HttpOptions, StreamTiming},
};

pub(super) fn registry(settings: &Settings) -> RegistrySettings {
    let jobs = &settings.jobs;
    RegistrySettings {
        max_streaming: jobs.max_streaming,
        max_queued: jobs.max_queued,
        retention: jobs.retention,
        keep: Bound { jobs: jobs.keep, bytes: jobs.keep_bytes },
        resume: jobs.on_restart == OnRestart::Resume,
        arbiters: cores(),
        job: JobSettings {
            preview_interval: settings.sse.preview_interval,
            checkpoint_interval: jobs.checkpoint_interval,
            timeout: jobs.timeout,
            save_timeout: settings.episodes.save_timeout,
        },
    }
}

pub(super) fn http(settings: &Settings) -> HttpOptions {
    let sse = &settings.sse;
    HttpOptions {
        public_url: settings.server.public_url.clone(),
        trusted_proxies: settings.server.trusted_proxies.clone(),
        hosts: hosts(settings),
        max_body: settings.limits.max_body,
        body_timeout: settings.limits.body_timeout,
        max_streams: sse.max_connections as u64,
        timing: StreamTiming { heartbeat: sse.heartbeat, keep_alive: sse.keep_alive, retry: sse.retry },
        episode_timeout: settings.episodes.save_timeout,
    }
}

pub(super) fn connections(settings: &Settings) -> ConnectionLimits {
    ConnectionLimits { head: settings.limits.head_timeout, keep_alive: settings.limits.keep_alive }
}

/// The hosts that requests may be for; `None` is any, where every page may call anyway.
fn hosts(settings: &Settings) -> Option<Hosts> {
    let origins = origins(settings)?;
    let server = &settings.server;
    let urls: Vec<Url> = origins.iter().chain(&server.public_url).filter_map(|url| Url::parse(url).ok()).collect();
    let of_urls = urls.iter().filter_map(Url::host_str);
    let configured = server.allowed_hosts.iter().chain([&server.host]).map(String::as_str);
    Some(Hosts::new(of_urls.chain(configured)))
}

/// The origins whose pages may call; `None` is every origin.
pub(super) fn origins(settings: &Settings) -> Option<Vec<String>> {
    match &settings.cors.allowed_origins {
        AllowedOrigins::Any => None,
        AllowedOrigins::These(origins) => Some(origins.clone()),
    }
}

pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
