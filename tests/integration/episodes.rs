//! Saved scripts: numbers without gaps or doubles, one episode a job.

// The same suite that the embedded store passes beside its code.
#[path = "../../src/episodes/contract.rs"]
pub(crate) mod contract;

use std::{collections::HashSet, thread};

use serde_json::{Value, json};

use crate::harness::{brief, brief_with, http::Request, service::Service};

fn path(project: &str) -> String {
    format!("/api/v1/projects/{project}/episodes")
}

fn draft(title: &str) -> Value {
    json!({
        "title": title,
        "script": { "markdown": "# Complete script content...", "tokens": 1250 },
        "promptSnapshot": "Original generation prompt"
    })
}

fn save(service: &Service, project: &str, title: &str) -> Value {
    service.send(&Request::new("POST", &path(project)).json(&draft(title))).expect(201).json()
}

#[test]
fn a_completed_job_is_an_episode_with_its_text() {
    let service = Service::start();
    let id = service.create(&brief_with(json!({ "title": "비밀의 카페" })));
    let completed = service.reader(&id, "").follow();
    let job = service.job(&id);
    assert_eq!((&job["savedToEpisode"], &job["episodeNumber"]), (&json!(true), &json!(1)));
    assert_eq!(completed.data["result"]["episodeNumber"], 1);
    let episodes = service.episodes("project-1");
    assert_eq!(episodes.len(), 1);
    let summary = &episodes[0];
    assert_eq!((&summary["id"], &summary["number"]), (&job["episodeId"], &json!(1)));
    assert_eq!((&summary["title"], &summary["projectId"]), (&json!("비밀의 카페"), &json!("project-1")));
    let episode = service.get(&format!("{}/{}", path("project-1"), job["episodeId"].as_str().expect("an id")));
    let episode = episode.expect(200).json();
    assert_eq!(episode["script"]["markdown"], completed.data["result"]["markdown"]);
    assert_eq!(episode["script"]["markdown"], json!(service.script(&id)));
    assert_eq!(episode["script"]["tokens"], completed.data["result"]["tokens"]);
    assert!(episode["promptSnapshot"].as_str().is_some_and(|prompt| prompt.contains("비 오는 밤 카페")), "{episode}");
    assert_eq!(service.stats()["episodes"]["saved"], 1);
}

#[test]
fn the_originals_request_is_answered_with_the_originals_response() {
    let service = Service::start();
    let answer = service.send(&Request::new("POST", &path("p")).json(&draft("Generated Episode Title"))).expect(201);
    let saved = answer.json();
    assert!(saved["id"].as_str().is_some_and(|id| !id.is_empty()));
    assert_eq!((&saved["projectId"], &saved["number"]), (&json!("p"), &json!(1)));
    assert_eq!(saved["title"], "Generated Episode Title");
    assert!(saved["createdAt"].as_str().is_some_and(|time| time.ends_with('Z')));
    let location = answer.header("location").expect("Location").to_owned();
    let episode = service.get(&location).expect(200).json();
    assert_eq!(episode["script"], draft("")["script"]);
    assert_eq!(episode["promptSnapshot"], "Original generation prompt");
}

#[test]
fn faults_of_an_episode_are_all_told() {
    let service = Service::start();
    let request =
        Request::new("POST", &path("p")).json(&json!({ "title": "", "script": { "markdown": 5, "tokens": -1 } }));
    let error = service.send(&request).expect_error(422, "VALIDATION_ERROR");
    let fields: Vec<_> = error["details"].as_array().expect("details").iter().map(|fault| &fault["field"]).collect();
    assert_eq!(fields.len(), 3, "{error}");
    let bad = Request::new("POST", &path("p")).header("Content-Type", "application/json").body("{");
    service.send(&bad).expect_error(400, "INVALID_JSON");
}

/// Every request about the episodes of a project of this name is refused, and the error names the project.
fn expect_refused_project(service: &Service, name: &str) {
    let path = format!("/api/v1/projects/{name}/episodes");
    let requests = [
        Request::new("POST", &path).json(&draft("t")),
        Request::get(&path),
        Request::get(&format!("{path}/1")),
        Request::new("DELETE", &format!("{path}/1")),
    ];
    for request in requests {
        let error = service.send(&request).expect_error(422, "VALIDATION_ERROR");
        assert_eq!(error["details"][0]["field"], "projectId", "{name}");
    }
}

#[test]
fn projects_that_no_url_can_name_are_refused() {
    let service = Service::start();
    for name in ["%2e", "%2E%2e", "..", "."] {
        expect_refused_project(&service, name);
    }
    service.get(&path("...")).expect(200);
}

#[test]
fn a_project_that_is_no_line_of_text_is_refused_by_name() {
    let service = Service::start();
    for name in ["%ff", "a%ED%95", "%00", "a%0Ab"] {
        expect_refused_project(&service, name);
    }
}

#[test]
fn numbers_start_at_one_in_every_project_and_are_never_used_again() {
    let service = Service::start();
    let ids: Vec<_> = (1..=3)
        .map(|number| {
            let saved = save(&service, "p", &format!("Episode {number}"));
            assert_eq!(saved["number"], number);
            saved["id"].as_str().expect("an id").to_owned()
        })
        .collect();
    assert_eq!(save(&service, "%EB%8B%A4%EB%A5%B8%20%EA%B2%83", "First")["number"], 1);
    let last = format!("{}/{}", path("p"), ids[2]);
    service.send(&Request::new("DELETE", &last)).expect(204);
    service.get(&last).expect_error(404, "NOT_FOUND");
    service.send(&Request::new("DELETE", &last)).expect_error(404, "NOT_FOUND");
    assert_eq!(save(&service, "p", "Another")["number"], 4);
    let numbers: Vec<_> = service.episodes("p").iter().map(|episode| episode["number"].clone()).collect();
    assert_eq!(numbers.len(), 3);
    assert!(!numbers.contains(&json!(3)));
}

#[test]
fn numbers_are_unique_and_gapless_however_many_are_saved_at_once() {
    let service = Service::start();
    let address = service.address();
    let savers: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(move || {
                let one = || Request::new("POST", &path("p")).json(&draft("t")).send(address).expect(201).json();
                (0..10).map(|_| one()["number"].as_u64().expect("a number")).collect::<Vec<_>>()
            })
        })
        .collect();
    let jobs: Vec<_> = (0..10).map(|_| service.create(&brief_with(json!({ "projectId": "p" })))).collect();
    let saved: Vec<u64> = savers.into_iter().flat_map(|saver| saver.join().expect("all are saved")).collect();
    for id in &jobs {
        service.wait_for(id, "completed");
    }
    assert_eq!(saved.iter().collect::<HashSet<_>>().len(), 80);
    let mut numbers: Vec<_> = service.episodes("p").iter().map(|episode| episode["number"].as_u64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=90).map(Some).collect::<Vec<_>>());
}

#[test]
fn an_episode_belongs_to_its_project_alone() {
    let service = Service::start();
    let id = save(&service, "mine", "Mine")["id"].as_str().expect("an id").to_owned();
    service.get(&format!("{}/{id}", path("yours"))).expect_error(404, "NOT_FOUND");
    service.send(&Request::new("DELETE", &format!("{}/{id}", path("yours")))).expect_error(404, "NOT_FOUND");
    service.get(&format!("{}/{id}", path("mine"))).expect(200);
    assert!(service.episodes("yours").is_empty());
}

#[test]
fn lists_of_episodes_come_in_pages() {
    let service = Service::start();
    for number in 0..5 {
        save(&service, "p", &format!("Episode {number}"));
    }
    let page = |query: &str| service.get(&format!("{}{query}", path("p"))).expect(200).json();
    assert_eq!(page("")["total"], 5);
    assert_eq!(page("?limit=2")["episodes"].as_array().expect("episodes").len(), 2);
    let all: Vec<Value> = ["?limit=2", "?limit=2&offset=2", "?limit=2&offset=4"]
        .iter()
        .flat_map(|query| page(query)["episodes"].as_array().expect("episodes").clone())
        .collect();
    let numbers: HashSet<_> = all.iter().map(|episode| episode["number"].as_u64()).collect();
    assert_eq!((all.len(), numbers.len()), (5, 5));
    service.get(&format!("{}?limit=0", path("p"))).expect_error(422, "VALIDATION_ERROR");
}

#[test]
fn episodes_survive_the_process() {
    let mut service = Service::start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    save(&service, "project-1", "By hand");
    let before = service.episodes("project-1");
    service.kill9();
    service.restart();
    assert_eq!(service.episodes("project-1"), before);
    assert_eq!(save(&service, "project-1", "Next")["number"], 3);
}

#[test]
fn asking_for_an_episode_answers_what_there_is_to_save() {
    let service = Service::builder().words_per_second(2000).start();
    let ask = |id: &str| service.send(&Request::new("POST", &format!("/api/v1/generations/{id}/episode")));
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    assert_eq!(ask(&id).expect(200).json()["savedToEpisode"], true);
    assert_eq!(service.episodes("project-1").len(), 1, "saved once");
    ask("job_00000000000040008000000000000000").expect_error(404, "JOB_NOT_FOUND");
    let slow = Service::builder().words_per_second(20).start();
    let id = slow.create(&brief());
    slow.wait_for(&id, "streaming");
    let path = format!("/api/v1/generations/{id}/episode");
    let too_early = Request::new("POST", &path).header("Accept-Language", "en");
    let refused = slow.send(&too_early).expect_error(409, "NOT_POSSIBLE");
    assert!(refused["message"].as_str().is_some_and(|message| message.contains("streaming")), "{refused}");
    assert_eq!(refused["retryable"], false);
    slow.get(&path).expect_error(405, "METHOD_NOT_ALLOWED");
    slow.cancel(&id);
}

#[test]
fn a_clients_key_that_equals_a_jobs_id_does_not_take_the_jobs_episode() {
    let service = Service::builder().words_per_second(100).start();
    let id = service.create(&brief());
    let post = || {
        let request = Request::new("POST", &path("project-1")).header("Idempotency-Key", &id).json(&draft("Posted"));
        service.send(&request)
    };
    let posted = post().expect(201).json();
    let job = service.wait_for(&id, "completed");
    assert_eq!((&posted["number"], &job["episodeNumber"]), (&json!(1), &json!(2)));
    let written = service.get(&format!("{}/{}", path("project-1"), job["episodeId"].as_str().expect("an id")));
    assert_eq!(written.expect(200).json()["script"]["markdown"], json!(service.script(&id)));
    assert_eq!(post().expect(200).json(), posted);
}
