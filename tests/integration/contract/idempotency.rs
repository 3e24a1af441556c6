//! `Idempotency-Key`: a request sent twice makes one job.

use serde_json::{Value, json};

use super::{GENERATIONS, fields_of};
use crate::harness::{brief, brief_with, http::Request, service::Service};

fn keyed(key: &str, body: &Value) -> Request {
    Request::new("POST", GENERATIONS).header("Idempotency-Key", key).json(body)
}

#[test]
fn the_same_key_with_the_same_body_is_the_same_job() {
    let service = Service::start();
    let first = service.send(&keyed("key-1", &brief())).expect(201).json();
    let again = service.send(&keyed("key-1", &brief())).expect(200);
    assert_eq!(again.json()["jobId"], first["jobId"]);
    assert_eq!(again.json()["sseUrl"], first["sseUrl"]);
    assert_eq!(again.header("location"), first["cancelUrl"].as_str());
    let other_key = service.send(&keyed("key-2", &brief())).expect(201).json();
    assert_ne!(other_key["jobId"], first["jobId"]);
}

#[test]
fn the_same_key_with_another_body_is_a_conflict() {
    let service = Service::start();
    service.send(&keyed("key", &brief())).expect(201);
    let other = brief_with(json!({ "description": "something else" }));
    service.send(&keyed("key", &other)).expect_error(409, "IDEMPOTENCY_CONFLICT");
}

#[test]
fn one_key_used_at_once_makes_one_job() {
    let service = Service::start();
    let address = service.address();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(move || keyed("race", &brief()).send(address))).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    let created = answers.iter().filter(|answer| answer.status() == 201).count();
    assert_eq!(created, 1);
    let ids: std::collections::HashSet<_> =
        answers.iter().map(|answer| answer.json()["jobId"].as_str().expect("a jobId").to_owned()).collect();
    assert_eq!(ids.len(), 1);
}

#[test]
fn keys_are_visible_ascii_of_up_to_255_characters() {
    let service = Service::start();
    service.send(&keyed(&"k".repeat(255), &brief())).expect(201);
    for key in ["", "with space", "k\u{e9}y", &"k".repeat(256)] {
        let error = service.send(&keyed(key, &brief())).expect_error(422, "VALIDATION_ERROR");
        assert_eq!(fields_of(&error), ["Idempotency-Key"], "{key:?}");
    }
}
