//! Creating a job: what is taken, what is refused, and with which words.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{GENERATIONS, fields_of, post};
use crate::harness::{
    brief, brief_with,
    http::{Request, exchange_raw},
    service::Service,
};

#[test]
fn the_originals_example_is_answered_with_the_originals_fields() {
    let service = Service::start();
    let request = json!({
        "projectId": "project-123", "episodeNumber": 1, "title": "Episode Title",
        "description": "Script description/prompt", "scriptType": "drama", "model": "gpt-4",
        "temperature": 0.7, "lengthTarget": 1000
    });
    let answer = service.post(&request).expect(201);
    let body = answer.json();
    let id = body["jobId"].as_str().expect("a jobId");
    assert_eq!(body["status"], "queued");
    assert_eq!(body["sseUrl"], service.url(&format!("{GENERATIONS}/{id}/events")));
    assert_eq!(body["cancelUrl"], service.url(&format!("{GENERATIONS}/{id}")));
    assert_eq!(answer.header("location"), body["cancelUrl"].as_str());
    assert_eq!(body["projectId"], "project-123");
    assert_eq!(body["episodeNumber"], 1);
    assert_eq!(body["title"], "Episode Title");
    assert!(body["estimatedDuration"].is_u64(), "{body}");
    assert_eq!(body.as_object().expect("an object").len(), 8, "{body}");
}

#[test]
fn a_job_id_is_a_random_uuid_in_hex() {
    let service = Service::start();
    let (one, other) = (service.create(&brief()), service.create(&brief()));
    assert_ne!(one, other);
    for id in [one, other] {
        let hex = id.strip_prefix("job_").expect("the prefix");
        assert!(hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{id}");
        assert_eq!(&hex[12..13], "4", "the version of {id}");
    }
}

#[test]
fn what_is_left_out_or_null_has_its_default() {
    let service = Service::start();
    let id = service.create(&json!({ "projectId": "p", "description": "d", "title": null, "unknown": [1] }));
    let job = service.job(&id);
    assert_eq!(job["title"], "p");
    assert_eq!(job["episodeNumber"], Value::Null);
    let id = service.create(&json!({ "projectId": "p", "description": "d", "episodeNumber": 3 }));
    assert_eq!(service.job(&id)["title"], "p - Ep. 3");
}

#[test]
fn bounds_of_every_field_are_inclusive() {
    let service = Service::start();
    let accepted = [
        json!({ "projectId": "가".repeat(128) }),
        json!({ "description": "가".repeat(32_000) }),
        json!({ "title": "가".repeat(300) }),
        json!({ "episodeNumber": 1 }),
        json!({ "scriptType": "a".repeat(64) }),
        json!({ "scriptType": "sit-com_2" }),
        json!({ "model": "m".repeat(128) }),
        json!({ "temperature": 0 }),
        json!({ "temperature": 2.0 }),
        json!({ "lengthTarget": 1 }),
    ];
    for changes in accepted {
        service.create(&brief_with(changes));
    }
    // Long ones are only accepted here, not waited for.
    let id = service.create(&brief_with(json!({ "lengthTarget": 50_000 })));
    service.cancel(&id);
}

#[test]
fn values_beyond_the_bounds_are_refused_by_field() {
    let service = Service::start();
    let refused = [
        ("projectId", json!("")),
        ("projectId", json!(" \t")),
        ("projectId", json!("a\u{7}b")),
        ("projectId", json!("가".repeat(129))),
        ("projectId", json!(".")),
        ("projectId", json!("..")),
        ("projectId", json!(5)),
        ("description", json!("")),
        ("description", json!(" \n ")),
        ("description", json!("가".repeat(32_001))),
        ("title", json!("")),
        ("title", json!("a".repeat(301))),
        ("episodeNumber", json!(0)),
        ("episodeNumber", json!(1.5)),
        ("episodeNumber", json!("1")),
        ("scriptType", json!("Drama")),
        ("scriptType", json!("")),
        ("scriptType", json!("a".repeat(65))),
        ("model", json!("")),
        ("model", json!("m".repeat(129))),
        ("temperature", json!(-0.1)),
        ("temperature", json!(2.1)),
        ("temperature", json!("hot")),
        ("lengthTarget", json!(0)),
        ("lengthTarget", json!(50_001)),
    ];
    for (field, value) in refused {
        let error = service.post(&brief_with(json!({ field: value.clone() }))).expect_error(422, "VALIDATION_ERROR");
        assert_eq!(fields_of(&error), [field], "{value}");
        assert_eq!(error["retryable"], false);
    }
}

#[test]
fn all_faults_are_told_in_one_answer() {
    let service = Service::start();
    let request = json!({
        "episodeNumber": -1, "title": "", "description": null, "scriptType": "!", "model": "", "temperature": 9,
        "lengthTarget": "long"
    });
    let error = service.post(&request).expect_error(422, "VALIDATION_ERROR");
    let mut fields = fields_of(&error);
    fields.sort_unstable();
    let all =
        ["description", "episodeNumber", "lengthTarget", "model", "projectId", "scriptType", "temperature", "title"];
    assert_eq!(fields, all);
}

#[test]
fn a_body_that_is_no_object_is_a_validation_error() {
    let service = Service::start();
    for body in ["[]", "null", "3", "\"text\""] {
        service.send(&post(body)).expect_error(422, "VALIDATION_ERROR");
    }
}

#[test]
fn a_body_that_is_no_json_is_told_where() {
    let service = Service::start();
    for body in ["", "{", "{\"projectId\": }", "nonsense", "{} trailing"] {
        service.send(&post(body)).expect_error(400, "INVALID_JSON");
    }
    service.send(&post([b'{', 0xff, 0xfe, b'}'].as_slice())).expect_error(400, "INVALID_JSON");
}

#[test]
fn a_body_of_another_type_is_refused() {
    let service = Service::start();
    let body = brief().to_string();
    let plain = Request::new("POST", GENERATIONS).header("Content-Type", "text/plain").body(body.clone());
    service.send(&plain).expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
    service.send(&Request::new("POST", GENERATIONS).body(body.clone())).expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
    let typed = Request::new("POST", GENERATIONS).header("Content-Type", "application/json; charset=utf-8").body(body);
    service.send(&typed).expect(201);
}

#[test]
fn a_body_over_the_limit_is_refused_whether_announced_or_not() {
    let service = Service::builder().env("GENERATION__LIMITS__MAX_BODY", "2048").start();
    let large = brief_with(json!({ "description": "a".repeat(3000) }));
    service.post(&large).expect_error(413, "PAYLOAD_TOO_LARGE");
    let body = large.to_string();
    let chunked = format!(
        "POST {GENERATIONS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let answer = exchange_raw(service.address(), chunked.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("PAYLOAD_TOO_LARGE"), "{answer}");
    service.create(&brief());
}

#[test]
fn a_model_that_nobody_serves_is_refused_naming_those_there_are() {
    let providers = r#"[{ name = "builtin", kind = "builtin", models = ["builtin", "draft-*"] }]"#;
    let service = Service::builder().providers(providers).start();
    let error = service.post(&brief_with(json!({ "model": "gpt-4" }))).expect_error(422, "MODEL_UNAVAILABLE");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("builtin") && message.contains("draft-*"), "{message}");
    assert_eq!(error["retryable"], true, "as the original's table says");
    service.create(&brief_with(json!({ "model": "draft-2" })));
}

#[test]
fn whatever_is_sent_is_answered_in_the_one_shape() {
    let service = Service::builder().env("GENERATION__JOBS__MAX_STREAMING", "1").start();
    let fragments = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "null",
        "true",
        "-1",
        "1e999",
        "\\u0000",
        "\\ud800",
        "\u{fffd}",
        "projectId",
        "description",
        "temperature",
        "\"projectId\":\"p\"",
        "\"description\":\"d\"",
        "\"lengthTarget\":1",
        "\u{1F3AC}",
    ]);
    let bodies = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(fragments, 0..30).prop_map(|parts| parts.concat().into_bytes()),
    ];
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    proptest::test_runner::TestRunner::new(config)
        .run(&bodies, |body| {
            let answer = service.send(&post(body));
            match answer.status() {
                201 => {}
                400 => drop(answer.expect_error(400, "INVALID_JSON")),
                _ => drop(answer.expect_error(422, "VALIDATION_ERROR")),
            }
            Ok(())
        })
        .unwrap();
}
