//! From settings to a running service and back: build, listen, wait for the end, go down without losing anything.

mod banner;
mod episodes;
mod failure;
mod listen;
mod logging;
mod models;
mod shutdown;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use actix_web::{rt::System, web::Data};
use generation_actors::{
    feed::{FeedContext, Meter},
    job::JobPorts,
    ports::{Alone, Clock as _, JobStore, SystemClock},
    registry::{Adopt, RegistryHandle, RegistryParts, claim_unfinished},
};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

pub use failure::Failure;
pub use logging::init_logging;

use crate::{
    config::Settings,
    http::{Context, Frames, Hosts, StreamSlots},
    locales::Locales,
    sqlite::Database,
    stores::SqliteJobs,
};

/// Below so many open files at once the service can hardly serve the readers it is made for.
const FEW_FILES: u64 = 10_240;
/// Reading the unfinished jobs back is bounded by `jobs.max_queued` and the disk; past this something is broken.
const RECOVERY: Duration = Duration::from_secs(120);

/// Runs the service until it is told to stop (SIGTERM, SIGINT) or cannot go on.
///
/// # Errors
/// It could not start, or one of its vital parts ended by itself. Accepted jobs are safe in either case.
pub fn run(settings: Settings) -> Result<(), Failure> {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit < FEW_FILES => log::warn!(
            "only {limit} files can be open at once, and every reader is one: raise the hard limit (`ulimit -Hn`)"
        ),
        Ok(_) => {}
        Err(error) => log::warn!("the limit of open files stays as it is: {error}"),
    }
    System::new().block_on(run_in_system(settings))
}

async fn run_in_system(settings: Settings) -> Result<(), Failure> {
    // Bound first: a port in use must not leave a data directory behind.
    let listener = listen::bind(&settings.server)?;
    let models = Arc::new(models::catalog(&settings)?);
    let database = Database::open(&settings.server.data_dir)?;
    let jobs: Arc<dyn JobStore> = Arc::new(SqliteJobs::new(database.clone()));
    let episodes = episodes::open(&settings.episodes, &database);
    let (clock, locales, meter) = (Arc::new(SystemClock), Locales::embedded(), Arc::new(Meter::default()));
    let frames = Arc::new(Frames::new(locales.clone()));

    let registry = RegistryHandle::start(RegistryParts {
        settings: settings.jobs.registry,
        ports: JobPorts { jobs: jobs.clone(), episodes: episodes.clone(), clock: clock.clone() },
        feeds: FeedContext { encoder: frames.clone(), meter: meter.clone(), peers: Arc::new(Alone) },
        models: models.clone(),
    });
    adopt(&registry, jobs.as_ref()).await?;

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
    shutdown::serve_until_told(server, &context, &database, &settings.server).await
}

/// Takes up the unfinished jobs of an earlier process before anybody can ask for them. The ended ones, however many, are
/// found by the registry while the service serves already.
async fn adopt(registry: &RegistryHandle, jobs: &dyn JobStore) -> Result<(), Failure> {
    let claimed =
        timeout(RECOVERY, claim_unfinished(jobs)).await.map_err(|_| Failure::RecoveryTimedOut(RECOVERY))??;
    if !claimed.is_empty() {
        log::info!("taking up {} unfinished jobs of an earlier run", claimed.len());
    }
    registry.adopt(Adopt(claimed)).await?;
    Ok(())
}
