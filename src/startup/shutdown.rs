//! Waiting for the end, and going down in order.

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
    time::{interval, sleep, timeout},
};

use super::Failure;
use crate::{config, http::Context, sqlite::Database};

/// How soon the death of the registry is noticed.
const LOOK: Duration = Duration::from_secs(1);
/// Of `shutdown_timeout`; the rest is for the database.
const FOR_DRAINING: f32 = 0.75;
/// What shells report of a process that a second signal ended.
const ENDED_AT_ONCE: i32 = 130;

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
            let for_draining = settings.drain_delay + settings.shutdown_timeout.mul_f32(FOR_DRAINING);
            if timeout(for_draining, drain(handle, context, settings.drain_delay)).await.is_err() {
                log::error!("the drain took longer than {for_draining:?}; jobs go on from their last checkpoint");
            }
        }
        close(database).await;
    };
    let down = select! {
        down = timeout(most, going_down) => down,
        () = signals.next() => {
            log::warn!("a second signal: ending at once");
            process::exit(ENDED_AT_ONCE);
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

async fn drain(server: ServerHandle, context: &Data<Context>, delay: Duration) {
    context.drain();
    // Load balancers need time to see that this instance is not ready any more.
    sleep(delay).await;
    if let Err(gone) = context.registry.drain().await {
        log::error!("{gone}; jobs go on from their last checkpoint");
    }
    server.stop(true).await;
}

async fn died(registry: &RegistryHandle) {
    let mut look = interval(LOOK);
    while registry.is_alive() {
        look.tick().await;
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
