//! Serving until the end, and the orderly shutdown.

use std::{process, thread, time::Duration};

use actix_web::{
    dev::{Server, ServerHandle},
    rt,
    web::Data,
};
use generation_actors::registry::{RegistryGone, RegistryHandle};
use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
    time::{Instant, interval, sleep, timeout, timeout_at},
};
use tokio_util::task::TaskTracker;

use super::Failure;
use crate::{config, http::Context, sqlite::Database};

/// How soon the death of the registry is noticed.
const REGISTRY_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// The drain's share of `shutdown_timeout`; the rest is for the database.
const DRAIN_SHARE: f32 = 0.75;
/// How long clients may take for what is left of their streams once these were cut: a `retry:` line, and what was sent before.
const WRITER_GRACE: Duration = Duration::from_secs(3);
/// The exit code by which shells report a process that SIGINT ended.
const EXIT_INTERRUPTED: i32 = 130;

/// Serves until SIGTERM or SIGINT, then drains: new jobs are refused, running ones checkpointed, readers cut, the database
/// closed. All of it ends within `drain_delay` and `shutdown_timeout`, the process with it if need be; a second signal ends
/// the process at once. What was accepted is durable all the same.
///
/// # Errors
/// The server or the registry ended by itself.
pub(super) async fn serve_until_told(
    server: Server,
    context: &Data<Context>,
    database: &Database,
    settings: &config::Server,
) -> Result<(), Failure> {
    let handle = server.handle();
    let serving = rt::spawn(server);
    let mut signals = Signals::listen()?;
    let told = select! {
        _ = serving => Err(Failure::ServerEnded),
        () = died(&context.registry) => Err(Failure::Registry(RegistryGone)),
        () = signals.next() => Ok(()),
    };
    let most = settings.drain_delay + settings.shutdown_timeout;
    let going_down = async {
        if told.is_ok() {
            log::info!("stopping; running jobs go on at the next start");
            drain(handle, context, settings).await;
        }
        close(database).await;
    };
    let down = select! {
        down = timeout(most, going_down) => down,
        () = signals.next() => {
            log::warn!("a second signal: ending at once");
            process::exit(EXIT_INTERRUPTED);
        }
    };
    if down.is_err() {
        log::error!(
            "the database is not closed within {most:?}; what was answered is durable, the next start does the rest"
        );
        if let Err(failure) = &told {
            log::error!("{failure}");
        }
        // Returning would wait for the database after all.
        process::exit(i32::from(told.is_err()));
    }
    told
}

/// Closes the database on a thread of its own: nobody who waits for it is kept from giving up.
async fn close(database: &Database) {
    log::info!("closing the database");
    let (database, (closed, done)) = (database.clone(), oneshot::channel());
    let closing = thread::Builder::new().name("sqlite-closer".to_owned()).spawn(move || {
        database.close();
        let _gave_up = closed.send(());
    });
    match closing {
        // An error is a panic, which has been logged.
        Ok(_) => drop(done.await),
        Err(error) => log::error!("the database is not closed, for want of a thread: {error}"),
    }
}

/// Suspends the jobs, which cuts their streams, and stops the HTTP server.
async fn drain(server: ServerHandle, context: &Data<Context>, settings: &config::Server) {
    context.drain();
    // Load balancers need time to see that this instance is not ready any more.
    sleep(settings.drain_delay).await;
    let share = settings.shutdown_timeout.mul_f32(DRAIN_SHARE);
    let deadline = Instant::now() + share;
    match timeout_at(deadline, context.registry.drain()).await {
        Ok(Ok(())) => {}
        Ok(Err(gone)) => log::error!("{gone}; jobs go on from their last checkpoint"),
        Err(_) => log::error!("the jobs were not suspended within {share:?}; they go on from their last checkpoint"),
    }
    stop_serving(&server, &context.writers, deadline).await;
}

/// Waits for the tasks that have taken a connection over, then stops the workers. In that order: a worker does not count
/// these tasks among its connections, and when it ends, its runtime drops those that are left, which closes their sockets.
async fn stop_serving(server: &ServerHandle, writers: &TaskTracker, deadline: Instant) {
    writers.close();
    log::info!("connections that wait for their last bytes: {}", writers.len());
    let grace = deadline.min(Instant::now() + WRITER_GRACE);
    if timeout_at(grace, writers.wait()).await.is_err() {
        log::warn!("closing connections whose clients did not take the last bytes in time: {}", writers.len());
    }
    let graceful = Instant::now() < deadline;
    let stopped = server.stop(graceful);
    let all_ended = async {
        stopped.await;
        writers.wait().await;
    };
    if timeout_at(deadline, all_ended).await.is_err() {
        log::error!("the HTTP server did not stop in time; connections it leaves open: {}", writers.len());
    }
}

async fn died(registry: &RegistryHandle) {
    let mut check = interval(REGISTRY_CHECK_INTERVAL);
    while registry.is_alive() {
        check.tick().await;
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(Failure::Io);
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
