//! Providers that refuse: a parameter, which is then left out; a request for good, which the job's message says.

use serde_json::{Value, json};

use crate::harness::{
    brief, brief_with,
    http::Request,
    service::Service,
    upstream::{Script, Step, Upstream, complete},
};

/// OpenAI's refusal of a parameter, as it words it.
fn refuses(code: &str, param: &str, message: &str) -> Script {
    let error = json!({ "message": message, "type": "invalid_request_error", "param": param, "code": code });
    vec![Step::Refuse(400, Vec::new(), json!({ "error": error }).to_string())]
}

fn refuses_max_tokens() -> Script {
    let message =
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    refuses("unsupported_parameter", "max_tokens", message)
}

fn refuses_temperature() -> Script {
    let message = "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.";
    refuses("unsupported_value", "temperature", message)
}

/// Which of the optional parameters a request carried.
fn carried(body: &Value) -> Vec<&'static str> {
    let optional = ["max_tokens", "max_completion_tokens", "temperature", "stream_options"];
    optional.into_iter().filter(|name| body.get(name).is_some()).collect()
}

#[test]
fn a_refused_parameter_is_left_out_or_renamed_and_that_is_remembered_by_model() {
    let upstream = Upstream::start(|number| match number {
        0 => refuses_max_tokens(),
        1 => refuses_temperature(),
        2 => vec![Step::Refuse(400, Vec::new(), r#"{"error":"Unrecognized request argument: stream_options"}"#.into())],
        _ => complete(["Fine."]),
    });
    // Not one retry: such a step is none.
    let service = Service::builder().upstream_with(&upstream, ", retries = 0").start();
    for _ in 0..2 {
        let id = service.create(&brief());
        service.wait_for(&id, "completed");
    }
    let other = service.create(&brief_with(json!({ "model": "another" })));
    service.wait_for(&other, "completed");
    let seen: Vec<_> = upstream.seen().iter().map(|seen| carried(&seen.body)).collect();
    assert_eq!(
        seen,
        [
            vec!["max_tokens", "temperature", "stream_options"],
            vec!["max_completion_tokens", "temperature", "stream_options"],
            vec!["max_completion_tokens", "stream_options"],
            vec!["max_completion_tokens"],
            vec!["max_completion_tokens"],
            vec!["max_tokens", "temperature", "stream_options"],
        ]
    );
}

#[test]
fn a_number_that_is_too_large_is_left_out_once_and_not_remembered() {
    let message = "max_tokens is too large: 999. This model supports at most 100 completion tokens.";
    let upstream = Upstream::start(move |number| match number {
        0 => refuses("invalid_value", "max_tokens", message),
        _ => complete(["Fine."]),
    });
    let service = Service::builder().upstream(&upstream).start();
    for _ in 0..2 {
        let id = service.create(&brief());
        service.wait_for(&id, "completed");
    }
    let seen: Vec<_> = upstream.seen().iter().map(|seen| carried(&seen.body)).collect();
    let all = vec!["max_tokens", "temperature", "stream_options"];
    assert_eq!(seen, [all.clone(), vec!["temperature", "stream_options"], all]);
}

#[test]
fn a_server_that_refuses_the_same_for_ever_is_not_asked_for_ever() {
    let upstream = Upstream::start(|_| refuses_temperature());
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    let end = service.reader(&id, "").follow();
    assert_eq!((end.name.as_str(), &end.data["error"]["code"]), ("failed", &json!("GENERATION_ERROR")));
    assert_eq!(upstream.seen().len(), 2);
}

#[test]
fn openais_reasoning_models_are_asked_as_they_want_to_be() {
    let upstream = Upstream::start(|_| complete(["Fine."]));
    let service = Service::builder().upstream(&upstream).start();
    for model in ["gpt-5-mini", "o4-mini"] {
        let id = service.create(&brief_with(json!({ "model": model })));
        service.wait_for(&id, "completed");
    }
    for seen in upstream.seen() {
        assert_eq!(carried(&seen.body), ["max_completion_tokens", "stream_options"], "{}", seen.body);
        let limit = seen.body["max_completion_tokens"].as_u64().expect("a number");
        assert!(limit > 20_000, "room to think: {limit}");
    }
}

/// What a job that was refused like this says to people, in English, and the log.
fn refused_with(status: u16, code: &str) -> (Value, String) {
    let body =
        json!({ "error": { "message": "detail of the upstream: max_tokens; key sk-test-secret", "code": code } });
    let upstream = Upstream::start(move |_| vec![Step::Refuse(status, Vec::new(), body.to_string())]);
    let service = Service::builder().upstream_with(&upstream, ", retries = 0").start();
    let request = Request::new("POST", "/api/v1/generations").header("Accept-Language", "en").json(&brief());
    let id = service.send(&request).expect(201).json()["jobId"].as_str().expect("a jobId").to_owned();
    let end = service.reader(&id, "").follow();
    assert_eq!(service.job(&id)["errorMessage"], end.data["error"]["message"]);
    let mut service = service;
    service.stop();
    service.restart();
    assert_eq!(service.job(&id)["errorMessage"], end.data["error"]["message"], "after a restart too");
    (end.data["error"].clone(), service.log())
}

#[test]
fn a_refusal_for_good_says_so_and_the_log_has_the_providers_words() {
    for (status, code) in [(401, "invalid_api_key"), (403, ""), (404, "model_not_found"), (429, "insufficient_quota")] {
        let (error, log) = refused_with(status, code);
        let message = error["message"].as_str().expect("a message");
        assert_eq!((&error["code"], &error["retryable"]), (&json!("MODEL_UNAVAILABLE"), &json!(true)), "{status}");
        assert!(message.contains("trying again will not help"), "{status}: {message}");
        assert!(log.contains(&format!("HTTP {status}")) && log.contains("detail of the upstream: max_tokens; key"));
        assert!(!log.contains("sk-test-secret"), "{log}");
    }
}

#[test]
fn what_may_pass_and_what_is_wrong_with_the_request_say_something_else() {
    let (busy, _) = refused_with(503, "overloaded");
    assert!(busy["message"].as_str().is_some_and(|message| message.contains("Try again in a moment")), "{busy}");
    let (wrong, _) = refused_with(400, "invalid_request_error");
    assert_eq!(wrong["code"], "GENERATION_ERROR");
    assert!(wrong["message"].as_str().is_some_and(|message| message.contains("would reject it again")));
}
