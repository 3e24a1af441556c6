//! An episode store that records every call and is controlled by the test.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use futures_util::{FutureExt as _, future::LocalBoxFuture};

use super::{Happened, Journal, Mood, mood::Moods};
use crate::{
    model::JobId,
    ports::{Episode, EpisodeDraft, EpisodeError, EpisodePage, EpisodeStore, EpisodeSummary},
};

#[derive(Clone)]
pub(crate) struct FakeEpisodeStore {
    journal: Journal,
    moods: Arc<Moods<()>>,
    numbers: Arc<Mutex<HashMap<JobId, u32>>>,
}

impl FakeEpisodeStore {
    pub(crate) fn new(journal: Journal) -> Self {
        Self { journal, moods: Arc::default(), numbers: Arc::default() }
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.moods.set((), mood);
    }
}

impl EpisodeStore for FakeEpisodeStore {
    fn save(&self, draft: EpisodeDraft) -> LocalBoxFuture<'static, Result<EpisodeSummary, EpisodeError>> {
        self.journal.note(Happened::SaveCalled(draft.clone()));
        let (store, mood) = (self.clone(), self.moods.current(()));
        async move {
            match mood.await {
                Mood::Works => {}
                Mood::Refuses => return Err(EpisodeError::Refused("the test says never".into())),
                Mood::Misconfigured => return Err(EpisodeError::Misconfigured("the test's token is wrong".into())),
                _ => return Err(EpisodeError::Unavailable("the test says no".into())),
            }
            let id = draft.job_id.expect("jobs save under their id");
            let number = {
                let mut numbers = store.numbers.lock().expect("not poisoned");
                let next = numbers.len() as u32 + 1;
                *numbers.entry(id).or_insert(next)
            };
            store.journal.note(Happened::Saved(id));
            let EpisodeDraft { project_id, title, created_at, .. } = draft;
            Ok(EpisodeSummary { id: format!("episode-{number}"), project_id, number, title, created_at })
        }
        .boxed_local()
    }

    fn list(
        &self,
        _: &str,
        _: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>> {
        unimplemented!("jobs only save")
    }

    fn search(
        &self,
        _: &str,
        _: &str,
        _: EpisodePage,
    ) -> LocalBoxFuture<'static, Result<(Vec<EpisodeSummary>, u64), EpisodeError>> {
        unimplemented!("jobs only save")
    }

    fn get(&self, _: &str, _: &str) -> LocalBoxFuture<'static, Result<Option<Episode>, EpisodeError>> {
        unimplemented!("jobs only save")
    }

    fn delete(&self, _: &str, _: &str) -> LocalBoxFuture<'static, Result<bool, EpisodeError>> {
        unimplemented!("jobs only save")
    }

    fn check(&self) -> LocalBoxFuture<'static, Result<(), EpisodeError>> {
        unimplemented!("jobs only save")
    }
}
