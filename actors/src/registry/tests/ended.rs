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
async fn crowd_out(harness: &Harness) {
    let brief = Brief { description: "x".repeat(1 << 20), ..brief_of("project-1", "crowd") };
    for _ in 0..40 {
        let feed = harness.try_create(brief.clone(), None).await.expect("accepted").feed;
        harness.cancel(&feed).await;
    }
}

#[actix::test]
async fn an_unused_ended_job_leaves_memory_and_is_read_again_unchanged() {
    let harness = harness();
    let (feed, run, mut reader) = harness.streaming("a", "half").await;
    harness.cancel(&feed).await;
    let terminal = reader.end().await;
    let (job, view) = (id(&feed), feed.view());
    run.finish();
    drop((feed, reader));
    crowd_out(&harness).await;
    assert_eq!(harness.jobs.loads(), 0);
    let again = harness.registry.find(job).await.expect("lives").expect("held");
    assert_eq!(harness.jobs.loads(), 1);
    assert_eq!((again.text().0.as_str(), &*again.view()), ("half", &*view));
    assert_eq!(Reader::new(&again).end().await, terminal);
}

#[actix::test]
async fn concurrent_look_ups_share_one_read_and_one_feed() {
    let harness = harness();
    let job = saved("a");
    harness.jobs.set(Op::Load, Mood::Hangs);
    harness.adopt(vec![job.clone()]).await;
    let all = futures_util::future::join_all((0..50).map(|_| harness.find(&job)));
    tokio::pin!(all);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut all).await.is_err());
    // The registry is not blocked meanwhile.
    harness.create("b").await;
    harness.jobs.set(Op::Load, Mood::Works);
    let feeds = soon(all).await;
    assert_eq!(harness.jobs.loads(), 1);
    feeds[0].cut();
    for feed in &feeds {
        assert_eq!(Reader::new(feed).end().await.name, "completed");
    }
    harness.find(&job).await;
    assert_eq!(harness.jobs.loads(), 1, "it is kept in memory");
}

#[actix::test]
async fn unknown_ids_are_not_looked_up_in_the_store() {
    let harness = harness();
    harness.adopt(vec![saved("a")]).await;
    harness.until("the ended jobs are known", || harness.count().completed == 1).await;
    for _ in 0..1000 {
        assert!(harness.registry.find(JobId::new()).await.expect("lives").is_none());
    }
    assert_eq!(harness.jobs.loads(), 0);
}

#[actix::test]
async fn until_the_ended_jobs_are_loaded_ids_and_keys_are_looked_up_in_the_store() {
    let harness = harness();
    harness.jobs.set(Op::Ended, Mood::Hangs);
    let jobs = [saved("a"), ended("b", "half", Outcome::Canceled)];
    harness.adopt(jobs.to_vec()).await;
    assert_eq!(harness.find(&jobs[0]).await.text().0.as_str(), "whole");
    let again = harness.try_create(brief_of("b", "b"), key("b", "1")).await.expect("known");
    assert_eq!((id(&again.feed), again.existing), (jobs[1].head.id, true));
    let conflict = harness.try_create(brief_of("b", "b"), key("b", "2")).await;
    assert_eq!(conflict.map(|_| ()), Err(CreateError::IdempotencyConflict));
    assert!(harness.registry.find(JobId::new()).await.expect("lives").is_none());
    harness.jobs.set(Op::Ended, Mood::Works);
    let all = JobCounts { completed: 1, canceled: 1, episodes_saved: 1, ..JobCounts::default() };
    harness.until("each is counted once", || harness.count() == all).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(harness.count(), all);
}

#[actix::test]
async fn loading_ended_jobs_is_retried_and_nothing_is_forgotten_before() {
    let harness = harness();
    harness.jobs.set(Op::Ended, Mood::Fails);
    let mut overdue = ended("a", "whole", Outcome::Canceled);
    overdue.head.end = Some(End { mark: MARK, at: crate::testing::at(-7200), outcome: Outcome::Canceled });
    harness.adopt(vec![overdue.clone()]).await;
    harness.later(7200).await;
    assert_eq!(harness.journal.count(|h| matches!(h, Happened::PurgeCalled(_))), 0);
    harness.jobs.set(Op::Ended, Mood::Works);
    harness.until("it is known", || harness.count().canceled == 1).await;
    harness.later(60).await;
    harness.journal.until(1, |h| *h == Happened::Purged(vec![overdue.head.id])).await;
}

#[actix::test]
async fn a_job_is_not_unknown_while_the_store_cannot_be_read() {
    let harness = harness();
    harness.adopt(vec![saved("a")]).await;
    harness.until("the ended jobs are known", || harness.count().completed == 1).await;
    let job = saved("b");
    harness.adopt(vec![job.clone()]).await;
    for mood in [Mood::Fails, Mood::Hangs] {
        harness.jobs.set(Op::Load, mood);
        let failed = harness.registry.find(job.head.id).await;
        assert!(matches!(failed, Err(FindError::Store(_))), "{mood:?}");
    }
    harness.jobs.set(Op::Load, Mood::Works);
    assert_eq!(harness.find(&job).await.text().0.as_str(), "whole");
}

#[actix::test]
async fn an_episode_saved_while_its_job_is_being_read_is_shown() {
    let harness = harness();
    harness.episodes.set(Mood::Hangs);
    let job = owed_before("a");
    harness.adopt(vec![job.clone()]).await;
    harness.journal.until(1, |h| matches!(h, Happened::SaveCalled(_))).await;
    harness.jobs.set(Op::Load, Mood::Hangs);
    let found = harness.find(&job);
    tokio::pin!(found);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut found).await.is_err());
    harness.episodes.set(Mood::Works);
    harness.until_saved().await;
    harness.jobs.set(Op::Load, Mood::Works);
    assert_eq!(
        soon(found).await.view().episode.as_ref().and_then(EpisodeState::saved).map(|episode| episode.number),
        Some(1)
    );
}

#[actix::test]
async fn a_job_that_is_purged_while_it_is_being_read_does_not_come_back() {
    let harness = harness_with(RegistrySettings { keep: Bound { jobs: 1, bytes: 1 << 30 }, ..settings() });
    let job = saved("a");
    harness.adopt(vec![job.clone()]).await;
    harness.until("the ended job is known", || harness.count().completed == 1).await;
    harness.jobs.set(Op::Load, Mood::Hangs);
    let found = harness.registry.find(job.head.id);
    tokio::pin!(found);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut found).await.is_err());
    let feed = harness.create("b").await;
    harness.cancel(&feed).await;
    harness.journal.until(1, |h| *h == Happened::Purged(vec![job.head.id])).await;
    harness.jobs.set(Op::Load, Mood::Works);
    assert!(soon(found).await.expect("the store works").is_none());
    assert_eq!(harness.count(), JobCounts { canceled: 1, ..JobCounts::default() });
}

#[actix::test]
async fn a_refusal_is_known_after_the_feed_left_memory() {
    let harness = harness();
    harness.episodes.set(Mood::Refuses);
    let job = owed_before("a");
    harness.adopt(vec![job.clone()]).await;
    harness.until_refused().await;
    assert_eq!(harness.view(job.head.id).await.episode_status(), Some(EpisodeStatus::Refused));
}
