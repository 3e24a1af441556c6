use super::*;
use crate::testing::{Mood, Op};

/// A job that has completed and whose reader has left.
async fn completed(house: &House, title: &str) -> Feed {
    let (feed, run, mut reader) = house.streaming(title, "whole").await;
    run.finish();
    reader.end().await;
    feed
}

async fn held(house: &House, job: JobId) -> bool {
    // A page of the finished would do as well, but looking a job up would prolong it.
    house.count().completed > 0 && house.journal.count(|h| *h == Happened::Purged(vec![job])) == 0
}

#[actix::test]
async fn a_finished_job_is_forgotten_after_the_retention_time_here_and_in_the_store() {
    let house = house();
    let feed = completed(&house, "a").await;
    let job = id(&feed);
    house.later(3590).await;
    assert!(held(&house, job).await);
    house.later(20).await;
    house.journal.until(1, |h| *h == Happened::Purged(vec![job])).await;
    assert!(house.registry.find(job).await.expect("lives").is_none());
    assert_eq!(house.count(), JobCounts::default());
}

#[actix::test]
async fn looking_a_job_up_and_reading_it_keep_it_longer() {
    let house = house();
    let feed = completed(&house, "a").await;
    let job = id(&feed);
    house.later(3000).await;
    assert!(house.registry.find(job).await.expect("lives").is_some());
    house.later(3000).await;
    assert!(held(&house, job).await, "the look-up counts");
    let reader = Reader::new(&feed);
    house.later(9000).await;
    assert!(held(&house, job).await, "somebody is connected");
    drop(reader);
    house.later(3700).await;
    assert!(!held(&house, job).await);
}

#[actix::test]
async fn a_repeated_creation_keeps_its_job_longer_and_after_it_is_forgotten_makes_a_new_one() {
    let house = house();
    let create = || house.try_create(brief_of("project-1", "a"), key("k", "1"));
    let first = create().await.expect("accepted").feed;
    house.cancel(&first).await;
    house.later(3000).await;
    assert!(create().await.expect("known").existing);
    house.later(3000).await;
    assert!(create().await.expect("known").existing);
    house.later(3700).await;
    assert!(!create().await.expect("accepted").existing);
}

#[actix::test]
async fn a_script_that_is_not_an_episode_yet_is_kept() {
    let house = house();
    house.episodes.set(Mood::Fails);
    let feed = completed(&house, "a").await;
    house.later(3700).await;
    house.later(3700).await;
    assert!(held(&house, id(&feed)).await);
    house.episodes.set(Mood::Works);
    house.until("it is saved", || feed.view().episode.is_some()).await;
    house.later(3700).await;
    assert!(!held(&house, id(&feed)).await);
}

#[actix::test]
async fn a_refused_script_is_kept_for_a_week() {
    let house = house();
    house.episodes.set(Mood::Refuses);
    let feed = completed(&house, "a").await;
    house.until("the refusal is known", || feed.view().episode_refused).await;
    let hour = 3600;
    house.later(24 * 6 * hour).await;
    assert!(held(&house, id(&feed)).await);
    house.later(25 * hour).await;
    assert!(!held(&house, id(&feed)).await);
}

#[actix::test]
async fn what_the_store_failed_to_forget_it_is_asked_to_forget_again() {
    asked_to_forget_again(Mood::Fails).await;
}

#[actix::test]
async fn a_store_that_does_not_answer_is_asked_to_forget_again() {
    asked_to_forget_again(Mood::Hangs).await;
}

async fn asked_to_forget_again(mood: Mood) {
    let house = house();
    let job = id(&completed(&house, "a").await);
    house.jobs.set(Op::Purge, mood);
    house.later(3700).await;
    house.journal.until(2, |h| *h == Happened::PurgeCalled(vec![job])).await;
    house.jobs.set(Op::Purge, Mood::Works);
    house.journal.until(1, |h| *h == Happened::Purged(vec![job])).await;
}
