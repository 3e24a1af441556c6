//! One instance of the service as the Episode API of another.

use chrono::Utc;
use generation_actors::{
    job::JobId,
    ports::{EpisodeDraft, EpisodeError, EpisodeStore as _},
};
use generation_service::episodes::{RemoteEpisodes, RemoteOptions};
use serde_json::json;
use std::time::Duration;

use super::{PROJECT, assert_each_once, create_jobs, numbers, wait_until_saved};
use crate::harness::{
    http::Request,
    proxy::Proxy,
    service::Service,
    upstream::{Step, Upstream},
};

#[test]
fn fifty_jobs_at_once_are_numbered_by_the_other_instance() {
    let keeper = Service::start();
    let service = Service::builder().remote(&keeper.url("")).start();
    let jobs = create_jobs(&service, 50);
    for job in &jobs {
        wait_until_saved(&service, job);
    }
    assert_each_once(&service, &jobs);
    assert_eq!(keeper.episodes(PROJECT), service.episodes(PROJECT));
    let episode =
        format!("/api/v1/projects/{PROJECT}/episodes/{}", service.job(&jobs[0])["episodeId"].as_str().unwrap());
    assert_eq!(keeper.get(&episode).expect(200).json(), service.get(&episode).expect(200).json());
    service.send(&Request::new("DELETE", &episode)).expect(204);
    keeper.get(&episode).expect_error(404, "NOT_FOUND");
}

#[test]
fn two_instances_at_once_share_the_numbers() {
    let keeper = Service::start();
    let services = [(); 2].map(|()| Service::builder().remote(&keeper.url("")).start());
    let jobs = services.each_ref().map(|service| create_jobs(service, 25));
    for (service, jobs) in services.iter().zip(&jobs) {
        jobs.iter().for_each(|job| drop(wait_until_saved(service, job)));
    }
    assert_eq!(numbers(&keeper.episodes(PROJECT)), (1..=50).collect::<Vec<_>>());
}

#[test]
fn an_answer_that_comes_too_late_saves_nothing_twice() {
    let keeper = Service::start();
    let proxy = Proxy::to(keeper.address());
    let service = Service::builder().remote(&proxy.url()).save_timeout("500ms").start();
    proxy.hold_answers_to("POST /api/v1/projects/");
    let jobs = create_jobs(&service, 4);
    for job in &jobs {
        assert_eq!(service.wait_for(job, "completed")["savedToEpisode"], false);
    }
    proxy.wait_until_held();
    proxy.let_answers_go();
    jobs.iter().for_each(|job| drop(wait_until_saved(&service, job)));
    assert_each_once(&service, &jobs);
}

#[test]
fn the_same_key_is_the_same_episode() {
    let service = Service::start();
    let post = |key: &str| {
        let body = json!({ "title": "t", "script": { "markdown": "m" } });
        service.send(&Request::new("POST", "/api/v1/projects/p/episodes").header("Idempotency-Key", key).json(&body))
    };
    let first = post("one").expect(201);
    let again = post("one").expect(200);
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(post("two").expect(201).json()["number"], 2);
    post("not one key").expect_error(422, "VALIDATION_ERROR");
}

fn draft(job: JobId) -> EpisodeDraft {
    EpisodeDraft {
        project_id: "a/../b".into(),
        job_id: Some(job),
        key: None,
        title: "t".into(),
        markdown: "m".into(),
        tokens: Some(3),
        prompt_snapshot: Some("p".into()),
        model: None,
        created_at: Utc::now(),
    }
}

fn client(api: &Upstream) -> RemoteEpisodes {
    RemoteEpisodes::new(&RemoteOptions {
        url: api.url(),
        token: Some("hunter2".into()),
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(5),
    })
}

#[tokio::test]
async fn the_originals_request_reaches_an_api_that_wants_a_slash_and_wraps_its_answer() {
    let saved = json!({ "success": true, "message": "Episode created", "data": {
        "id": "e-1", "projectId": "x", "number": 7, "title": "t", "createdAt": "2025-08-22T10:30:00Z" } });
    let api = Upstream::start(move |number| match number {
        0 => vec![Step::Refuse(307, vec![("location", "http://elsewhere.invalid/".into())], String::new())],
        _ => vec![Step::Refuse(200, Vec::new(), saved.to_string())],
    });
    let (store, job) = (client(&api), JobId::new());
    for _ in 0..2 {
        let summary = store.save(draft(job)).await.unwrap();
        assert_eq!((summary.id.as_str(), summary.number, summary.project_id.as_str()), ("e-1", 7, "a/../b"));
    }
    let seen = api.seen();
    let path = "/v1/api/v1/projects/a%2f%2e%2e%2fb/episodes";
    let asked: Vec<_> = seen.iter().map(|seen| seen.headers.lines().next().unwrap().to_owned()).collect();
    let with_slash = format!("post {path}/ http/1.1");
    assert_eq!(asked, [format!("post {path} http/1.1"), with_slash.clone(), with_slash]);
    for seen in seen {
        assert!(seen.headers.contains(&format!("idempotency-key: {job}")), "{}", seen.headers);
        assert!(seen.headers.contains("authorization: bearer hunter2"), "{}", seen.headers);
        let body = json!({ "title": "t", "script": { "markdown": "m", "tokens": 3 }, "promptSnapshot": "p" });
        assert_eq!(seen.body, body);
    }
}

#[tokio::test]
async fn an_api_that_refuses_is_not_asked_again_and_one_that_fails_may_be() {
    for (status, for_good) in
        [(400, true), (401, true), (413, true), (422, true), (429, false), (500, false), (503, false)]
    {
        let api = Upstream::start(move |_| vec![Step::Refuse(status, Vec::new(), "{\"detail\":\"no\"}".into())]);
        let error = client(&api).save(draft(JobId::new())).await.unwrap_err();
        assert_eq!(matches!(error, EpisodeError::Refused(_)), for_good, "{status}: {error}");
        assert!(error.to_string().contains(&status.to_string()) && !error.to_string().contains("hunter2"), "{error}");
    }
    let api = Upstream::start(|_| vec![Step::Cut]);
    assert!(matches!(client(&api).save(draft(JobId::new())).await, Err(EpisodeError::Unavailable(_))));
    assert_eq!(api.seen().len(), 2, "a broken connection is tried once more");
}

#[test]
fn a_token_that_the_api_refuses_stops_the_start_and_is_not_shown() {
    let api = Upstream::start(|_| vec![Step::Refuse(401, Vec::new(), String::new())]);
    let builder = Service::builder()
        .remote(&api.url())
        .env("GENERATION__EPISODES__TOKEN_ENV", "EPISODES_TOKEN")
        .env("EPISODES_TOKEN", "hunter2");
    let (status, log) = builder.start_in_vain();
    assert!(!status.success());
    assert!(log.contains("401") && !log.contains("hunter2"), "{log}");
}
