use super::*;
use crate::{
    model::{EpisodeState, Outcome},
    testing::{Mood, Op},
};

#[actix::test]
async fn when_the_store_fails_readers_see_the_end_after_the_timeout_and_it_is_recorded_late() {
    shown_after_the_timeout_and_recorded_late(Mood::Fails).await;
}

#[actix::test]
async fn when_the_store_hangs_readers_see_the_end_after_the_timeout_and_it_is_recorded_late() {
    shown_after_the_timeout_and_recorded_late(Mood::Hangs).await;
}

async fn shown_after_the_timeout_and_recorded_late(mood: Mood) {
    let harness = harness();
    harness.jobs.set(Op::Finish, mood);
    let (feed, run, mut reader) = harness.streaming("a", "whole").await;
    let begin = tokio::time::Instant::now();
    run.finish();
    assert_eq!(reader.end().await.name, "completed");
    let waited = begin.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(12)).contains(&waited), "{mood:?}: {waited:?}");
    assert_eq!(harness.count().unrecorded, 1);

    harness.jobs.set(Op::Finish, Mood::Works);
    let ending = harness.finished(&feed).await;
    assert!(matches!(ending.end.outcome, Outcome::Completed { episode: EpisodeState::Saved(_) }));
    assert_eq!(reader_after_end(&feed).await, Some(format!("1-{}", ending.end.mark.event_seq)));
    soon(async {
        while harness.count().unrecorded > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

async fn reader_after_end(feed: &Feed) -> Option<String> {
    Reader::new(feed).end().await.id
}

#[actix::test]
async fn an_unrecorded_outcome_is_counted_and_its_job_kept_while_a_late_write_hangs() {
    let harness = harness_with(RegistrySettings { retention: Duration::from_secs(30), ..settings() });
    harness.jobs.set(Op::Finish, Mood::Hangs);
    let (feed, run, mut reader) = harness.streaming("a", "whole").await;
    run.finish();
    reader.end().await;
    drop(reader);
    harness.later(1000).await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(harness.count().unrecorded, 1);
    assert_eq!(harness.journal.count(|h| matches!(h, Happened::PurgeCalled(_))), 0);
    harness.jobs.set(Op::Finish, Mood::Works);
    harness.finished(&feed).await;
}

#[actix::test]
async fn a_store_that_is_down_is_not_asked_for_every_outcome_every_second() {
    let harness = harness_with(RegistrySettings { max_streaming: 50, ..settings() });
    harness.jobs.set(Op::Finish, Mood::Fails);
    let mut readers = Vec::new();
    for title in 0..50 {
        let (_, run, reader) = harness.streaming(&title.to_string(), "whole").await;
        run.finish();
        readers.push(reader);
    }
    for mut reader in readers {
        reader.end().await;
    }
    let called = |h: &Happened| matches!(h, Happened::FinishCalled(_));
    let before = harness.journal.count(called);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let more = harness.journal.count(called) - before;
    assert!((5..=15).contains(&more), "{more} calls in ten seconds");
    harness.jobs.set(Op::Finish, Mood::Works);
    harness.journal.until(50, finished).await;
}
