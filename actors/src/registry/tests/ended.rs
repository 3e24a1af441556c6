//! Ended jobs: they are kept in the store and read on demand.

use super::{adopt::*, *};
use crate::{
    model::{End, EpisodeRef, EpisodeState, JobRecord, Outcome},
    testing::{Mood, Op},
};

fn saved(title: &str) -> JobRecord {
    let episode = EpisodeRef { id: "e".into(), number: 3 };
    ended(title, "whole", Outcome::Completed { episode: EpisodeState::Saved(episode) })
}

/// Ends enough jobs to evict the first one from memory.
async fn crowd_out(house: &House) {
    let brief = Brief { description: "x".repeat(1 << 20), ..brief_of("project-1", "crowd") };
    for _ in 0..40 {
        let feed = house.try_create(brief.clone(), None).await.expect("accepted").feed;
        house.cancel(&feed).await;
    }
}

#[actix::test]
async fn an_unused_ended_job_leaves_memory_and_is_read_again_unchanged() {
    let house = house();
    let (feed, run, mut reader) = house.streaming("a", "half").await;
    house.cancel(&feed).await;
    let terminal = reader.end().await;
    let (job, view) = (id(&feed), feed.view());
    run.finish();
    drop((feed, reader));
    crowd_out(&house).await;
    assert_eq!(house.jobs.loads(), 0);
    let again = house.registry.find(job).await.expect("lives").expect("held");
    assert_eq!(house.jobs.loads(), 1);
    assert_eq!((again.text().0.as_str(), &*again.view()), ("half", &*view));
    assert_eq!(Reader::new(&again).end().await, terminal);
}

#[actix::test]
async fn concurrent_look_ups_share_one_read_and_one_feed() {
    let house = house();
    let job = saved("a");
    house.jobs.set(Op::Load, Mood::Hangs);
    house.adopt(vec![job.clone()]).await;
    let all = futures_util::future::join_all((0..50).map(|_| house.find(&job)));
    tokio::pin!(all);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut all).await.is_err());
    // The registry is not blocked meanwhile.
    house.create("b").await;
    house.jobs.set(Op::Load, Mood::Works);
    let feeds = soon(all).await;
    assert_eq!(house.jobs.loads(), 1);
    feeds[0].cut();
    for feed in &feeds {
        assert_eq!(Reader::new(feed).end().await.name, "completed");
    }
    house.find(&job).await;
    assert_eq!(house.jobs.loads(), 1, "it is kept in memory");
}

#[actix::test]
async fn unknown_ids_are_not_looked_up_in_the_store() {
    let house = house();
    house.adopt(vec![saved("a")]).await;
    house.until("the ended jobs are known", || house.count().completed == 1).await;
    for _ in 0..1000 {
        assert!(house.registry.find(JobId::new()).await.expect("lives").is_none());
    }
    assert_eq!(house.jobs.loads(), 0);
}

#[actix::test]
async fn until_the_ended_jobs_are_loaded_ids_and_keys_are_looked_up_in_the_store() {
    let house = house();
    house.jobs.set(Op::Ended, Mood::Hangs);
    let jobs = [saved("a"), ended("b", "half", Outcome::Canceled)];
    house.adopt(jobs.to_vec()).await;
    assert_eq!(house.find(&jobs[0]).await.text().0.as_str(), "whole");
    let again = house.try_create(brief_of("b", "b"), key("b", "1")).await.expect("known");
    assert_eq!((id(&again.feed), again.existing), (jobs[1].head.id, true));
    let conflict = house.try_create(brief_of("b", "b"), key("b", "2")).await;
    assert_eq!(conflict.map(|_| ()), Err(CreateError::IdempotencyConflict));
    assert!(house.registry.find(JobId::new()).await.expect("lives").is_none());
    house.jobs.set(Op::Ended, Mood::Works);
    let all = JobCounts { completed: 1, canceled: 1, episodes_saved: 1, ..JobCounts::default() };
    house.until("each is counted once", || house.count() == all).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(house.count(), all);
}

#[actix::test]
async fn loading_ended_jobs_is_retried_and_nothing_is_forgotten_before() {
    let house = house();
    house.jobs.set(Op::Ended, Mood::Fails);
    let mut overdue = ended("a", "whole", Outcome::Canceled);
    overdue.head.end = Some(End { mark: MARK, at: crate::testing::at(-7200), outcome: Outcome::Canceled });
    house.adopt(vec![overdue.clone()]).await;
    house.later(7200).await;
    assert_eq!(house.journal.count(|h| matches!(h, Happened::PurgeCalled(_))), 0);
    house.jobs.set(Op::Ended, Mood::Works);
    house.until("it is known", || house.count().canceled == 1).await;
    house.later(60).await;
    house.journal.until(1, |h| *h == Happened::Purged(vec![overdue.head.id])).await;
}

#[actix::test]
async fn a_job_is_not_unknown_while_the_store_cannot_be_read() {
    let house = house();
    house.adopt(vec![saved("a")]).await;
    house.until("the ended jobs are known", || house.count().completed == 1).await;
    let job = saved("b");
    house.adopt(vec![job.clone()]).await;
    for mood in [Mood::Fails, Mood::Hangs] {
        house.jobs.set(Op::Load, mood);
        let failed = house.registry.find(job.head.id).await;
        assert!(matches!(failed, Err(FindError::Store(_))), "{mood:?}");
    }
    house.jobs.set(Op::Load, Mood::Works);
    assert_eq!(house.find(&job).await.text().0.as_str(), "whole");
}

#[actix::test]
async fn an_episode_saved_while_its_job_is_being_read_is_shown() {
    let house = house();
    house.episodes.set(Mood::Hangs);
    let job = owed_before("a");
    house.adopt(vec![job.clone()]).await;
    house.journal.until(1, |h| matches!(h, Happened::SaveCalled(_))).await;
    house.jobs.set(Op::Load, Mood::Hangs);
    let found = house.find(&job);
    tokio::pin!(found);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut found).await.is_err());
    house.episodes.set(Mood::Works);
    house.until_saved().await;
    house.jobs.set(Op::Load, Mood::Works);
    assert_eq!(
        soon(found).await.view().episode.as_ref().and_then(EpisodeState::saved).map(|episode| episode.number),
        Some(1)
    );
}

#[actix::test]
async fn a_refusal_is_known_after_the_feed_left_memory() {
    let house = house();
    house.episodes.set(Mood::Refuses);
    let job = owed_before("a");
    house.adopt(vec![job.clone()]).await;
    house.until_refused().await;
    assert_eq!(house.view(job.head.id).await.episode_status(), Some(EpisodeStatus::Refused));
}
