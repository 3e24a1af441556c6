//! Episodes kept elsewhere than in the service: a real Chroma, another instance of this service.

mod chroma;
mod chroma_contract;
mod embeddings;
mod outages;
mod remote;
mod remote_contract;

use serde_json::{Value, json};

use crate::harness::{brief_with, http::Request, service::Service, wait};

const PROJECT: &str = "project-1";

/// Creates so many short jobs of one project at once.
fn create_jobs(service: &Service, count: usize) -> Vec<String> {
    (0..count).map(|number| service.create(&brief_with(json!({ "title": format!("Episode {number}") })))).collect()
}

/// Waits until the job's script is an episode, at once or by the outbox, and returns the job.
#[track_caller]
fn wait_until_saved(service: &Service, id: &str) -> Value {
    wait::until_within(3 * wait::TIMEOUT, &format!("{id} to be saved"), || {
        let job = service.job(id);
        assert_ne!(job["status"], "failed", "{job}");
        (job["savedToEpisode"] == true).then_some(job)
    })
}

/// Asks for the job's script to be saved until it is, as one does who knows that the store works again: by itself the
/// service looks after a pause.
#[track_caller]
fn save_now(service: &Service, id: &str) -> Value {
    let ask = Request::new("POST", &format!("/api/v1/generations/{id}/episode"));
    wait::until(&format!("{id} to be saved"), || {
        service.send(&ask);
        let job = service.job(id);
        (job["savedToEpisode"] == true).then_some(job)
    })
}

/// Asserts that clients are told that the store is at fault, not they.
#[track_caller]
fn assert_asks_for_an_operator(service: &Service) {
    let list = Request::get(&format!("/api/v1/projects/{PROJECT}/episodes")).header("Accept-Language", "en");
    let error = service.send(&list).expect_error(503, "GENERATION_ERROR");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("operator")), "{error}");
}

/// Asserts that the script is owed to the store after at least one more try.
#[track_caller]
fn assert_kept(service: &Service, id: &str) {
    // What the log says of it is the outbox's to choose.
    wait::until("a try of the outbox", || {
        service.log().lines().any(|line| line.contains("::outbox") && line.contains(id)).then_some(())
    });
    let episodes = &service.stats()["episodes"];
    assert_eq!((&episodes["pending"], &episodes["failed"]), (&json!(1), &json!(0)));
}

/// The numbers in use, in order.
fn numbers(episodes: &[Value]) -> Vec<u64> {
    episodes.iter().map(|episode| episode["number"].as_u64().expect("a number")).collect()
}

/// Asserts that the project's episodes are these jobs', numbered from 1 without gap or double.
#[track_caller]
fn assert_each_once(service: &Service, jobs: &[String]) {
    let episodes = service.episodes(PROJECT);
    assert_eq!(numbers(&episodes), (1..=jobs.len() as u64).collect::<Vec<_>>());
    let mut ids: Vec<_> = episodes.iter().map(|episode| episode["id"].clone()).map(|id| id.to_string()).collect();
    let mut saved: Vec<_> = jobs.iter().map(|job| service.job(job)["episodeId"].to_string()).collect();
    ids.sort();
    saved.sort();
    assert_eq!(saved, ids);
}
