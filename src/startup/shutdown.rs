//! Serves until told to stop, then shuts down in order.

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

/// How often to check that the registry is alive.
const REGISTRY_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// The drain's share of `shutdown_timeout`; the rest is for closing the database.
const DRAIN_SHARE: f32 = 0.75;
/// How long clients may take to read the rest of a cut stream: the `retry:` line and whatever was sent before it.
const WRITER_GRACE: Duration = Duration::from_secs(3);
/// The exit code that shells report for a process ended by SIGINT.
const EXIT_INTERRUPTED: i32 = 130;

/// Serves until SIGTERM or SIGINT, then drains: refuses new jobs, checkpoints running ones, cuts readers, closes the
/// database. All of it ends within `drain_delay` plus `shutdown_timeout`; if the database is not closed by then, the
/// process exits anyway. A second signal ends the process at once. Accepted jobs are durable in every case.
///
/// # Errors
/// The server or the registry ended on its own.
pub(super) async fn serve_until_told(
    server: Server,
    context: &Data<Context>,
    database: Option<&Database>,
    settings: &config::Server,
) -> Result<(), Failure> {
    let handle = server.handle();
    let serving = rt::spawn(server);
    let mut signals = Signals::listen()?;
    let outcome = select! {
        _ = serving => Err(Failure::ServerEnded),
        () = died(&context.registry) => Err(Failure::Registry(RegistryGone)),
        () = signals.next() => Ok(()),
    };
    let limit = settings.drain_delay + settings.shutdown_timeout;
    let shutting_down = async {
        if outcome.is_ok() {
            log::info!("shutting down; running jobs continue after the next start");
            drain(handle, context, settings).await;
        }
        if let Some(database) = database {
            close(database).await;
        }
    };
    let down = select! {
        down = timeout(limit, shutting_down) => down,
        () = signals.next() => {
            log::warn!("received a second signal; exiting at once");
            process::exit(EXIT_INTERRUPTED);
        }
    };
    if down.is_err() {
        log::error!(
            "the database was not closed within {limit:?}; answered writes are durable, and the next start does the rest"
        );
        if let Err(failure) = &outcome {
            log::error!("{failure}");
        }
        // Returning from here would wait for the database.
        process::exit(i32::from(outcome.is_err()));
    }
    outcome
}

/// Closes the database on a thread of its own, so that a caller can stop waiting for it.
async fn close(database: &Database) {
    log::info!("closing the database");
    let (database, (closed, done)) = (database.clone(), oneshot::channel());
    let closing = thread::Builder::new().name("sqlite-closer".to_owned()).spawn(move || {
        database.close();
        let _gave_up = closed.send(());
    });
    match closing {
        // An error means a panic, which has been logged.
        Ok(_) => drop(done.await),
        Err(error) => log::error!("the database was not closed, because no thread could be started: {error}"),
    }
}

/// Suspends the jobs, which cuts their streams, then stops the HTTP server.
async fn drain(server: ServerHandle, context: &Data<Context>, settings: &config::Server) {
    context.drain();
    // Gives load balancers time to see that this instance is no longer ready.
    sleep(settings.drain_delay).await;
    let share = settings.shutdown_timeout.mul_f32(DRAIN_SHARE);
    let deadline = Instant::now() + share;
    match timeout_at(deadline, context.registry.drain()).await {
        Ok(Ok(())) => {}
        Ok(Err(gone)) => log::error!("{gone}; jobs will continue from their last checkpoint"),
        Err(_) => {
            log::error!("jobs were not suspended within {share:?}; they will continue from their last checkpoint")
        }
    }
    stop_serving(&server, &context.writers, deadline).await;
}

/// Waits for the tasks that have taken over a connection, then stops the workers. The order matters: a worker does not
/// count these tasks among its connections, and when it ends, its runtime drops the remaining ones, which closes their
/// sockets.
async fn stop_serving(server: &ServerHandle, writers: &TaskTracker, deadline: Instant) {
    writers.close();
    log::info!("connections waiting to send their last bytes: {}", writers.len());
    let grace = deadline.min(Instant::now() + WRITER_GRACE);
    if timeout_at(grace, writers.wait()).await.is_err() {
        log::warn!("closing connections whose clients did not read the last bytes in time: {}", writers.len());
    }
    let graceful = Instant::now() < deadline;
    let stopped = server.stop(graceful);
    let all_ended = async {
        stopped.await;
        writers.wait().await;
    };
    if timeout_at(deadline, all_ended).await.is_err() {
        log::error!("the HTTP server did not stop in time; connections left open: {}", writers.len());
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
