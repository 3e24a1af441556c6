//! A job store that notes every call, in order, and does as the test says.

use std::sync::Arc;

use futures_util::{FutureExt as _, future::LocalBoxFuture};

use super::{Happened, Journal, Mood, mood::Moods};
use crate::{
    job::JobId,
    ports::{Checkpoint, Ending, EpisodeRef, JobStore, NewJob, StoreError, StoredJob},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Create,
    Checkpoint,
    Finish,
    EpisodeSaved,
    Purge,
}

#[derive(Clone)]
pub(crate) struct FakeJobStore {
    journal: Journal,
    moods: Arc<Moods<Op>>,
}

type Written = LocalBoxFuture<'static, Result<(), StoreError>>;

impl FakeJobStore {
    pub(crate) fn new(journal: Journal) -> Self {
        Self { journal, moods: Arc::default() }
    }

    pub(crate) fn set(&self, op: Op, mood: Mood) {
        self.moods.set(op, mood);
    }

    fn write(&self, op: Op, called: Happened, done: Happened) -> Written {
        self.journal.note(called);
        let (journal, mood) = (self.journal.clone(), self.moods.settled(op));
        async move {
            match mood.await {
                Mood::Works => {
                    journal.note(done);
                    Ok(())
                }
                _ => Err(StoreError::new("the test says no")),
            }
        }
        .boxed_local()
    }
}

impl JobStore for FakeJobStore {
    fn create(&self, job: NewJob) -> Written {
        self.write(Op::Create, Happened::CreateCalled(job.id), Happened::Created(job))
    }

    fn checkpoint(&self, checkpoint: Checkpoint) -> Written {
        self.write(Op::Checkpoint, Happened::CheckpointCalled(checkpoint.id), Happened::Checkpointed(checkpoint))
    }

    fn finish(&self, ending: Ending) -> Written {
        self.write(Op::Finish, Happened::FinishCalled(ending.last.id), Happened::Finished(ending))
    }

    fn episode_saved(&self, job: JobId, episode: EpisodeRef) -> Written {
        self.write(Op::EpisodeSaved, Happened::EpisodeNoteCalled(job), Happened::EpisodeNoted(job, episode))
    }

    fn recover(&self) -> LocalBoxFuture<'static, Result<Vec<StoredJob>, StoreError>> {
        unimplemented!("the registry is handed what was recovered")
    }

    fn purge(&self, jobs: Vec<JobId>) -> Written {
        self.write(Op::Purge, Happened::PurgeCalled(jobs.clone()), Happened::Purged(jobs))
    }

    fn check(&self) -> Written {
        unimplemented!("readiness is not the registry's")
    }
}
