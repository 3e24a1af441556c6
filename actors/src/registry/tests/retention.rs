use super::*;
use crate::testing::{Mood, Op};

/// A completed job whose reader has left.
async fn completed(harness: &Harness, title: &str) -> Feed {
    let (feed, run, mut reader) = harness.streaming(title, "whole").await;
    run.finish();
    reader.end().await;
    feed
}

async fn held(harness: &Harness, job: JobId) -> bool {
    // Reads the store directly: a look-up would extend the retention.
    harness.count().completed > 0 && harness.journal.count(|h| *h == Happened::Purged(vec![job])) == 0
}

#[actix::test]
async fn an_ended_job_is_forgotten_after_the_retention_time_in_memory_and_in_the_store() {
    let harness = harness();
    let feed = completed(&harness, "a").await;
    let job = id(&feed);
    harness.later(3590).await;
    assert!(held(&harness, job).await);
    harness.later(20).await;
    harness.journal.until(1, |h| *h == Happened::Purged(vec![job])).await;
    assert!(harness.registry.find(job).await.expect("lives").is_none());
    assert_eq!(harness.count(), JobCounts::default());
}

#[actix::test]
async fn look_ups_and_readers_extend_retention() {
    let harness = harness();
    let feed = completed(&harness, "a").await;
    let job = id(&feed);
    harness.later(3000).await;
    assert!(harness.registry.find(job).await.expect("lives").is_some());
    harness.later(3000).await;
    assert!(held(&harness, job).await, "the look-up counts");
    let reader = Reader::new(&feed);
    harness.later(9000).await;
    assert!(held(&harness, job).await, "a reader is connected");
    drop(reader);
    harness.later(3700).await;
    assert!(!held(&harness, job).await);
}

#[actix::test]
async fn a_repeated_creation_extends_retention_and_creates_a_new_job_once_it_is_forgotten() {
    let harness = harness();
    let create = || harness.try_create(brief_of("project-1", "a"), key("k", "1"));
    let first = create().await.expect("accepted").feed;
    harness.cancel(&first).await;
    harness.later(3000).await;
    assert!(create().await.expect("known").existing);
    harness.later(3000).await;
    assert!(create().await.expect("known").existing);
    harness.later(3700).await;
    assert!(!create().await.expect("accepted").existing);
}

#[actix::test]
async fn a_script_not_saved_as_an_episode_is_kept() {
    let harness = harness();
    harness.episodes.set(Mood::Fails);
    let feed = completed(&harness, "a").await;
    harness.later(3700).await;
    harness.later(3700).await;
    assert!(held(&harness, id(&feed)).await);
    harness.episodes.set(Mood::Works);
    harness.until_saved().await;
    harness.later(3700).await;
    assert!(!held(&harness, id(&feed)).await);
}

#[actix::test]
async fn a_refused_script_is_kept_for_a_week() {
    let harness = harness();
    harness.episodes.set(Mood::Refuses);
    let feed = completed(&harness, "a").await;
    harness.until_refused().await;
    let hour = 3600;
    harness.later(24 * 6 * hour).await;
    assert!(held(&harness, id(&feed)).await);
    harness.later(25 * hour).await;
    assert!(!held(&harness, id(&feed)).await);
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
    let harness = harness();
    let job = id(&completed(&harness, "a").await);
    harness.jobs.set(Op::Purge, mood);
    harness.later(3700).await;
    harness.journal.until(2, |h| *h == Happened::PurgeCalled(vec![job])).await;
    harness.jobs.set(Op::Purge, Mood::Works);
    harness.journal.until(1, |h| *h == Happened::Purged(vec![job])).await;
}

#[actix::test]
async fn a_clock_step_forgets_nothing() {
    let harness = harness();
    let feed = completed(&harness, "a").await;
    for step in [366 * 24 * 3600, -2 * 366 * 24 * 3600] {
        harness.clock.advance(step);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(held(&harness, id(&feed)).await);
    }
    harness.later(3610).await;
    assert!(!held(&harness, id(&feed)).await, "retention follows the monotonic clock");
}

#[actix::test]
async fn beyond_the_job_bound_the_oldest_job_without_obligation_or_reader_goes() {
    let harness = harness_with(RegistrySettings { keep: Bound { jobs: 3, bytes: 1 << 30 }, ..settings() });
    harness.episodes.set(Mood::Fails);
    let owed = completed(&harness, "owed").await;
    harness.episodes.set(Mood::Hangs);
    let mut canceled = Vec::new();
    for title in ["read", "b", "c", "d"] {
        let feed = harness.create(title).await;
        harness.cancel(&feed).await;
        harness.clock.advance(1);
        canceled.push(feed);
    }
    let _reader = Reader::new(&canceled[0]);
    let [b, c] = [1, 2].map(|at| id(&canceled[at]));
    harness.journal.until(1, |h| *h == Happened::Purged(vec![b, c])).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(harness.count(), JobCounts { completed: 1, canceled: 2, episodes_pending: 1, ..JobCounts::default() });
    for kept in [&owed, &canceled[0], &canceled[3]] {
        assert!(harness.registry.find(id(kept)).await.expect("lives").is_some());
    }
}

#[actix::test]
async fn beyond_the_byte_bound_the_oldest_job_goes() {
    let harness = harness_with(RegistrySettings { keep: Bound { jobs: 100, bytes: 100_000 }, ..settings() });
    let mut jobs = Vec::new();
    for title in ["a", "b", "c"] {
        let brief = Brief { description: "x".repeat(40_000), ..brief_of("project-1", title) };
        let feed = harness.try_create(brief, None).await.expect("accepted").feed;
        harness.cancel(&feed).await;
        harness.clock.advance(1);
        jobs.push(id(&feed));
    }
    harness.journal.until(1, |h| *h == Happened::Purged(vec![jobs[0]])).await;
    assert_eq!(harness.count().canceled, 2);
}

#[actix::test]
async fn purges_are_bounded_batches_one_at_a_time() {
    let harness = harness_with(RegistrySettings { max_queued: 1000, ..settings() });
    let mut large = Vec::new();
    for number in 0..610 {
        let length = if number % 61 == 0 { 1 << 20 } else { 10 };
        let brief = Brief { description: "x".repeat(length), ..brief_of("project-1", "a") };
        let feed = harness.try_create(brief, None).await.expect("accepted").feed;
        harness.cancel(&feed).await;
        large.extend((length > 10).then(|| id(&feed)));
    }
    harness.jobs.set(Op::Purge, Mood::Hangs);
    harness.later(3610).await;
    let called = |h: &Happened| matches!(h, Happened::PurgeCalled(_));
    assert_eq!(harness.journal.count(called), 1, "the next batch waits for this one");
    harness.jobs.set(Op::Purge, Mood::Works);
    harness.until("all are gone", || harness.count() == JobCounts::default()).await;
    let mut forgotten = 0;
    for step in harness.journal.all() {
        let Happened::Purged(jobs) = step else { continue };
        assert!(jobs.len() <= 256, "{} jobs at once", jobs.len());
        let large = jobs.iter().filter(|job| large.contains(job)).count();
        assert!(large <= 4, "{large} MiB at once");
        forgotten += jobs.len();
    }
    assert_eq!(forgotten, 610);
}
