//! What every job store must do, whatever its backend. `job_store_contract!(each, …)` generates one test per function in
//! this module, `job_store_contract!(in_turn, …)` one for all, for a backend that takes long to start.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt as _;
use generation_actors::{
    model::{
        Brief, Checkpoint, End, EndMark, EpisodeRef, EpisodeState, Epoch, FailureCode, IdempotencyKey, JobHead, JobId,
        JobRecord, Locale, NewJob, Outcome, PartNumber, Usage,
    },
    ports::{Change, Claim, Created, Ending, JobStore, StoreErrorKind, Written},
};

/// A store that a test can reopen, as a restarted process would.
pub(crate) trait JobStoreUnderTest {
    /// Opens the store, after closing any earlier instance for good.
    async fn open(&mut self) -> Arc<dyn JobStore>;
}

macro_rules! job_store_contract {
    ($how:ident, $fixture:expr) => {
        $crate::stores::contract::job_store_contract! {
            $how; $fixture;
            a_new_job_is_stored_as_accepted
            a_job_is_created_once
            a_key_names_the_job_created_under_it
            of_concurrent_creations_under_one_key_one_is_recorded
            a_key_is_held_for_as_long_as_its_job
            a_checkpoint_is_stored_and_writing_it_twice_changes_nothing
            a_checkpoint_replaces_everything_after_its_offset
            a_checkpoint_that_would_leave_a_hole_is_refused
            a_job_without_text_has_no_parts
            a_checkpoint_belongs_to_a_part
            a_part_may_be_rewritten_and_its_neighbours_stay
            a_part_beyond_the_next_one_is_refused
            dropped_futures_are_written_in_the_order_of_the_calls
            concurrent_jobs_do_not_mix
            a_checkpoint_after_the_end_changes_nothing
            the_first_ending_wins
            every_outcome_is_stored
            an_ending_that_cannot_place_its_text_changes_nothing
            a_claim_begins_the_next_epoch_with_everything_stored
            a_claim_from_an_outdated_epoch_changes_nothing
            of_concurrent_claims_one_succeeds
            a_former_owner_can_neither_checkpoint_nor_finish
            a_released_job_continues_elsewhere
            an_owner_that_was_overruled_is_fenced
            overruling_from_an_outdated_epoch_changes_nothing
            an_unknown_job_cannot_be_written
            an_episode_that_was_owed_is_noted
            an_episode_is_noted_of_completed_jobs_only
            a_refused_episode_may_be_owed_again_and_a_saved_one_is_final
            changes_lists_the_unfinished_jobs_oldest_first_until_caught_up
            ended_jobs_are_listed_in_pages_newest_end_first
            jobs_that_ended_at_the_same_time_are_on_exactly_one_page_each
            a_job_is_loaded_as_stored_finished_or_not
            purged_jobs_are_forgotten_and_unknown_ids_are_ignored
            a_working_store_checks_out
        }
    };
    (in_turn; $fixture:expr; $($name:ident)+) => {
        #[tokio::test]
        async fn the_whole_contract() {
            let mut fixture = $fixture;
            $(
                // Named in the output of a failure.
                eprintln!(stringify!($name));
                $crate::stores::contract::$name(fixture()).await;
            )+
        }
    };
    (each; $fixture:expr; $($name:ident)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                $crate::stores::contract::$name($fixture).await;
            }
        )+
    };
}
pub(crate) use job_store_contract;

mod claims;
mod creation;
mod episodes;
mod reading;
mod texts;
pub(crate) use {claims::*, creation::*, episodes::*, reading::*, texts::*};

const MARK: EndMark = EndMark { event_seq: 17, text_version: 3 };

/// `seconds` after a fixed moment, with all the fractional digits a clock has.
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
    NewJob { id: JobId::new(), brief: Arc::new(brief), idempotency: None, created_at: at(0) }
}

fn keyed(key: &str, body_digest: &str) -> NewJob {
    let idempotency = Some(IdempotencyKey { key: key.into(), body_digest: body_digest.into() });
    NewJob { idempotency, ..new_job() }
}

/// A checkpoint of a job with one part.
pub(crate) fn checkpoint(offset: usize, text: &str) -> Checkpoint {
    Checkpoint {
        started_at: Some(at(1)),
        progress: 42,
        model_used: Some("gpt-4-0613".into()),
        usage: Some(Usage { completion_tokens: 1250, measured: true }),
        part: PartNumber::FIRST,
        offset,
        text: text.into(),
        text_complete: false,
    }
}

fn end(outcome: Outcome) -> End {
    End { mark: MARK, at: at(60), outcome }
}

fn ending(offset: usize, text: &str, outcome: Outcome) -> Ending {
    Ending { last: checkpoint(offset, text), end: end(outcome) }
}

fn failed() -> Outcome {
    Outcome::Failed(FailureCode::TimeoutError)
}

fn completed(episode: EpisodeState) -> Outcome {
    Outcome::Completed { episode }
}

fn saved(number: u32) -> EpisodeState {
    EpisodeState::Saved(EpisodeRef { id: format!("episode-{number}"), number })
}

/// Creates a job and claims it at once.
pub(crate) async fn create(store: &dyn JobStore, job: NewJob) -> Claim {
    match store.create(job.clone(), true).await.unwrap() {
        Created::Mine(claim) => claim,
        Created::Queued => store.claim(job.id, Epoch::FIRST).await.unwrap().expect("nobody else has claimed it").0,
        other => panic!("{other:?}"),
    }
}

async fn created(store: &Arc<dyn JobStore>) -> Claim {
    create(store.as_ref(), new_job()).await
}

/// Writes checkpoints one after another.
async fn write(store: &Arc<dyn JobStore>, by: &Claim, checkpoints: impl IntoIterator<Item = Checkpoint>) {
    for checkpoint in checkpoints {
        assert_eq!(store.checkpoint(by, checkpoint).await.unwrap(), Written::Done);
    }
}

async fn finish(store: &Arc<dyn JobStore>, by: &Claim, ending: Ending) {
    assert_eq!(store.finish(by, ending).await.unwrap(), Written::Done);
}

async fn held(store: &Arc<dyn JobStore>, id: JobId) -> JobRecord {
    store.load(id).await.unwrap().expect("held")
}

/// The unfinished jobs, in the order in which the store lists them.
pub(crate) async fn unfinished(store: &dyn JobStore) -> Vec<JobHead> {
    let mut changes = store.changes();
    let mut heads = Vec::new();
    loop {
        match changes.try_next().await.unwrap().expect("an end only after it has caught up") {
            Change::Head { head, .. } => heads.push(*head),
            Change::CaughtUp => return heads,
            Change::OwnerGone(node) => panic!("nobody but {node} writes here"),
            Change::Reset => panic!("nothing is lost here"),
        }
    }
}

/// The record of a job after a restart.
async fn after_restart(fixture: &mut impl JobStoreUnderTest, store: Arc<dyn JobStore>, id: JobId) -> JobRecord {
    drop(store);
    let store = fixture.open().await;
    let found = held(&store, id).await;
    let told = unfinished(store.as_ref()).await.into_iter().find(|head| head.id == id);
    assert_eq!(told, found.head.end.is_none().then(|| found.head.clone()), "told unless it has ended");
    found
}

pub(crate) async fn a_working_store_checks_out(mut fixture: impl JobStoreUnderTest) {
    let store = fixture.open().await;
    store.check().await.unwrap();
}
