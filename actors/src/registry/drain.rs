//! Going down without losing anything.

use actix::prelude::*;
use futures_util::future::join_all;

use super::{Drain, JobRegistry, messages::Close};
use crate::{feed::Feed, job::Suspend};

impl Handler<Close> for JobRegistry {
    type Result = ();

    fn handle(&mut self, _: Close, _: &mut Context<Self>) {
        self.closed = true;
    }
}

impl Handler<Drain> for JobRegistry {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Drain, _: &mut Context<Self>) -> ResponseFuture<()> {
        self.closed = true;
        self.drained = true;
        let (actors, feeds): (Vec<_>, Vec<Feed>) =
            self.table.active().map(|(_, entry)| (entry.actor.clone(), entry.feed.clone())).unzip();
        log::info!("draining: {} unfinished jobs are checkpointed and go on after the restart", feeds.len());
        let suspended: Vec<_> = actors.into_iter().flatten().map(|actor| actor.send(Suspend)).collect();
        Box::pin(async move {
            join_all(suspended).await;
            for feed in feeds {
                feed.cut();
            }
        })
    }
}
