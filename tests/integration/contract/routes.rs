//! Routes and methods, known and unknown; languages; nonsense.

use serde_json::{Value, json};

use super::GENERATIONS;
use crate::harness::{
    brief,
    http::{Request, exchange_raw},
    service::Service,
};

#[test]
fn canceling_is_204_for_whatever_is_named() {
    let service = Service::start();
    for id in ["job_00000000000040008000000000000000", "job_123", "nonsense"] {
        for _ in 0..2 {
            let answer = service.send(&Request::new("DELETE", &format!("{GENERATIONS}/{id}"))).expect(204);
            assert!(answer.body.is_empty());
        }
    }
}

#[test]
fn active_is_not_taken_for_a_job() {
    let service = Service::start();
    assert!(service.get(&format!("{GENERATIONS}/active")).expect(200).json()["jobs"].is_array());
    service.send(&Request::new("DELETE", &format!("{GENERATIONS}/active"))).expect_error(405, "METHOD_NOT_ALLOWED");
}

#[test]
fn stats_is_not_taken_for_a_job() {
    let service = Service::start();
    assert!(service.get(&format!("{GENERATIONS}/_stats")).expect(200).json()["jobs"].is_object());
    service.send(&Request::new("DELETE", &format!("{GENERATIONS}/_stats"))).expect_error(405, "METHOD_NOT_ALLOWED");
}

#[test]
fn unknown_routes_are_not_found_in_the_one_shape() {
    let service = Service::start();
    for path in
        ["/nothing", "/api", "/api/v1", "/api/v1/generations/x/y/z", "/api/v2/generations", "/health", "/assets/x"]
    {
        let error = service.get(path).expect_error(404, "NOT_FOUND");
        assert_eq!(error["retryable"], false, "{path}");
    }
}

#[test]
fn other_methods_are_refused_naming_those_there_are() {
    let service = Service::start();
    let job = "/api/v1/generations/job_00000000000040008000000000000000";
    for (method, path, allowed) in [
        ("GET", GENERATIONS, "POST"),
        ("PUT", GENERATIONS, "POST"),
        ("POST", job, "GET, HEAD, DELETE"),
        ("PATCH", job, "GET, HEAD, DELETE"),
        ("POST", &format!("{job}/events"), "GET, HEAD"),
        ("DELETE", &format!("{job}/script"), "GET, HEAD"),
        ("POST", "/api/v1/generations/active", "GET, HEAD"),
        ("POST", "/api/v1/generations/_stats", "GET, HEAD"),
        ("POST", "/api/v1/models", "GET, HEAD"),
        ("PUT", "/api/v1/projects/p/episodes", "GET, HEAD, POST"),
        ("POST", "/health/ready", "GET, HEAD"),
        ("POST", "/", "GET, HEAD"),
    ] {
        let answer = service.send(&Request::new(method, path));
        answer.expect_error(405, "METHOD_NOT_ALLOWED");
        let allow = answer.header("allow").expect("Allow");
        let mut named: Vec<&str> = allow.split(',').map(str::trim).collect();
        let mut expected: Vec<&str> = allowed.split(", ").collect();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "{method} {path}");
    }
}

#[test]
fn texts_for_people_are_korean_unless_english_was_asked_for() {
    let service = Service::start();
    let is_korean = |text: &Value| text.as_str().expect("text").chars().any(|c| ('가'..='힣').contains(&c));
    let path = "/api/v1/generations/job_123";
    assert!(is_korean(&service.get(path).json()["error"]["message"]));
    for language in ["en", "en-US,en;q=0.9", "fr, en;q=0.5"] {
        let answer = service.send(&Request::get(path).header("Accept-Language", language));
        assert!(!is_korean(&answer.json()["error"]["message"]), "{language}");
    }
    let answer = service.send(&Request::get(path).header("Accept-Language", "ko, en;q=0.5"));
    assert!(is_korean(&answer.json()["error"]["message"]));

    let korean = service.create(&brief());
    let english = Request::new("POST", GENERATIONS).header("Accept-Language", "en").json(&brief());
    let english = service.send(&english).expect(201).json()["jobId"].as_str().expect("a jobId").to_owned();
    assert!(is_korean(&service.wait_for(&korean, "completed")["currentStep"]));
    assert!(!is_korean(&service.wait_for(&english, "completed")["currentStep"]));
    let fault = Request::new("POST", GENERATIONS).header("Accept-Language", "en").json(&json!({}));
    let error = service.send(&fault).expect_error(422, "VALIDATION_ERROR");
    assert!(!is_korean(&error["details"][0]["message"]), "{error}");
}

#[test]
fn malformed_requests_do_not_hurt() {
    let service = Service::start();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200_000));
    for bytes in [
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /\u{1} HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /api/v1/generations HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /api/v1/generations HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc",
        &long,
    ] {
        let answer = exchange_raw(service.address(), bytes.as_bytes());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{bytes:.60} got {answer:.200}");
    }
    service.create(&brief());
}

#[test]
fn head_answers_headers_alone() {
    let service = Service::start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    for path in [
        format!("{GENERATIONS}/{id}"),
        format!("{GENERATIONS}/{id}/script"),
        format!("{GENERATIONS}/active"),
        format!("{GENERATIONS}/_stats"),
        "/health/live".into(),
        "/".into(),
    ] {
        let (get, head) = (service.get(&path).expect(200), service.send(&Request::new("HEAD", &path)).expect(200));
        assert_eq!(get.header("content-type"), head.header("content-type"), "{path}");
        let after = format!("HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let raw = exchange_raw(service.address(), after.as_bytes());
        assert!(raw.ends_with("\r\n\r\n"), "{path} has a body: {raw}");
    }
    service.send(&Request::new("HEAD", &format!("{GENERATIONS}/job_123"))).expect(404);
}
