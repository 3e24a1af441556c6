//! Watches the streams: whether they are full, and whether they are still those that jobs were stored in.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    engine::{Engine, Failure},
    link::Node,
    streams,
};
use crate::config::NatsStore;

const INTERVAL: Duration = Duration::from_secs(1);
/// How often in a row a stream must be missing before it is made anew: a server that starts may not know all of its own.
const MISSING: u32 = 3;

/// Watches until it is dropped. `nodes` is the engine as it holds beats.
pub(super) async fn run(node: &Node, nodes: &Engine, settings: &NatsStore) {
    let engine = &node.writer.engine;
    let (mut made, mut missing) = (None, 0);
    loop {
        let jobs = engine.state().await;
        if let Ok(state) = &jobs {
            node.writer.room.set(state.room());
            let known = made.get_or_insert_with(|| state.created.clone());
            if *known != state.created {
                log::error!("the NATS server has lost its stream: all jobs are gone");
                known.clone_from(&state.created);
                node.writer.reset();
            }
        }
        let lost = [jobs, nodes.state().await].iter().any(|state| matches!(state, Err(Failure::Missing)));
        missing = if lost { missing + 1 } else { 0 };
        if missing >= MISSING {
            log::error!("the NATS server has lost a stream; making it anew");
            if let Err(error) = streams::open(engine.client(), settings, &engine.subjects).await {
                log::error!("{error}");
            }
        }
        sleep(INTERVAL).await;
    }
}
