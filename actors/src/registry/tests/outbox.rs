use super::*;
use crate::{
    model::{EpisodeState, Outcome},
    testing::{Mood, Op},
};

/// A job that completed without an episode because the episode store is in `mood`.
async fn owed(harness: &Harness, mood: Mood) -> Feed {
    harness.episodes.set(mood);
    let (feed, run, mut reader) = harness.streaming("a", "whole").await;
    run.finish();
    let end = reader.end().await;
    assert_eq!((end.name.as_str(), &end.data["result"]["savedToEpisode"]), ("completed", &false.into()));
    assert_eq!(end.data["result"]["episodeId"], serde_json::Value::Null);
    let episode = if mood == Mood::Refuses { EpisodeState::Refused } else { EpisodeState::Owed };
    assert_eq!(harness.finished(&feed).await.end.outcome, Outcome::Completed { episode });
    feed
}

fn save_called(happened: &Happened) -> bool {
    matches!(happened, Happened::SaveCalled(_))
}

#[actix::test]
async fn a_job_completes_after_the_save_timeout_and_the_outbox_saves_its_episode() {
    let harness = harness();
    let begin = tokio::time::Instant::now();
    let feed = owed(&harness, Mood::Hangs).await;
    assert!(begin.elapsed() >= settings().job.save_timeout);
    assert_eq!(harness.count().episodes_pending, 1);
    harness.journal.until(3, save_called).await;
    harness.episodes.set(Mood::Works);
    let noted = harness.journal.until(1, |h| matches!(h, Happened::EpisodeNoted(..))).await;
    assert!(
        matches!(noted, Happened::EpisodeNoted(job, EpisodeState::Saved(episode)) if job == id(&feed) && episode.number == 1)
    );
    harness.until_saved().await;
    let feed = harness.registry.find(id(&feed)).await.expect("lives").expect("held");
    assert_eq!(Reader::new(&feed).end().await.data["result"]["episodeId"], "episode-1");
    assert_eq!(harness.count(), JobCounts { completed: 1, episodes_saved: 1, ..JobCounts::default() });
}

#[actix::test]
async fn pauses_between_attempts_grow_and_stay_bounded() {
    let harness = harness();
    let _feed = owed(&harness, Mood::Fails).await;
    let before = harness.journal.count(save_called);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let tries = harness.journal.count(save_called) - before;
    // 1, 2, 4, …, 60 seconds, each up to half shorter: 14 attempts in ten minutes without jitter, 25 with the most.
    assert!((10..=26).contains(&tries), "{tries} attempts in ten minutes");
}

#[actix::test]
async fn a_misconfigured_store_is_retried_rarely_and_never_given_up() {
    let harness = harness();
    let feed = owed(&harness, Mood::Misconfigured).await;
    let before = harness.journal.count(save_called);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let tries = harness.journal.count(save_called) - before;
    // Immediately, then after 2, 4, 8, 15, 15 … minutes, each up to half shorter.
    assert!((5..=12).contains(&tries), "{tries} attempts in an hour");
    assert_eq!(harness.view(id(&feed)).await.episode_status(), Some(EpisodeStatus::Owed));
    harness.episodes.set(Mood::Works);
    assert_eq!(harness.registry.save_now(id(&feed)).await.expect("lives"), Some(SaveAnswer::Tried));
    harness.until_saved().await;
}

#[actix::test]
async fn every_owed_script_is_attempted_before_any_is_retried() {
    let harness = harness();
    harness.episodes.set(Mood::Hangs);
    let jobs = (0..60).map(|number| super::adopt::owed_before(&number.to_string()));
    harness.adopt(jobs.collect()).await;
    tokio::time::sleep(Duration::from_secs(45)).await;
    let mut tried: Vec<JobId> = harness
        .journal
        .all()
        .into_iter()
        .filter_map(|h| match h {
            Happened::SaveCalled(draft) => draft.job_id,
            _ => None,
        })
        .collect();
    let tries = tried.len();
    tried.sort();
    tried.dedup();
    assert!(tries >= 16, "{tries} attempts");
    assert_eq!(tried.len(), tries, "each for a different job");
}

#[actix::test]
async fn a_refused_episode_is_not_retried() {
    let harness = harness();
    let _feed = owed(&harness, Mood::Refuses).await;
    harness.until_refused().await;
    let tries = harness.journal.count(save_called);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(harness.journal.count(save_called), tries);
    assert_eq!(harness.count().episodes_refused, 1);
}

#[actix::test]
async fn saving_again_after_the_job_store_failed_creates_no_second_episode() {
    saved_again_as_the_same_episode(Mood::Fails).await;
}

#[actix::test]
async fn saving_again_after_the_job_store_hung_creates_no_second_episode() {
    saved_again_as_the_same_episode(Mood::Hangs).await;
}

async fn saved_again_as_the_same_episode(mood: Mood) {
    let harness = harness();
    harness.jobs.set(Op::NoteEpisode, mood);
    let feed = owed(&harness, Mood::Fails).await;
    harness.episodes.set(Mood::Works);
    harness.journal.until(2, saved).await;
    assert_eq!(harness.view(id(&feed)).await.episode_status(), Some(EpisodeStatus::Owed));
    harness.jobs.set(Op::NoteEpisode, Mood::Works);
    harness.until_saved().await;
    let view = harness.view(id(&feed)).await;
    assert_eq!(view.episode.as_ref().and_then(EpisodeState::saved).map(|episode| episode.number), Some(1));
}

#[actix::test]
async fn a_panicking_store_does_not_end_the_outbox() {
    let harness = harness();
    let _feed = owed(&harness, Mood::Fails).await;
    harness.episodes.set(Mood::Panics);
    let tried = harness.journal.count(save_called);
    harness.journal.until(tried + 1, save_called).await;
    harness.episodes.set(Mood::Works);
    harness.until_saved().await;
}

#[actix::test]
async fn a_save_request_saves_immediately_even_a_refused_script() {
    let harness = harness();
    let feed = owed(&harness, Mood::Refuses).await;
    harness.until_refused().await;
    harness.episodes.set(Mood::Hangs);
    let ask = || async { harness.registry.save_now(id(&feed)).await.expect("the registry lives") };
    assert_eq!(ask().await, Some(SaveAnswer::Tried));
    assert_eq!(harness.count().episodes_pending, 1, "it is owed again");
    harness.episodes.set(Mood::Works);
    harness.until_saved().await;
    assert_eq!(ask().await, Some(SaveAnswer::Saved));
}

#[actix::test]
async fn a_save_request_is_answered_once_a_restart_would_retry_too() {
    let harness = harness();
    let feed = owed(&harness, Mood::Refuses).await;
    harness.until_refused().await;
    let job = id(&feed);
    drop(feed);
    harness.episodes.set(Mood::Hangs);
    harness.jobs.set(Op::NoteEpisode, Mood::Hangs);
    let asked = harness.registry.save_now(job);
    tokio::pin!(asked);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut asked).await.is_err());
    assert_eq!(harness.view(job).await.episode_status(), Some(EpisodeStatus::Refused), "not owed yet");
    harness.jobs.set(Op::NoteEpisode, Mood::Works);
    assert_eq!(soon(asked).await.expect("the registry lives"), Some(SaveAnswer::Tried));
    let owed = |h: &Happened| *h == Happened::EpisodeNoted(job, EpisodeState::Owed);
    assert_eq!(harness.journal.count(owed), 1);
    assert_eq!(
        harness.view(job).await.episode_status(),
        Some(EpisodeStatus::Owed),
        "what was read before is not shown"
    );
}

#[actix::test]
async fn a_script_saved_while_a_save_request_is_being_noted_stays_saved() {
    let harness = harness();
    let feed = owed(&harness, Mood::Fails).await;
    let (job, tried) = (id(&feed), harness.journal.count(save_called));
    drop(feed);
    harness.episodes.set(Mood::Hangs);
    harness.journal.until(tried + 1, save_called).await;
    harness.jobs.set(Op::NoteEpisode, Mood::Hangs);
    harness.episodes.set(Mood::Works);
    harness.journal.until(1, |h| *h == Happened::EpisodeNoteCalled(job)).await;
    let asked = harness.registry.save_now(job);
    tokio::pin!(asked);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut asked).await.is_err());
    harness.jobs.set(Op::NoteEpisode, Mood::Works);
    soon(asked).await.expect("the registry lives");
    harness.until_saved().await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(harness.count(), JobCounts { completed: 1, episodes_saved: 1, ..JobCounts::default() });
    assert_eq!(harness.registry.save_now(job).await.expect("the registry lives"), Some(SaveAnswer::Saved));
    harness.later(3700).await;
    assert_eq!(harness.count(), JobCounts::default(), "it is forgotten in its time");
}

#[actix::test]
async fn a_save_request_does_not_wait_for_the_next_attempt() {
    let harness = harness();
    let feed = owed(&harness, Mood::Fails).await;
    // By now the pauses are close to a minute.
    tokio::time::sleep(Duration::from_secs(600)).await;
    let tries = harness.journal.count(save_called);
    assert_eq!(harness.registry.save_now(id(&feed)).await.expect("lives"), Some(SaveAnswer::Tried));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(harness.journal.count(save_called), tries + 1);
}

#[actix::test]
async fn an_unfinished_or_unknown_job_has_nothing_to_save() {
    let harness = harness();
    let (feed, _run, _reader) = harness.streaming("a", "half").await;
    assert_eq!(harness.registry.save_now(id(&feed)).await.expect("lives"), Some(SaveAnswer::NoScript));
    assert_eq!(harness.registry.save_now(JobId::new()).await.expect("lives"), None);
}
