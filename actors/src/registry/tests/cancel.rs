use super::*;
use crate::{
    model::Outcome,
    testing::{Mood, Op},
};

#[actix::test]
async fn a_cancel_is_answered_once_the_stream_is_dropped_and_the_outcome_recorded() {
    let house = house();
    let (feed, _run, mut reader) = house.streaming("a", "half").await;
    house.jobs.set(Op::Finish, Mood::Hangs);
    let cancel = house.cancel(&feed);
    tokio::pin!(cancel);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut cancel).await.is_err(), "not recorded yet");
    assert_eq!(house.journal.count(dropped("a")), 1, "the stream goes first");
    assert_eq!(status(&feed), Status::Streaming, "an outcome is shown once it is recorded");
    house.jobs.set(Op::Finish, Mood::Works);
    cancel.await;
    assert_eq!(house.finished(&feed).await.end.outcome, Outcome::Canceled);
    let end = reader.end().await;
    assert_eq!((&end.data["error"]["code"], &end.data["error"]["retryable"]), (&"JOB_CANCELED".into(), &false.into()));
    assert_eq!((status(&feed), feed.text().0.as_str()), (Status::Canceled, "half"));
}

#[actix::test]
async fn a_queued_job_is_canceled_without_ever_starting() {
    let house = house_with(RegistrySettings { max_streaming: 1, ..settings() });
    let (first, _run, _reader) = house.streaming("a", "text").await;
    let second = house.create("b").await;
    let mut reader = Reader::new(&second);
    house.cancel(&second).await;
    assert_eq!(reader.end().await.data["error"]["code"], "JOB_CANCELED");
    house.cancel(&first).await;
    let _run = house.streaming("c", "text").await;
    assert_eq!(house.journal.count(|h| matches!(h, Happened::Asked(title) if title == "b")), 0);
}

#[actix::test]
async fn a_cancel_right_after_the_start_leaves_no_stream_open_and_no_slot_taken() {
    let house = build(RegistrySettings { max_streaming: 1, arbiters: 2, ..settings() });
    for title in 0..50 {
        let feed = house.create(&title.to_string()).await;
        house.cancel(&feed).await;
        assert_eq!((Reader::new(&feed).end().await.name.as_str(), status(&feed)), ("failed", Status::Canceled));
        assert_eq!(house.generator.open().0, 0);
    }
    assert_eq!(house.count(), JobCounts { canceled: 50, ..JobCounts::default() });
    while house.generator.started().is_some() {}
    house.streaming("last", "text").await;
}

#[actix::test]
async fn a_cancel_while_saving_lets_the_job_complete() {
    let house = house();
    house.episodes.set(Mood::Hangs);
    let (feed, run, mut reader) = house.streaming("a", "whole").await;
    run.finish();
    house.journal.until(1, |h| matches!(h, Happened::SaveCalled(_))).await;
    house.cancel(&feed).await;
    house.episodes.set(Mood::Works);
    assert_eq!(reader.end().await.name, "completed");
}

#[actix::test]
async fn canceling_an_ended_or_unknown_job_changes_nothing() {
    let house = house();
    let (feed, _run, mut reader) = house.streaming("a", "half").await;
    futures_util::future::join_all((0..40).map(|_| house.cancel(&feed))).await;
    house.cancel(&feed).await;
    reader.end().await;
    soon(house.registry.cancel(JobId::new())).await.expect("the registry lives");
    assert_eq!(house.journal.count(finished), 1);

    let (done, run, mut reader) = house.streaming("b", "whole").await;
    run.finish();
    reader.end().await;
    house.cancel(&done).await;
    assert_eq!(status(&done), Status::Completed);
}

#[actix::test]
async fn a_generator_that_never_pauses_cannot_block_a_cancel() {
    let house = house_with_threads(1);
    let (feed, run, mut reader) = house.streaming("a", "text").await;
    run.flood();
    reader.event("preview").await;
    house.cancel(&feed).await;
    assert_eq!(house.journal.count(dropped("a")), 1);
    assert_eq!(reader.end().await.data["error"]["code"], "JOB_CANCELED");
}

#[actix::test]
async fn a_cancel_is_answered_while_the_store_is_down_and_recorded_once_it_is_back() {
    let house = house();
    house.jobs.set(Op::Finish, Mood::Fails);
    let (feed, _run, mut reader) = house.streaming("a", "half").await;
    house.cancel(&feed).await;
    assert_eq!(reader.end().await.data["error"]["code"], "JOB_CANCELED");
    assert_eq!(house.count().unrecorded, 1);
    house.jobs.set(Op::Finish, Mood::Works);
    assert_eq!(house.finished(&feed).await.end.outcome, Outcome::Canceled);
}
