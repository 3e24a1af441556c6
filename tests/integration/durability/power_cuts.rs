//! `kill -9` at any moment: no accepted job is lost, no episode doubled.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use super::{undisturbed, unhurried};
use crate::harness::{
    brief, brief_with,
    http::Request,
    service::Service,
    upstream::{Step, Upstream, complete},
    wait,
};

fn keyed(key: &str, body: &Value) -> Request {
    Request::new("POST", "/api/v1/generations").header("Idempotency-Key", key).json(body)
}

#[test]
fn a_job_killed_at_any_moment_ends_in_the_text_of_an_undisturbed_one_and_in_one_episode() {
    let expected = undisturbed(&brief());
    for after in [0, 3, 10, 30, 60, 120, 200, 300, 400, 450, 500] {
        let mut service = unhurried().start();
        let id = service.create(&brief());
        // The moment of the power cut is what varies here; nothing waits for it.
        thread::sleep(Duration::from_millis(after));
        service.kill9();
        service.restart();
        service.wait_for(&id, "completed");
        assert!(service.script(&id) == expected, "killed after {after} ms, the text differs");
        assert_eq!(service.episodes("project-1").len(), 1, "killed after {after} ms");
    }
}

#[test]
fn every_accepted_job_survives_kills_under_load() {
    let mut service = unhurried().env("GENERATION__JOBS__MAX_STREAMING", "8").start();
    let mut accepted = Vec::new();
    for round in 0..4 {
        let address = service.address();
        let creators: Vec<_> = (0..4)
            .map(|creator| {
                thread::spawn(move || {
                    let one = |number| {
                        let body = brief_with(
                            json!({ "projectId": format!("project-{creator}"), "title": format!("{round}-{number}") }),
                        );
                        let request = Request::new("POST", "/api/v1/generations").json(&body);
                        request.send(address).expect(201).json()["jobId"].as_str().expect("a jobId").to_owned()
                    };
                    (0..5).map(one).collect::<Vec<_>>()
                })
            })
            .collect();
        accepted.extend(creators.into_iter().flat_map(|creator| creator.join().expect("all are accepted")));
        service.kill9();
        service.restart();
    }
    for id in &accepted {
        service.wait_for(id, "completed");
    }
    let episodes: usize = (0..4).map(|project| service.episodes(&format!("project-{project}")).len()).sum();
    assert_eq!((accepted.len(), episodes), (80, 80));
}

#[test]
fn readers_follow_a_job_across_a_power_cut() {
    for query in ["", "?preview=delta"] {
        let mut service = unhurried().start();
        let id = service.create(&brief_with(json!({ "lengthTarget": 150 })));
        let mut reader = service.reader(&id, query);
        while reader.text().is_empty() {
            reader.connect(1500);
        }
        assert_eq!(reader.epoch(), 1);
        service.kill9();
        service.restart();
        reader.moved_to(service.address());
        let end = reader.follow();
        assert_eq!(end.name, "completed");
        assert_eq!(reader.epoch(), 2, "taking a job up again raises its epoch");
        assert_eq!(end.data["result"]["markdown"], json!(service.script(&id)));
    }
}

#[test]
fn a_finished_job_is_the_same_after_a_power_cut() {
    let mut service = Service::start();
    let id = service.create(&brief());
    let job = service.wait_for(&id, "completed");
    let script = service.script(&id);
    let (events, _) = service.events(&id, "").rest();
    service.kill9();
    service.restart();
    assert_eq!((service.job(&id), service.script(&id)), (job, script));
    assert_eq!(service.events(&id, "").rest().0, events);
    let terminal = events.last().and_then(|event| event.id.clone()).expect("an id");
    assert_eq!(service.resume(&id, "", &terminal).event().id.as_deref(), Some("1-end"));
}

#[test]
fn canceled_stays_canceled() {
    let mut service = unhurried().start();
    let id = service.create(&brief());
    service.wait_for_text(&id);
    service.cancel(&id);
    let script = service.script(&id);
    service.kill9();
    service.restart();
    assert_eq!(service.job(&id)["status"], "canceled");
    assert_eq!(service.script(&id), script, "the text so far is kept");
    assert!(service.episodes("project-1").is_empty());
}

#[test]
fn waiting_jobs_wait_again() {
    let upstream = Upstream::start(|_| vec![Step::Stall]);
    let mut service = Service::builder().upstream(&upstream).env("GENERATION__JOBS__MAX_STREAMING", "1").start();
    let ids: Vec<_> = (0..4).map(|_| service.create(&brief())).collect();
    service.kill9();
    service.restart();
    let active = service.get("/api/v1/generations/active").expect(200).json();
    assert_eq!(active["total"], json!(ids.len()));
    let stats = service.stats();
    assert_eq!((&stats["jobs"]["streaming"], &stats["jobs"]["queued"]), (&json!(1), &json!(3)));
}

#[test]
fn interrupted_jobs_fail_with_their_text_where_that_is_wanted() {
    let mut service = unhurried().words_per_second(20).env("GENERATION__JOBS__ON_RESTART", "fail").start();
    let id = service.create(&brief());
    service.wait_for_text(&id);
    service.stop();
    service.restart();
    let job = service.wait_for(&id, "failed");
    assert_eq!(job["errorCode"], "GENERATION_ERROR");
    assert!(!service.script(&id).is_empty());
}

#[test]
fn a_model_is_asked_to_go_on_from_the_text_so_far() {
    let upstream = Upstream::start(|number| match number {
        0 => vec![Step::Head, Step::Text("First half. ".into()), Step::Stall],
        _ => complete(["Second half."]),
    });
    let mut service =
        Service::builder().upstream(&upstream).env("GENERATION__JOBS__CHECKPOINT_INTERVAL", "10ms").start();
    let id = service.create(&brief());
    service.wait_for_text(&id);
    service.stop();
    service.restart();
    service.wait_for(&id, "completed");
    assert_eq!(service.script(&id), "First half. Second half.");
    let second = upstream.seen()[1].body["messages"].to_string();
    assert!(second.contains("First half."), "{second}");
}

#[test]
fn keys_are_remembered_across_a_restart() {
    let mut service = Service::start();
    let first = service.send(&keyed("key", &brief())).expect(201).json();
    service.kill9();
    service.restart();
    assert_eq!(service.send(&keyed("key", &brief())).expect(200).json()["jobId"], first["jobId"]);
    let other = brief_with(json!({ "description": "something else" }));
    service.send(&keyed("key", &other)).expect_error(409, "IDEMPOTENCY_CONFLICT");
}

#[test]
fn jobs_are_forgotten_after_their_retention_and_their_episodes_are_not() {
    let mut service = Service::builder().env("GENERATION__JOBS__RETENTION", "300ms").start();
    let first = service.send(&keyed("key", &brief())).expect(201).json()["jobId"].as_str().expect("a jobId").to_owned();
    let path = format!("/api/v1/generations/{first}");
    // To ask for the job itself would keep it.
    wait::until("the job to be forgotten", || (service.stats()["jobs"]["total"] == 0).then_some(()));
    service.get(&path).expect_error(404, "JOB_NOT_FOUND");
    assert_eq!(service.episodes("project-1").len(), 1);
    assert_eq!(service.resume(&first, "", "1-4").event().id.as_deref(), Some("gone"));
    let again = service.send(&keyed("key", &brief())).expect(201).json();
    assert_ne!(again["jobId"], json!(first), "a job id is never used again");
    service.kill9();
    service.restart();
    service.get(&path).expect_error(404, "JOB_NOT_FOUND");
}
