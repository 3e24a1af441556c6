//! Takes settings to a running service and back: build, listen, wait, shut down without losing anything.

mod banner;
mod episodes;
mod failure;
mod listen;
mod logging;
mod models;
mod shutdown;
mod storage;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use actix_web::{rt::System, web::Data};
use generation_actors::{
    feed::{FeedContext, Meter},
    job::JobPorts,
    ports::{Clock as _, JobStore, SystemClock},
    registry::{Adopt, RegistryHandle, RegistryParts, claim_unfinished},
};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

pub use failure::Failure;
pub use logging::init_logging;

use self::storage::Storage;

use crate::{
    config::Settings,
    http::{Context, Frames, Hosts, StreamSlots},
    locales::Locales,
};

/// With fewer open files than this, the service cannot serve the number of readers it is made for.
const MIN_OPEN_FILES: u64 = 10_240;
/// Timeout of reading back the unfinished jobs. Normally `jobs.max_queued` and the disk bound it; past this, something
/// is broken.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(120);

/// Runs the service until it is told to stop (SIGTERM, SIGINT) or fails.
///
/// # Errors
/// It could not start, or a vital part ended on its own. Accepted jobs are safe in either case.
pub fn run(settings: Settings) -> Result<(), Failure> {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit < MIN_OPEN_FILES => log::warn!(
            "only {limit} files can be open at once, and every reader needs one: raise the hard limit (`ulimit -Hn`)"
        ),
        Ok(_) => {}
        Err(error) => log::warn!("could not raise the limit of open files: {error}"),
    }
    System::new().block_on(run_in_system(settings))
}

async fn run_in_system(settings: Settings) -> Result<(), Failure> {
    // Bound first: if the port is in use, no data directory is created.
    let listener = listen::bind(&settings.server)?;
    let models = Arc::new(models::catalog(&settings)?);
    let Storage { jobs, peers, node, database } = storage::open(&settings).await?;
    let episodes = episodes::open(&settings.episodes, database.as_ref());
    let (clock, locales, meter) = (Arc::new(SystemClock), Locales::embedded(), Arc::new(Meter::default()));
    let frames = Arc::new(Frames::new(locales.clone()));

    let registry = RegistryHandle::start(RegistryParts {
        settings: settings.jobs.registry,
        ports: JobPorts { jobs: jobs.clone(), episodes: episodes.clone(), clock: clock.clone() },
        feeds: FeedContext { encoder: frames.clone(), meter: meter.clone(), peers },
        models: models.clone(),
        node,
    });
    match node {
        Some(_) => join(&registry).await?,
        None => adopt(&registry, jobs.as_ref()).await?,
    }

    let started_at = clock.now();
    let context = Data::new(Context {
        server: settings.server.clone(),
        hosts: Hosts::allowed(&settings.server, &settings.cors),
        limits: settings.limits,
        sse: settings.sse.into(),
        stream_slots: StreamSlots::new(settings.sse.max_connections),
        writers: TaskTracker::new(),
        episode_timeout: settings.episodes.save_timeout,
        draining: AtomicBool::new(false),
        models,
        registry,
        jobs,
        episodes,
        clock,
        meter,
        locales,
        frames,
        started_at,
    });
    let address = listener.local_addr().map_err(Failure::Io)?;
    let server = listen::serve(listener, &settings, context.clone())?;
    banner::print(address, &settings);
    shutdown::serve_until_told(server, &context, database.as_ref(), &settings.server).await
}

/// Gives the registry the unfinished jobs of an earlier process, before any client can ask for them. The registry loads
/// the ended jobs, however many, while the service is already serving.
async fn adopt(registry: &RegistryHandle, jobs: &dyn JobStore) -> Result<(), Failure> {
    let claimed = timeout(RECOVERY_TIMEOUT, claim_unfinished(jobs))
        .await
        .map_err(|_| Failure::RecoveryTimedOut(RECOVERY_TIMEOUT))??;
    if !claimed.is_empty() {
        log::info!("continuing {} unfinished jobs of an earlier run", claimed.len());
    }
    registry.adopt(Adopt(claimed)).await?;
    Ok(())
}

/// Makes the registry one of several nodes, before any client can ask for their jobs.
async fn join(registry: &RegistryHandle) -> Result<(), Failure> {
    timeout(RECOVERY_TIMEOUT, registry.join()).await.map_err(|_| Failure::RecoveryTimedOut(RECOVERY_TIMEOUT))??;
    Ok(())
}
