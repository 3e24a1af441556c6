//! Look-ups of jobs, and what is asked of one job. An ended job's feed is read in the store when nobody holds it.

use actix::{Response, prelude::*};
use tokio::sync::oneshot;

use super::{CancelJob, Fate, FindJob, JobRegistry, SaveAnswer, SaveNow};
use crate::{
    feed::{Feed, FeedContext},
    job::{Cancel, JobId, JobView},
    patience::answered,
    ports::{EpisodeRef, StoreError, StoredJob},
};

/// Jobs that are read at once; look-ups of further ones are told to come back.
const LOADS_AT_ONCE: usize = 1024;

type Found = Result<Option<Feed>, StoreError>;

/// A job that is being read in the store, once for all who want it.
#[derive(Default)]
pub(super) struct Loading {
    waiting: Vec<oneshot::Sender<Found>>,
    /// The episode that was saved meanwhile: what is being read may be older.
    pub episode: Option<EpisodeRef>,
}

/// Where a look-up stands.
pub(super) enum Lookup {
    At(Found),
    Loading(oneshot::Receiver<Found>),
}

impl Lookup {
    pub(super) async fn answer(self) -> Found {
        match self {
            Self::At(found) => found,
            Self::Loading(loaded) => {
                loaded.await.unwrap_or_else(|_| Err(StoreError::new("the registry has ended while it read a job")))
            }
        }
    }
}

/// The store has answered for a job.
#[derive(Message)]
#[rtype(result = "()")]
struct Loaded {
    id: JobId,
    result: Found,
}

impl Handler<FindJob> for JobRegistry {
    type Result = Response<Found>;

    fn handle(&mut self, FindJob(id): FindJob, ctx: &mut Context<Self>) -> Self::Result {
        self.take_turn(ctx);
        match self.find(id, ctx) {
            Lookup::At(found) => Response::reply(found),
            loading @ Lookup::Loading(_) => Response::fut(loading.answer()),
        }
    }
}

impl Handler<Loaded> for JobRegistry {
    type Result = ();

    fn handle(&mut self, Loaded { id, result }: Loaded, _: &mut Context<Self>) {
        let Some(loading) = self.loading.remove(&id) else { return };
        let found = result.map(|feed| self.take_in(id, feed, loading.episode));
        for waiting in loading.waiting {
            let _gone_is_fine = waiting.send(found.clone());
        }
    }
}

impl JobRegistry {
    /// The job's feed, if it is held; counts as activity.
    pub(super) fn find(&mut self, id: JobId, ctx: &Context<Self>) -> Lookup {
        if let Some(entry) = self.table.get(id) {
            return Lookup::At(Ok(Some(entry.feed.clone())));
        }
        self.retention.prolong(id, self.retention_from_now());
        if let Some(feed) = self.shelf.get(id) {
            return Lookup::At(Ok(Some(feed)));
        }
        if self.may_hold(id) { self.load(id, ctx) } else { Lookup::At(Ok(None)) }
    }

    /// Whether there may be such a job. Unless those of an earlier process are still being read, all there are are known
    /// here: nobody can make the store search for names that it does not hold.
    pub(super) fn may_hold(&self, id: JobId) -> bool {
        let known = self.table.get(id).is_some() || self.creating.contains_key(&id) || self.retention.get(id).is_some();
        known || (self.recalling && !self.leaving.contains(id))
    }

    fn load(&mut self, id: JobId, ctx: &Context<Self>) -> Lookup {
        let (tell, told) = oneshot::channel();
        if let Some(loading) = self.loading.get_mut(&id) {
            loading.waiting.push(tell);
        } else if self.loading.len() >= LOADS_AT_ONCE {
            return Lookup::At(Err(StoreError::new("too many ended jobs are being looked up at once")));
        } else {
            self.loading.insert(id, Loading { waiting: vec![tell], episode: None });
            let (store, feeds, registry) = (self.ports.jobs.clone(), self.feeds.clone(), ctx.address());
            actix::spawn(async move {
                let result = answered(store.load(id)).await.map(|stored| stored.and_then(|job| feed_of(job, feeds)));
                registry.do_send(Loaded { id, result });
            });
        }
        Lookup::Loading(told)
    }

    /// A job has come from the store, or is not there.
    fn take_in(&mut self, id: JobId, feed: Option<Feed>, episode: Option<EpisodeRef>) -> Option<Feed> {
        let Some(feed) = feed else {
            // It was forgotten while it was being read.
            self.drop_ended(id);
            return None;
        };
        if self.leaving.contains(id) {
            return None;
        }
        if let Some(episode) = episode {
            feed.episode_saved(episode);
        }
        self.remember_loaded(&feed);
        self.shelf.put(id, &feed);
        Some(feed)
    }
}

/// The feed of a job that has ended; one that has not is not for readers: nobody was told of it.
fn feed_of(stored: StoredJob, feeds: FeedContext) -> Option<Feed> {
    let view = JobView::of_ended(&stored)?;
    let (terminal_seq, _, _) = stored.ended?;
    Some(Feed::ended(stored.last.epoch, terminal_seq, view, &stored.last.text, feeds))
}

impl Handler<CancelJob> for JobRegistry {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, CancelJob(id): CancelJob, ctx: &mut Context<Self>) -> ResponseFuture<()> {
        self.take_turn(ctx);
        let actor = self.table.get(id).and_then(|entry| entry.actor.clone());
        Box::pin(async move {
            if let Some(actor) = actor {
                // A closed mailbox means that the job has ended.
                let _ended_is_fine = actor.send(Cancel).await;
            }
        })
    }
}

impl Handler<SaveNow> for JobRegistry {
    type Result = Option<SaveAnswer>;

    fn handle(&mut self, SaveNow(id): SaveNow, ctx: &mut Context<Self>) -> Option<SaveAnswer> {
        self.take_turn(ctx);
        if self.table.get(id).is_some() {
            return Some(SaveAnswer::NoScript);
        }
        Some(match self.retention.get(id)?.fate {
            Fate::NoScript => SaveAnswer::NoScript,
            Fate::Saved => SaveAnswer::Saved,
            Fate::Owed | Fate::Refused => {
                self.owe_again(id);
                SaveAnswer::Tried
            }
        })
    }
}
