//! Look-ups of jobs, and the requests about one job. An ended job's feed is read from the store when it is not in
//! memory.

use std::time::Duration;

use actix::{Response, prelude::*};
use tokio::{sync::oneshot, time::sleep};

use super::{
    CancelJob, FindJob, JobRegistry, SaveAnswer, SaveNow,
    loading::{Found, Loading, Lookup},
};
use crate::{
    feed::{Feed, FeedContext},
    job::{Cancel, JobState},
    model::{EpisodeStatus, JobId, JobRecord},
    ports::{EndedJob, StoreError},
    store_timeout::with_store_timeout,
};

/// The most jobs read at once; further look-ups fail and must be retried.
const LOADS_AT_ONCE: usize = 1024;
/// The pause before an unfinished job is looked up again that no node has told of yet.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The store's answer for one job.
#[derive(Message)]
#[rtype(result = "()")]
struct Loaded {
    id: JobId,
    result: Result<Stored, StoreError>,
}

/// What the store holds of a job.
enum Stored {
    Nothing,
    /// No node has told of it yet.
    Unfinished,
    Ended(Box<EndedJob>, Feed),
}

impl Handler<FindJob> for JobRegistry {
    type Result = Response<Found>;

    fn handle(&mut self, FindJob(id): FindJob, ctx: &mut Context<Self>) -> Self::Result {
        self.yield_if_due(ctx);
        match self.find(id, ctx) {
            Lookup::At(found) => Response::reply(found),
            loading @ Lookup::Loading(_) => Response::fut(loading.answer()),
        }
    }
}

impl Handler<Loaded> for JobRegistry {
    type Result = ();

    fn handle(&mut self, Loaded { id, result }: Loaded, ctx: &mut Context<Self>) {
        let Some(loading) = self.loading.remove(&id) else { return };
        if loading.stale {
            self.loading.insert(id, loading.restarted());
            self.read(id, ctx);
            return;
        }
        if let Ok(Stored::Unfinished) = result
            && self.node.is_some()
        {
            return self.look_again(id, loading, ctx);
        }
        let found = result.map(|job| self.keep_loaded(id, job, ctx));
        for waiting in loading.waiting() {
            let _gone_is_fine = waiting.send(found.clone());
        }
    }
}

impl JobRegistry {
    /// Finds the job's feed. Counts as activity.
    pub(super) fn find(&mut self, id: JobId, ctx: &Context<Self>) -> Lookup {
        if let Some(entry) = self.jobs.get(&id) {
            return Lookup::At(Ok(Some(entry.feed.clone())));
        }
        if let Some(found) = self.find_other(id, ctx) {
            return found;
        }
        self.retention.prolong(id, self.retention_from_now());
        if let Some(feed) = self.cache.get(id) {
            return Lookup::At(Ok(Some(feed)));
        }
        if self.may_exist(id) { self.load(id, ctx) } else { Lookup::At(Ok(None)) }
    }

    /// Whether the job may exist. Once the ended jobs of an earlier process are loaded, all jobs are known here, so
    /// that clients cannot make the store search for unknown ids; but not those of other nodes.
    pub(super) fn may_exist(&self, id: JobId) -> bool {
        let known = self.jobs.contains_key(&id) || self.creating.contains(id) || self.retention.get(id).is_some();
        known || ((self.reloading || self.node.is_some()) && !self.purges.contains(id))
    }

    fn load(&mut self, id: JobId, ctx: &Context<Self>) -> Lookup {
        let (sender, receiver) = oneshot::channel();
        if let Some(loading) = self.loading.get_mut(&id) {
            loading.add(sender);
        } else if self.loading.len() >= LOADS_AT_ONCE {
            return Lookup::At(Err(StoreError::unavailable("too many ended jobs are being looked up at once")));
        } else {
            self.loading.insert(id, Loading::for_one(sender));
            self.read(id, ctx);
        }
        Lookup::Loading(receiver)
    }

    /// A job that another node has just created, or just begun to run: soon the store tells who.
    fn look_again(&mut self, id: JobId, mut loading: Loading, ctx: &Context<Self>) {
        if let Some(found) = self.find_other(id, ctx) {
            actix::spawn(async move {
                let found = found.answer().await;
                for waiting in loading.waiting() {
                    let _gone_is_fine = waiting.send(found.clone());
                }
            });
        } else if loading.try_again() {
            self.loading.insert(id, loading);
            self.read_after(LOOK_AGAIN, id, ctx);
        } else {
            let error = StoreError::unavailable("the job runs, but no node has told of it");
            for waiting in loading.waiting() {
                let _gone_is_fine = waiting.send(Err(error.clone()));
            }
        }
    }

    fn read(&self, id: JobId, ctx: &Context<Self>) {
        self.read_after(Duration::ZERO, id, ctx);
    }

    fn read_after(&self, pause: Duration, id: JobId, ctx: &Context<Self>) {
        let (store, feeds, registry) = (self.ports.jobs.clone(), self.feeds.clone(), ctx.address());
        actix::spawn(async move {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            let loaded = with_store_timeout(store.load(id)).await;
            let result = loaded.map(|record| record.map_or(Stored::Nothing, |record| stored(record, feeds)));
            registry.do_send(Loaded { id, result });
        });
    }

    /// Keeps a job that was read from the store; `None` if the store does not hold it.
    fn keep_loaded(&mut self, id: JobId, job: Stored, ctx: &Context<Self>) -> Option<Feed> {
        let Stored::Ended(ended, feed) = job else {
            // The job was forgotten while it was being read.
            self.forget_ended(id);
            return None;
        };
        if self.purges.contains(id) {
            return None;
        }
        self.remember(&ended, ctx);
        self.cache.put(id, &feed);
        Some(feed)
    }
}

/// Builds the record and the feed of an ended job.
fn stored(record: JobRecord, feeds: FeedContext) -> Stored {
    let Some(end) = record.head.end.as_ref() else { return Stored::Unfinished };
    let (mark, bytes) = (end.mark, record.size() as u64);
    let (status, episode) = (end.outcome.status(), end.outcome.episode_status());
    let ended = EndedJob { id: record.head.id, at: end.at, status, episode, bytes };
    let epoch = record.head.epoch;
    let state = JobState::restore(record);
    Stored::Ended(Box::new(ended), Feed::ended(epoch, mark, state.view(), state.text().as_str(), feeds))
}

impl Handler<CancelJob> for JobRegistry {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, CancelJob(id): CancelJob, ctx: &mut Context<Self>) -> ResponseFuture<()> {
        self.yield_if_due(ctx);
        let actor = self.jobs.get(&id).map(|entry| entry.actor.clone());
        if actor.is_none() && self.node.is_some() && self.retention.get(id).is_none() {
            return self.cancel_elsewhere(id);
        }
        Box::pin(async move {
            if let Some(actor) = actor {
                // A closed mailbox means that the job has ended.
                let _ended_is_fine = actor.send(Cancel).await;
            }
        })
    }
}

impl Handler<SaveNow> for JobRegistry {
    type Result = Response<Option<SaveAnswer>>;

    fn handle(&mut self, SaveNow(id): SaveNow, ctx: &mut Context<Self>) -> Self::Result {
        self.yield_if_due(ctx);
        if self.jobs.contains_key(&id) {
            return Response::reply(Some(SaveAnswer::NoScript));
        }
        let Some(ended) = self.retention.get(id) else { return Response::reply(None) };
        match ended.episode {
            None => Response::reply(Some(SaveAnswer::NoScript)),
            Some(EpisodeStatus::Saved) => Response::reply(Some(SaveAnswer::Saved)),
            Some(EpisodeStatus::Owed | EpisodeStatus::Refused) => {
                let noted = self.retry_episode(id, ctx);
                Response::fut(async move {
                    noted.await;
                    Some(SaveAnswer::Tried)
                })
            }
        }
    }
}
