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
use generation_actors::{feed::{FeedContext, Meter}, job::JobPorts, ports::{Clock as _, JobStore, ModelCatalog, SystemClock}, registry::{Adopt, JobRegistry, RegistryHandle, RegistryParts}};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

pub use failure::Failure;
pub use logging::init_logging;

use crate::{
    config::{OnRestart, Settings},
    http::{Context, Hosts, StreamSlots},
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

    let registry = JobRegistry::start_new(RegistryParts {
        settings: settings.jobs.registry,
        ports: JobPorts { jobs: jobs.clone(), episodes: episodes.clone(), clock: clock.clone() },
        feeds: FeedContext { wording: locales.wording.clone(), meter: meter.clone() },
    });
    adopt(&registry, jobs.as_ref(), models.as_ref(), settings.jobs.on_restart).await?;

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
        models: models.clone(),
        registry,
        jobs,
        episodes,
        clock,
        meter,
        locales,
        started_at,
    });
    let address = listener.local_addr().map_err(Failure::Io)?;
    let server = listen::serve(listener, &settings, context.clone())?;
    banner::print(address, &settings);
    shutdown::serve_until_told(server, &context, &database, &settings.server).await
}

/// Takes up the unfinished jobs of an earlier process before anybody can ask for them. The ended ones, however many, are
/// found by the registry while the service serves already.
async fn adopt(
    registry: &RegistryHandle,
    jobs: &dyn JobStore,
    models: &dyn ModelCatalog,
    on_restart: OnRestart,
) -> Result<(), Failure> {
    let stored = timeout(RECOVERY, jobs.recover()).await.map_err(|_| Failure::RecoveryTimedOut(RECOVERY))??;
    if !stored.is_empty() {
        log::info!("taking up {} unfinished jobs of an earlier run", stored.len());
    }
    let jobs = stored.into_iter().map(|job| {
        let route = models.route(&job.accepted.brief.model);
        (job, route)
    });
    registry.adopt(Adopt { jobs: jobs.collect(), resume: on_restart == OnRestart::Resume }).await?;
    Ok(())
}
