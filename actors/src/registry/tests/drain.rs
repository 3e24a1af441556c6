use super::*;
use crate::{
    feed::Turn,
    model::Outcome,
    testing::{Mood, Op},
};

async fn drain(harness: &Harness) {
    soon(harness.registry.drain()).await.expect("the registry lives");
}

#[actix::test]
async fn running_jobs_are_suspended_with_their_text_before_their_readers_are_cut() {
    let harness = harness();
    let (feed, run, mut reader) = harness.streaming("a", "one ").await;
    run.text("two");
    // The pieces are in the stream; the checkpoint holds those that the job has taken.
    harness.jobs.set(Op::Checkpoint, Mood::Hangs);
    let draining = drain(&harness);
    tokio::pin!(draining);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut draining).await.is_err());
    assert_eq!(harness.journal.count(dropped("a")), 1);
    harness.jobs.set(Op::Checkpoint, Mood::Works);
    draining.await;
    let (_, over) = reader.rest().await;
    assert_eq!(over, Turn::Cut);
    // The first checkpoint recorded that the job had started.
    let Happened::Checkpointed(_, last) = harness.journal.until(2, |h| matches!(h, Happened::Checkpointed(..))).await
    else {
        unreachable!()
    };
    assert_eq!(last.text, *feed.text().0);
    assert!(last.started_at.is_some());
    assert_eq!((status(&feed), harness.journal.count(finished)), (Status::Streaming, 0));
    let (_, over) = Reader::new(&feed).rest().await;
    assert_eq!(over, Turn::Cut, "later readers are cut as well");
}

#[actix::test]
async fn queued_jobs_stay_in_the_store_as_they_are_and_never_start() {
    let harness = harness_with(RegistrySettings { max_streaming: 1, ..settings() });
    let (running, _run, _reader) = harness.streaming("a", "one").await;
    let waiting = harness.create("b").await;
    let mut reader = Reader::new(&waiting);
    drain(&harness).await;
    assert_eq!(reader.rest().await.1, Turn::Cut);
    harness.cancel(&running).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(harness.generator.started().is_none());
    let of_waiting = |h: &Happened| matches!(h, Happened::CheckpointCalled(job) if *job == id(&waiting));
    assert_eq!(harness.journal.count(of_waiting), 0, "there is nothing to write");
}

#[actix::test]
async fn creations_are_refused_once_closed_but_pending_ones_are_kept() {
    let harness = harness();
    let known = harness.try_create(brief_of("project-1", "a"), key("k", "1")).await.expect("accepted");
    harness.jobs.set(Op::Create, Mood::Hangs);
    let pending = harness.create("b");
    tokio::pin!(pending);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut pending).await.is_err());
    harness.registry.close();
    let refused = harness.try_create(brief_of("project-1", "c"), None).await;
    assert_eq!(refused.map(|_| ()), Err(CreateError::ShuttingDown));
    let again = harness.try_create(brief_of("project-1", "a"), key("k", "1")).await.expect("known");
    assert_eq!(id(&again.feed), id(&known.feed));
    drain(&harness).await;
    harness.jobs.set(Op::Create, Mood::Works);
    let late = soon(pending).await;
    assert_eq!(status(&late), Status::Queued);
    assert_eq!(Reader::new(&late).rest().await.1, Turn::Cut);
}

#[actix::test]
async fn a_job_that_is_being_saved_completes_before_the_drain_answers() {
    let harness = harness();
    harness.episodes.set(Mood::Hangs);
    let (_feed, run, mut reader) = harness.streaming("a", "whole").await;
    run.finish();
    harness.journal.until(1, |h| matches!(h, Happened::SaveCalled(_))).await;
    let draining = drain(&harness);
    tokio::pin!(draining);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut draining).await.is_err());
    harness.episodes.set(Mood::Works);
    draining.await;
    assert_eq!(reader.end().await.name, "completed");
}

#[actix::test]
async fn hanging_stores_delay_a_drain_for_a_bounded_time_and_other_readers_not_at_all() {
    let harness = harness();
    let (_, saving, mut of_saving) = harness.streaming("a", "whole").await;
    let (_, _run, mut of_running) = harness.streaming("b", "half").await;
    harness.episodes.set(Mood::Hangs);
    harness.jobs.set(Op::Finish, Mood::Hangs);
    saving.finish();
    harness.journal.until(1, |h| matches!(h, Happened::SaveCalled(_))).await;
    let begin = tokio::time::Instant::now();
    let ((), (_, over)) = futures_util::future::join(drain(&harness), async {
        let rest = of_running.rest().await;
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
        rest
    })
    .await;
    assert_eq!(over, Turn::Cut);
    assert!(begin.elapsed() <= Duration::from_secs(11), "{:?}", begin.elapsed());
    assert_eq!(of_saving.rest().await.1, Turn::Cut, "it is saved after the restart");
}

#[actix::test]
async fn a_cancel_still_counts_after_the_drain() {
    let harness = harness();
    let (feed, _run, _reader) = harness.streaming("a", "half").await;
    drain(&harness).await;
    harness.cancel(&feed).await;
    assert_eq!(harness.finished(&feed).await.end.outcome, Outcome::Canceled);
}

#[actix::test]
async fn unrecorded_outcomes_are_attempted_once_more() {
    let harness = harness();
    harness.jobs.set(Op::Finish, Mood::Fails);
    let (feed, run, mut reader) = harness.streaming("a", "whole").await;
    run.finish();
    reader.end().await;
    harness.jobs.set(Op::Finish, Mood::Works);
    drain(&harness).await;
    assert_eq!(harness.journal.count(finished), 1, "before the drain answers");
    harness.finished(&feed).await;
}
