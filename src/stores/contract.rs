//! What every job store must do, whatever it keeps jobs in. `job_store_contract!` makes one test of each function here.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use generation_actors::{model::{Brief, Checkpoint, EndMark, EpisodeRef, Epoch, FailureCode, IdempotencyKey, JobId, Locale, NewJob, Outcome, Usage}, ports::{Ending, JobStore, StoredJob}};

/// A store that a test can open again as a restarted process would.
pub(crate) trait JobStoreUnderTest {
    /// Opens it; what was opened before is gone for good first.
    async fn open(&mut self) -> Arc<dyn JobStore>;
}

macro_rules! job_store_contract {
    ($fixture:expr) => {
        $crate::stores::contract::job_store_contract! {
            $fixture;
            a_new_job_is_remembered_as_it_was_accepted
            a_checkpoint_is_remembered_and_writing_it_twice_changes_nothing
            a_checkpoint_replaces_what_is_beyond_its_offset
            a_checkpoint_that_would_leave_a_hole_is_refused
            a_checkpoint_after_the_end_is_ignored
            a_former_owner_can_neither_checkpoint_nor_finish
            the_first_ending_wins
            every_outcome_is_remembered
            an_ending_that_cannot_place_its_text_changes_nothing
            an_episode_that_was_owed_is_noted
            an_episode_noted_before_the_ending_stays_noted
            recovery_is_of_unfinished_jobs_oldest_first_and_raises_their_epochs_each_time
            ended_jobs_are_told_in_pages_the_newest_ending_first
            jobs_that_ended_at_the_same_time_are_each_in_one_page
            a_job_is_loaded_as_it_is_stored_finished_or_not
            a_key_is_held_by_the_newest_job_that_was_created_under_it
            purged_jobs_are_forgotten_and_unknown_ids_are_ignored
            writes_about_unknown_jobs_are_ignored
            a_job_is_created_once
            dropped_futures_are_written_in_the_order_of_the_calls
            concurrent_jobs_do_not_mix
            a_working_store_checks_out
        }
    };
    ($fixture:expr; $($name:ident)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                $crate::stores::contract::$name($fixture).await;
            }
        )+
    };
}
pub(crate) use job_store_contract;

mod reading;
pub(crate) use reading::*;

/// `seconds` after a fixed moment, with all the digits a clock has.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 123_456_789).expect("in range") + TimeDelta::seconds(seconds)
}

pub(crate) fn new_job() -> NewJob {
    let brief = Brief {
        project_id: "프로젝트 1".into(),
        episode_number: Some(7),
        title: "비 오는 밤".into(),
        description: "two \"friends\"\nmeet 😀".into(),
        script_type: "drama".into(),
        model: "builtin".into(),
        temperature: 0.7,
        length_target: 1000,
        locale: Locale::Ko,
    };
    NewJob { id: JobId::new(), brief, idempotency: None, created_at: at(0) }
}

/// A checkpoint in the first epoch.
pub(crate) fn checkpoint(id: JobId, text_offset: usize, text: &str) -> Checkpoint {
    Checkpoint {
        id,
        epoch: Epoch::FIRST,
        started_at: Some(at(1)),
        progress: 42,
        model_used: Some("gpt-4-0613".into()),
        usage: Some(Usage { completion_tokens: 1250, measured: true }),
        text_offset,
        text: text.into(),
        text_complete: false,
    }
}

const MARK: EndMark = EndMark { event_seq: 17, text_version: 3 };

fn ending(id: JobId, text_offset: usize, text: &str, outcome: Outcome) -> Ending {
    Ending { last: checkpoint(id, text_offset, text), mark: MARK, at: at(60), outcome }
}

fn failed() -> Outcome {
    Outcome::Failed(FailureCode::TimeoutError)
}

fn episode(number: u32) -> EpisodeRef {
    EpisodeRef { id: format!("episode-{number}"), number }
}

async fn created(store: &Arc<dyn JobStore>) -> JobId {
    let job = new_job();
    let id = job.id;
    store.create(job).await.unwrap();
    id
}

/// What a restart finds of a job.
async fn after_restart(fixture: &mut impl JobStoreUnderTest, store: Arc<dyn JobStore>, id: JobId) -> StoredJob {
    drop(store);
    let store = fixture.open().await;
    let unfinished = store.recover().await.unwrap();
    let found = store.load(id).await.unwrap().expect("held");
    let recovered = unfinished.into_iter().find(|job| job.accepted.id == id);
    assert_eq!(recovered, found.ended.is_none().then(|| found.clone()), "recovered unless it has ended");
    found
}

pub(crate) async fn a_new_job_is_remembered_as_it_was_accepted(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let idempotency = Some(IdempotencyKey { key: "key-1".into(), body_digest: "digest".into() });
    let job = NewJob { idempotency, ..new_job() };
    store.create(job.clone()).await.unwrap();
    let found = after_restart(&mut fixture, store, job.id).await;
    let last = Checkpoint {
        id: job.id,
        epoch: Epoch(2),
        started_at: None,
        progress: 0,
        model_used: None,
        usage: None,
        text_offset: 0,
        text: String::new(),
        text_complete: false,
    };
    assert_eq!(found, StoredJob { accepted: job, last, ended: None });
}

pub(crate) async fn a_checkpoint_is_remembered_and_writing_it_twice_changes_nothing(
    mut fixture: impl JobStoreUnderTest,
) {
    let store = fixture.open().await;
    let id = created(&store).await;
    let text_complete = Checkpoint { text_complete: true, ..checkpoint(id, 9, "b\u{0}😀") };
    for written in [checkpoint(id, 0, "장면 1 "), checkpoint(id, 8, "1a"), text_complete.clone(), text_complete.clone()]
    {
        store.checkpoint(written).await.unwrap();
    }
    let found = after_restart(&mut fixture, store, id).await;
    let whole = Checkpoint { epoch: Epoch(2), text_offset: 0, text: "장면 11b\u{0}😀".into(), ..text_complete };
    assert_eq!(found.last, whole);
    assert_eq!(found.ended, None);
}

pub(crate) async fn a_checkpoint_replaces_what_is_beyond_its_offset(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let id = created(&store).await;
    for (offset, text) in [(0, "가나다"), (9, "라마"), (3, "xyz"), (5, "!")] {
        store.checkpoint(checkpoint(id, offset, text)).await.unwrap();
    }
    assert_eq!(after_restart(&mut fixture, store, id).await.last.text, "가xy!");
}

pub(crate) async fn a_checkpoint_that_would_leave_a_hole_is_refused(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let id = created(&store).await;
    store.checkpoint(checkpoint(id, 0, "가나")).await.unwrap();
    let far = Checkpoint { progress: 99, ..checkpoint(id, 7, "x") };
    store.checkpoint(far).await.unwrap_err();
    let inside_a_character = Checkpoint { progress: 99, ..checkpoint(id, 4, "x") };
    store.checkpoint(inside_a_character).await.unwrap_err();
    let last = after_restart(&mut fixture, store, id).await.last;
    assert_eq!((last.text.as_str(), last.progress), ("가나", 42));
}

pub(crate) async fn a_checkpoint_after_the_end_is_ignored(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let id = created(&store).await;
    store.finish(ending(id, 0, "the end", Outcome::Canceled)).await.unwrap();
    store.checkpoint(Checkpoint { progress: 99, ..checkpoint(id, 0, "more") }).await.unwrap();
    let found = after_restart(&mut fixture, store, id).await;
    assert_eq!((found.last.text.as_str(), found.last.progress), ("the end", 42));
    assert_eq!(found.last.epoch, Epoch::FIRST);
}

pub(crate) async fn a_former_owner_can_neither_checkpoint_nor_finish(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let id = created(&store).await;
    store.checkpoint(checkpoint(id, 0, "kept")).await.unwrap();
    drop(store);
    let store = fixture.open().await;
    assert_eq!(store.recover().await.unwrap()[0].last.epoch, Epoch(2));
    store.checkpoint(checkpoint(id, 0, "stale")).await.unwrap();
    store.finish(ending(id, 0, "stale", failed())).await.unwrap();
    store.checkpoint(Checkpoint { epoch: Epoch(2), ..checkpoint(id, 4, " on") }).await.unwrap();
    let found = after_restart(&mut fixture, store, id).await;
    assert_eq!((found.last.text.as_str(), found.ended), ("kept on", None));
}

pub(crate) async fn the_first_ending_wins(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let id = created(&store).await;
    store.checkpoint(checkpoint(id, 0, "once ")).await.unwrap();
    let first = ending(id, 5, "ended", failed());
    let second = Ending {
        mark: EndMark { event_seq: 20, text_version: 4 },
        at: at(99),
        ..ending(id, 0, "other", Outcome::Canceled)
    };
    for ending in [first.clone(), first, second] {
        store.finish(ending).await.unwrap();
    }
    let found = after_restart(&mut fixture, store, id).await;
    assert_eq!(found.last.text, "once ended");
    assert_eq!(found.ended, Some((MARK, at(60), failed())));
}

pub(crate) async fn every_outcome_is_remembered(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let codes = [
        FailureCode::GenerationError,
        FailureCode::TokenLimitExceeded,
        FailureCode::ModelUnavailable,
        FailureCode::TimeoutError,
    ];
    let mut outcomes: Vec<Outcome> = codes.map(Outcome::Failed).to_vec();
    outcomes.extend([
        Outcome::Canceled,
        Outcome::Completed { episode: None },
        Outcome::Completed { episode: Some(episode(3)) },
    ]);
    let mut ids = Vec::new();
    for outcome in &outcomes {
        let id = created(&store).await;
        store.finish(ending(id, 0, "", outcome.clone())).await.unwrap();
        ids.push(id);
    }
    drop(store);
    let store = fixture.open().await;
    for (id, outcome) in ids.into_iter().zip(outcomes) {
        let found = store.load(id).await.unwrap().expect("held");
        assert_eq!(found.ended.map(|(_, _, outcome)| outcome), Some(outcome));
    }
}

pub(crate) async fn an_ending_that_cannot_place_its_text_changes_nothing(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let id = created(&store).await;
    store.checkpoint(checkpoint(id, 0, "abc")).await.unwrap();
    store.finish(ending(id, 99, "rest", Outcome::Completed { episode: None })).await.unwrap_err();
    let found = after_restart(&mut fixture, store, id).await;
    assert_eq!((found.last.text.as_str(), found.ended), ("abc", None));
}

pub(crate) async fn an_episode_that_was_owed_is_noted(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let id = created(&store).await;
    store.finish(ending(id, 0, "text", Outcome::Completed { episode: None })).await.unwrap();
    store.episode_saved(id, episode(4)).await.unwrap();
    let found = after_restart(&mut fixture, store, id).await;
    assert_eq!(found.ended, Some((MARK, at(60), Outcome::Completed { episode: Some(episode(4)) })));
}

/// The outbox may pay while the recording of the ending still fails.
pub(crate) async fn an_episode_noted_before_the_ending_stays_noted(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let id = created(&store).await;
    store.episode_saved(id, episode(4)).await.unwrap();
    store.finish(ending(id, 0, "text", Outcome::Completed { episode: None })).await.unwrap();
    let found = after_restart(&mut fixture, store, id).await;
    assert_eq!(found.ended, Some((MARK, at(60), Outcome::Completed { episode: Some(episode(4)) })));
}

pub(crate) async fn writes_about_unknown_jobs_are_ignored(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let id = JobId::new();
    store.checkpoint(checkpoint(id, 0, "text")).await.unwrap();
    store.finish(ending(id, 0, "text", failed())).await.unwrap();
    store.episode_saved(id, episode(1)).await.unwrap();
    assert_eq!(store.recover().await.unwrap(), []);
}

pub(crate) async fn a_job_is_created_once(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let job = new_job();
    store.create(job.clone()).await.unwrap();
    store.checkpoint(checkpoint(job.id, 0, "text")).await.unwrap();
    let id = job.id;
    store.create(job).await.unwrap_err();
    assert_eq!(after_restart(&mut fixture, store, id).await.last.text, "text");
}

pub(crate) async fn dropped_futures_are_written_in_the_order_of_the_calls(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let job = new_job();
    let id = job.id;
    drop(store.create(job));
    let pieces: Vec<String> = (0..200).map(|n| format!("{n} ")).collect();
    let mut offset = 0;
    for piece in &pieces {
        drop(store.checkpoint(checkpoint(id, offset, piece)));
        offset += piece.len();
    }
    drop(store.finish(ending(id, offset, "end", Outcome::Canceled)));
    let found = after_restart(&mut fixture, store, id).await;
    assert_eq!(found.last.text, pieces.concat() + "end");
    assert!(found.ended.is_some());
}

pub(crate) async fn concurrent_jobs_do_not_mix(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    let writing = (0..64).map(|n| {
        let store = Arc::clone(&store);
        async move {
            let id = created(&store).await;
            for round in 0..5 {
                let text = format!("{n:03}");
                store.checkpoint(checkpoint(id, round * text.len(), &text)).await.unwrap();
            }
            (id, format!("{n:03}").repeat(5))
        }
    });
    let written = join_all(writing).await;
    drop(store);
    let jobs = fixture.open().await.recover().await.unwrap();
    for (id, text) in written {
        let found = jobs.iter().find(|job| job.accepted.id == id).expect("recovered");
        assert_eq!(found.last.text, text);
    }
}

pub(crate) async fn a_working_store_checks_out(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    store.check().await.unwrap();
}
