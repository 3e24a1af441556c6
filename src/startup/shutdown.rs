//! Waiting for the end, and going down in order.

use std::{process, time::Duration};

use actix_web::{
    dev::{Server, ServerHandle},
    rt,
    web::Data,
};
use generation_actors::registry::{RegistryGone, RegistryHandle};
use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    time::{interval, sleep, timeout},
};

use super::Failure;
use crate::{config, http::Context};

/// How soon the death of the registry is noticed.
const LOOK: Duration = Duration::from_secs(1);
/// What shells report of a process that a second signal ended.
const ENDED_AT_ONCE: i32 = 130;

/// Serves until SIGTERM or SIGINT, then drains: new jobs are refused, running ones checkpointed, readers cut. A second
/// signal ends the process at once; what was accepted is durable all the same.
///
/// # Errors
/// The server or the registry ended by itself.
pub(super) async fn serve_until_told(
    server: Server,
    context: &Data<Context>,
    settings: &config::Server,
) -> Result<(), Failure> {
    let handle = server.handle();
    let serving = rt::spawn(server);
    let mut signals = Signals::listen()?;
    select! {
        _ = serving => return Err(Failure::ServerEnded),
        () = died(&context.registry) => return Err(Failure::Registry(RegistryGone)),
        () = signals.next() => {}
    }
    log::info!("stopping; running jobs go on at the next start");
    let most = settings.drain_delay + settings.shutdown_timeout;
    select! {
        drained = timeout(most, drain(handle, context, settings.drain_delay)) => {
            if drained.is_err() {
                log::error!("the drain took longer than {most:?}; jobs go on from their last checkpoint");
            }
            Ok(())
        }
        () = signals.next() => {
            log::warn!("a second signal: ending at once");
            process::exit(ENDED_AT_ONCE);
        }
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
