use super::*;
use crate::{
    ports::Outcome,
    testing::{Mood, Op},
};

#[actix::test]
async fn readers_are_told_after_patience_when_the_store_fails_and_the_outcome_is_recorded_late() {
    told_after_patience_and_recorded_late(Mood::Fails).await;
}

async fn told_after_patience_and_recorded_late(mood: Mood) {
    let house = house();
    house.jobs.set(Op::Finish, mood);
    let (feed, run, mut reader) = house.streaming("a", "whole").await;
    let begin = tokio::time::Instant::now();
    run.finish();
    assert_eq!(reader.end().await.name, "completed");
    let waited = begin.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(12)).contains(&waited), "{mood:?}: {waited:?}");
    assert_eq!(house.count().await.unrecorded, 1);

    house.jobs.set(Op::Finish, Mood::Works);
    let ending = house.finished(&feed).await;
    assert!(matches!(ending.outcome, Outcome::Completed { episode: Some(_) }));
    assert_eq!(reader_after_end(&feed).await, Some(format!("1-{}", ending.event_seq)));
    soon(async {
        while house.count().await.unrecorded > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

async fn reader_after_end(feed: &Feed) -> Option<String> {
    Reader::new(feed).end().await.id
}
