use super::*;
use crate::testing::{Mood, Op};

/// A completed job whose reader has left.
async fn completed(house: &House, title: &str) -> Feed {
    let (feed, run, mut reader) = house.streaming(title, "whole").await;
    run.finish();
    reader.end().await;
    feed
}

async fn held(house: &House, job: JobId) -> bool {
    // Reads the store directly: a look-up would extend the retention.
    house.count().completed > 0 && house.journal.count(|h| *h == Happened::Purged(vec![job])) == 0
}

#[actix::test]
async fn an_ended_job_is_forgotten_after_the_retention_time_in_memory_and_in_the_store() {
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
async fn look_ups_and_readers_extend_retention() {
    let house = house();
    let feed = completed(&house, "a").await;
    let job = id(&feed);
    house.later(3000).await;
    assert!(house.registry.find(job).await.expect("lives").is_some());
    house.later(3000).await;
    assert!(held(&house, job).await, "the look-up counts");
    let reader = Reader::new(&feed);
    house.later(9000).await;
    assert!(held(&house, job).await, "a reader is connected");
    drop(reader);
    house.later(3700).await;
    assert!(!held(&house, job).await);
}

#[actix::test]
async fn a_repeated_creation_extends_retention_and_creates_a_new_job_once_it_is_forgotten() {
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
async fn a_script_not_saved_as_an_episode_is_kept() {
    let house = house();
    house.episodes.set(Mood::Fails);
    let feed = completed(&house, "a").await;
    house.later(3700).await;
    house.later(3700).await;
    assert!(held(&house, id(&feed)).await);
    house.episodes.set(Mood::Works);
    house.until_saved().await;
    house.later(3700).await;
    assert!(!held(&house, id(&feed)).await);
}

#[actix::test]
async fn a_refused_script_is_kept_for_a_week() {
    let house = house();
    house.episodes.set(Mood::Refuses);
    let feed = completed(&house, "a").await;
    house.until_refused().await;
    let hour = 3600;
    house.later(24 * 6 * hour).await;
    assert!(held(&house, id(&feed)).await);
    house.later(25 * hour).await;
    assert!(!held(&house, id(&feed)).await);
}

#[actix::test]
async fn a_failed_purge_is_repeated() {
    purge_is_repeated(Mood::Fails).await;
}

#[actix::test]
async fn a_purge_without_answer_is_repeated() {
    purge_is_repeated(Mood::Hangs).await;
}

async fn purge_is_repeated(mood: Mood) {
    let house = house();
    let job = id(&completed(&house, "a").await);
    house.jobs.set(Op::Purge, mood);
    house.later(3700).await;
    house.journal.until(2, |h| *h == Happened::PurgeCalled(vec![job])).await;
    house.jobs.set(Op::Purge, Mood::Works);
    house.journal.until(1, |h| *h == Happened::Purged(vec![job])).await;
}

#[actix::test]
async fn a_clock_step_forgets_nothing() {
    let house = house();
    let feed = completed(&house, "a").await;
    for step in [366 * 24 * 3600, -2 * 366 * 24 * 3600] {
        house.clock.advance(step);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(held(&house, id(&feed)).await);
    }
    house.later(3610).await;
    assert!(!held(&house, id(&feed)).await, "retention follows the monotonic clock");
}

#[actix::test]
async fn beyond_the_job_bound_the_oldest_job_without_obligation_or_reader_goes() {
    let house = house_with(RegistrySettings { keep: Bound { jobs: 3, bytes: 1 << 30 }, ..settings() });
    house.episodes.set(Mood::Fails);
    let owed = completed(&house, "owed").await;
    house.episodes.set(Mood::Hangs);
    let mut canceled = Vec::new();
    for title in ["read", "b", "c", "d"] {
        let feed = house.create(title).await;
        house.cancel(&feed).await;
        house.clock.advance(1);
        canceled.push(feed);
    }
    let _reader = Reader::new(&canceled[0]);
    let [b, c] = [1, 2].map(|at| id(&canceled[at]));
    house.journal.until(1, |h| *h == Happened::Purged(vec![b, c])).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(house.count(), JobCounts { completed: 1, canceled: 2, episodes_pending: 1, ..JobCounts::default() });
    for kept in [&owed, &canceled[0], &canceled[3]] {
        assert!(house.registry.find(id(kept)).await.expect("lives").is_some());
    }
}

#[actix::test]
async fn beyond_the_byte_bound_the_oldest_job_goes() {
    let house = house_with(RegistrySettings { keep: Bound { jobs: 100, bytes: 100_000 }, ..settings() });
    let mut jobs = Vec::new();
    for title in ["a", "b", "c"] {
        let brief = Brief { description: "x".repeat(40_000), ..brief_of("project-1", title) };
        let feed = house.try_create(brief, None).await.expect("accepted").feed;
        house.cancel(&feed).await;
        house.clock.advance(1);
        jobs.push(id(&feed));
    }
    house.journal.until(1, |h| *h == Happened::Purged(vec![jobs[0]])).await;
    assert_eq!(house.count().canceled, 2);
}

#[actix::test]
async fn purges_are_bounded_batches_one_at_a_time() {
    let house = house_with(RegistrySettings { max_queued: 1000, ..settings() });
    let mut large = Vec::new();
    for number in 0..610 {
        let length = if number % 61 == 0 { 1 << 20 } else { 10 };
        let brief = Brief { description: "x".repeat(length), ..brief_of("project-1", "a") };
        let feed = house.try_create(brief, None).await.expect("accepted").feed;
        house.cancel(&feed).await;
        large.extend((length > 10).then(|| id(&feed)));
    }
    house.jobs.set(Op::Purge, Mood::Hangs);
    house.later(3610).await;
    let called = |h: &Happened| matches!(h, Happened::PurgeCalled(_));
    assert_eq!(house.journal.count(called), 1, "the next batch waits for this one");
    house.jobs.set(Op::Purge, Mood::Works);
    house.until("all are gone", || house.count() == JobCounts::default()).await;
    let mut forgotten = 0;
    for step in house.journal.all() {
        let Happened::Purged(jobs) = step else { continue };
        assert!(jobs.len() <= 256, "{} jobs at once", jobs.len());
        let large = jobs.iter().filter(|job| large.contains(job)).count();
        assert!(large <= 4, "{large} MiB at once");
        forgotten += jobs.len();
    }
    assert_eq!(forgotten, 610);
}
