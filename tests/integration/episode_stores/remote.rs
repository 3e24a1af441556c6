//! One instance of the service as the Episode API of another.

use chrono::Utc;
use generation_actors::{model::JobId, ports::{EpisodeDraft, EpisodeError, EpisodePage, EpisodeStore as _}};
use generation_service::{
    config::EpisodeApi,
    episodes::{RemoteEpisodes, Timeouts},
};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use super::{
    PROJECT, assert_asks_for_an_operator, assert_each_once, assert_kept, create_jobs, numbers, save_now,
    wait_until_saved,
};
use crate::harness::{
    http::Request,
    proxy::Proxy,
    service::Service,
    upstream::{Gate, Step, Upstream},
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
    let settings = EpisodeApi { url: api.url(), token: Some("hunter2".into()) };
    RemoteEpisodes::new(&settings, Timeouts::within(Duration::from_secs(5)))
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

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Unavailable,
    Misconfigured,
    Refused,
}

#[tokio::test]
async fn what_an_api_answers_says_whose_fault_it_is() {
    use Kind::{Misconfigured, Refused, Unavailable};
    let (no, names) =
        (r#"{"detail":"no"}"#, r#"{"detail":[{"loc":["body","script","markdown"],"msg":"is too long"}]}"#);
    let page = "<html><head><title>400 Bad Request</title></head></html>";
    for (status, body, expected) in [
        (400, no, Misconfigured),
        (400, page, Misconfigured),
        (400, names, Refused),
        (401, no, Misconfigured),
        (403, no, Misconfigured),
        (404, no, Misconfigured),
        (405, no, Misconfigured),
        (410, no, Misconfigured),
        (302, "", Misconfigured),
        (200, page, Misconfigured),
        (408, no, Unavailable),
        (413, page, Refused),
        (422, no, Refused),
        (429, no, Unavailable),
        (500, no, Unavailable),
        (501, no, Misconfigured),
        (503, no, Unavailable),
    ] {
        let api = Upstream::start(move |_| vec![Step::Refuse(status, Vec::new(), body.into())]);
        let error = client(&api).save(draft(JobId::new())).await.unwrap_err();
        let found = match &error {
            EpisodeError::Unavailable(_) => Unavailable,
            EpisodeError::Misconfigured(_) => Misconfigured,
            EpisodeError::Refused(_) => Refused,
        };
        assert_eq!(found, expected, "{status}: {error}");
        let cause = error.to_string();
        assert!((status == 200 || cause.contains(&status.to_string())) && !cause.contains("hunter2"), "{cause}");
        // Nothing is wrong with whoever only reads.
        let listed = client(&api).list("p", EpisodePage { limit: 10, offset: 0 }).await;
        assert!(!matches!(listed, Err(EpisodeError::Refused(_))), "{status}: {listed:?}");
    }
    let api = Upstream::start(|_| vec![Step::Cut]);
    assert!(matches!(client(&api).save(draft(JobId::new())).await, Err(EpisodeError::Unavailable(_))));
    assert_eq!(api.seen().len(), 2, "a broken connection is tried once more");
}

#[tokio::test]
async fn another_server_passes_neither_for_an_empty_nor_for_an_obedient_api() {
    let answering =
        |status, body: &'static str| Upstream::start(move |_| vec![Step::Refuse(status, Vec::new(), body.into())]);
    let page = EpisodePage { limit: 10, offset: 0 };
    let (html, json) = ("\n<!doctype html><title>Log in</title>", r#"{"detail":"no such project"}"#);
    for (status, body) in [(404, html), (404, ""), (200, html)] {
        let api = answering(status, body);
        let store = client(&api);
        let answers = [
            store.list("p", page).await.err(),
            store.search("p", "q", page).await.err(),
            store.get("p", "e").await.err(),
            store.delete("p", "e").await.err(),
            store.check().await.err(),
        ];
        for answer in answers {
            assert!(matches!(answer, Some(EpisodeError::Misconfigured(_))), "{status} {body:?}: {answer:?}");
        }
    }
    let api = answering(404, json);
    let store = client(&api);
    assert_eq!(store.list("p", page).await, Ok((Vec::new(), 0)));
    assert_eq!((store.get("p", "e").await, store.delete("p", "e").await), (Ok(None), Ok(false)));
    // Then it is not the project that is missing.
    assert!(matches!(store.save(draft(JobId::new())).await, Err(EpisodeError::Misconfigured(_))));
    assert!(matches!(store.list("p", page).await, Err(EpisodeError::Misconfigured(_))));
    for body in ["", "{}", "OK"] {
        assert_eq!(client(&answering(200, body)).delete("p", "e").await, Ok(true), "{body:?}");
    }
}

#[tokio::test]
async fn what_the_api_has_not_got_is_not_found_by_the_path_it_knows() {
    let api = Upstream::start(|number| {
        let body = if number % 2 == 0 { "<html>no such path</html>" } else { r#"{"detail":"no such project"}"# };
        vec![Step::Refuse(404, Vec::new(), body.into())]
    });
    assert_eq!(client(&api).list("p", EpisodePage { limit: 10, offset: 0 }).await, Ok((Vec::new(), 0)));
}

#[test]
fn an_api_that_hangs_does_not_hold_up_the_start() {
    let gate = Gate::default();
    let held = gate.clone();
    let api = Upstream::start(move |_| vec![Step::Hold(held.clone())]);
    let service = Service::builder().remote(&api.url()).start();
    assert!(!service.log().contains("no answer within 5s"), "{}", service.log());
    gate.open();
}

/// An Episode API that answers `status` until it is told to work.
fn api_that_answers(status: u16) -> (Upstream, Arc<AtomicBool>) {
    let works = Arc::new(AtomicBool::new(false));
    let working = Arc::clone(&works);
    let api = Upstream::start(move |_| {
        let saved = json!({ "id": "e-1", "number": 1, "episodes": [], "total": 0 }).to_string();
        let (status, body) = if working.load(Relaxed) { (200, saved) } else { (status, String::new()) };
        vec![Step::Refuse(status, Vec::new(), body)]
    });
    (api, works)
}

#[test]
fn an_api_that_does_not_know_the_token_for_a_while_gets_the_script_afterwards() {
    let (api, works) = api_that_answers(401);
    let service = Service::builder()
        .remote(&api.url())
        .env("GENERATION__EPISODES__TOKEN_ENV", "EPISODES_TOKEN")
        .env("EPISODES_TOKEN", "hunter2")
        .start();
    let ready = service.get("/health/ready").expect(200).json();
    assert_eq!(ready, json!({ "status": "ready", "degraded": ["episodes"] }));
    let job = create_jobs(&service, 1).remove(0);
    service.wait_for(&job, "completed");
    assert_asks_for_an_operator(&service);
    assert_kept(&service, &job);
    works.store(true, Relaxed);
    assert_eq!(save_now(&service, &job)["episodeId"], "e-1");
    assert_eq!(service.get("/health/ready").expect(200).json(), json!({ "status": "ready" }));
    let log = service.log();
    assert!(log.contains("misconfigured") && log.contains("401") && !log.contains("hunter2"), "{log}");
}

#[test]
fn a_log_of_everything_shows_no_token() {
    let (api, _) = api_that_answers(401);
    let service = Service::builder()
        .remote(&api.url())
        .env("GENERATION__EPISODES__TOKEN_ENV", "EPISODES_TOKEN")
        .env("EPISODES_TOKEN", "hunter2")
        .env("RUST_LOG", "trace")
        .start();
    let job = create_jobs(&service, 1).remove(0);
    service.wait_for(&job, "completed");
    assert_kept(&service, &job);
    assert!(api.seen().iter().all(|seen| seen.headers.contains("authorization: bearer hunter2")), "it is sent");
    let log = service.log();
    assert!(log.contains("TRACE"), "nothing is traced: {log}");
    assert!(!log.to_lowercase().contains("hunter2"), "{log}");
}

#[test]
fn an_api_that_is_not_there_for_a_while_gets_the_script_afterwards() {
    let (api, works) = api_that_answers(404);
    let service = Service::builder().remote(&api.url()).start();
    let job = create_jobs(&service, 1).remove(0);
    service.wait_for(&job, "completed");
    assert_kept(&service, &job);
    // A project that nobody has is 404 as well: only saving tells.
    let ready = service.get("/health/ready").expect(200).json();
    assert_eq!(ready, json!({ "status": "ready", "degraded": ["episodes"] }));
    works.store(true, Relaxed);
    assert_eq!(save_now(&service, &job)["episodeId"], "e-1");
    assert_eq!(service.get("/health/ready").expect(200).json(), json!({ "status": "ready" }));
}
