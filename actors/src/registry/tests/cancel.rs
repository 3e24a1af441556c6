use super::*;
use crate::{
    model::Outcome,
    testing::{Mood, Op},
};

#[actix::test]
async fn a_cancel_is_answered_once_the_stream_is_dropped_and_the_outcome_recorded() {
    let harness = harness();
    let (feed, _run, mut reader) = harness.streaming("a", "half").await;
    harness.jobs.set(Op::Finish, Mood::Hangs);
    let cancel = harness.cancel(&feed);
    tokio::pin!(cancel);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut cancel).await.is_err(), "not recorded yet");
    assert_eq!(harness.journal.count(dropped("a")), 1, "the stream goes first");
    assert_eq!(status(&feed), Status::Streaming, "an outcome is shown once it is recorded");
    harness.jobs.set(Op::Finish, Mood::Works);
    cancel.await;
    assert_eq!(harness.finished(&feed).await.end.outcome, Outcome::Canceled);
    let end = reader.end().await;
    assert_eq!((&end.data["error"]["code"], &end.data["error"]["retryable"]), (&"JOB_CANCELED".into(), &false.into()));
    assert_eq!((status(&feed), feed.text().0.as_str()), (Status::Canceled, "half"));
}

#[actix::test]
async fn a_queued_job_is_canceled_without_ever_starting() {
    let harness = harness_with(RegistrySettings { max_streaming: 1, ..settings() });
    let (first, _run, _reader) = harness.streaming("a", "text").await;
    let second = harness.create("b").await;
    let mut reader = Reader::new(&second);
    harness.cancel(&second).await;
    assert_eq!(reader.end().await.data["error"]["code"], "JOB_CANCELED");
    harness.cancel(&first).await;
    let _run = harness.streaming("c", "text").await;
    assert_eq!(harness.journal.count(|h| matches!(h, Happened::Asked(title) if title == "b")), 0);
}

#[actix::test]
async fn a_cancel_right_after_the_start_leaves_no_stream_open_and_no_slot_taken() {
    let harness = build(RegistrySettings { max_streaming: 1, arbiters: 2, ..settings() });
    for title in 0..50 {
        let feed = harness.create(&title.to_string()).await;
        harness.cancel(&feed).await;
        assert_eq!((Reader::new(&feed).end().await.name.as_str(), status(&feed)), ("failed", Status::Canceled));
        assert_eq!(harness.generator.open().0, 0);
    }
    assert_eq!(harness.count(), JobCounts { canceled: 50, ..JobCounts::default() });
    while harness.generator.started().is_some() {}
    harness.streaming("last", "text").await;
}

#[actix::test]
async fn a_cancel_while_saving_lets_the_job_complete() {
    let harness = harness();
    harness.episodes.set(Mood::Hangs);
    let (feed, run, mut reader) = harness.streaming("a", "whole").await;
    run.finish();
    harness.journal.until(1, |h| matches!(h, Happened::SaveCalled(_))).await;
    harness.cancel(&feed).await;
    harness.episodes.set(Mood::Works);
    assert_eq!(reader.end().await.name, "completed");
}

#[actix::test]
async fn canceling_an_ended_or_unknown_job_changes_nothing() {
    let harness = harness();
    let (feed, _run, mut reader) = harness.streaming("a", "half").await;
    futures_util::future::join_all((0..40).map(|_| harness.cancel(&feed))).await;
    harness.cancel(&feed).await;
    reader.end().await;
    soon(harness.registry.cancel(JobId::new())).await.expect("the registry lives");
    assert_eq!(harness.journal.count(finished), 1);

    let (done, run, mut reader) = harness.streaming("b", "whole").await;
    run.finish();
    reader.end().await;
    harness.cancel(&done).await;
    assert_eq!(status(&done), Status::Completed);
}

#[actix::test]
async fn a_generator_that_never_pauses_cannot_block_a_cancel() {
    let harness = harness_with_threads(1);
    let (feed, run, mut reader) = harness.streaming("a", "text").await;
    run.flood();
    reader.event("preview").await;
    harness.cancel(&feed).await;
    assert_eq!(harness.journal.count(dropped("a")), 1);
    assert_eq!(reader.end().await.data["error"]["code"], "JOB_CANCELED");
}

#[actix::test]
async fn a_cancel_is_answered_while_the_store_is_down_and_recorded_once_it_is_back() {
    let harness = harness();
    harness.jobs.set(Op::Finish, Mood::Fails);
    let (feed, _run, mut reader) = harness.streaming("a", "half").await;
    harness.cancel(&feed).await;
    assert_eq!(reader.end().await.data["error"]["code"], "JOB_CANCELED");
    assert_eq!(harness.count().unrecorded, 1);
    harness.jobs.set(Op::Finish, Mood::Works);
    assert_eq!(harness.finished(&feed).await.end.outcome, Outcome::Canceled);
}
