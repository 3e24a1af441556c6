//! Models that fail: every way has its code, nothing of the upstream shows, and the text so far is kept.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{
    brief,
    service::Service,
    sse::Event,
    upstream::{Gate, Script, Step, Upstream, complete, refuse},
};

/// Runs one job whose every request is answered with `script`; how it failed, its text, and the requests made.
fn failure_of(script: Script, more: &str) -> (Event, String, usize) {
    let upstream = Upstream::start(move |_| script.clone());
    let service = Service::builder().upstream_with(&upstream, more).start();
    let id = service.create(&brief());
    let end = service.reader(&id, "").follow();
    assert_eq!(end.name, "failed", "{end:?}");
    let error = &end.data["error"];
    let job = service.job(&id);
    assert_eq!((&job["status"], &job["errorCode"]), (&json!("failed"), &error["code"]));
    assert_eq!(job["errorMessage"], error["message"]);
    for shown in [end.data.to_string(), job.to_string()] {
        assert!(!shown.contains("upstream-detail") && !shown.contains("sk-test"), "something internal in {shown}");
    }
    assert!(!service.log().contains("sk-test-secret"), "the key is in the log");
    assert!(service.episodes("project-1").is_empty());
    (end.clone(), service.script(&id), upstream.seen().len())
}

#[track_caller]
fn assert_code(failure: &Event, code: &str, retryable: bool) {
    let error = &failure.data["error"];
    assert_eq!((&error["code"], &error["retryable"]), (&json!(code), &json!(retryable)), "{failure:?}");
}

#[test]
fn what_the_model_is_asked_is_streamed_bounded_and_authorised() {
    let upstream = Upstream::start(|_| complete(["Fine."]));
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    let request = &upstream.seen()[0];
    assert!(request.headers.starts_with("post /v1/chat/completions "), "{}", request.headers);
    assert!(request.headers.contains("authorization: bearer sk-test-secret"));
    assert_eq!((&request.body["model"], &request.body["stream"]), (&json!("test-model"), &json!(true)));
    assert_eq!(request.body["temperature"], 0.7);
    assert_eq!(request.body["stream_options"]["include_usage"], true);
    assert!(request.body["max_tokens"].is_u64(), "{}", request.body);
    let messages = request.body["messages"].to_string();
    assert!(messages.contains("비 오는 밤 카페"), "the description is in {messages}");
    assert_eq!(service.job(&id)["status"], "completed");
}

#[test]
fn a_stream_cut_in_the_middle_is_a_generation_error_with_its_text() {
    let script = vec![Step::Head, Step::Text("Half a ".into()), Step::Text("scene".into()), Step::Cut];
    let (failure, text, requests) = failure_of(script, "");
    assert_code(&failure, "GENERATION_ERROR", true);
    assert_eq!((text.as_str(), requests), ("Half a scene", 1), "no retry once there is text");
}

#[test]
fn done_without_a_finish_reason_is_no_complete_script() {
    let (failure, text, _) = failure_of(vec![Step::Head, Step::Text("Half.".into()), Step::Done], "");
    assert_code(&failure, "GENERATION_ERROR", true);
    assert_eq!(text, "Half.");
}

#[test]
fn an_empty_stream_is_a_generation_error() {
    let script = vec![Step::Head, Step::Raw(b": nothing\n\n".to_vec()), Step::Cut];
    let (failure, text, _) = failure_of(script, ", retries = 0");
    assert_code(&failure, "GENERATION_ERROR", true);
    assert_eq!(text, "");
}

#[test]
fn a_finish_by_length_is_a_token_limit_with_its_text() {
    let script = vec![Step::Head, Step::Text("Long.".into()), Step::Finish("length"), Step::Done];
    let (failure, text, _) = failure_of(script, "");
    assert_code(&failure, "TOKEN_LIMIT_EXCEEDED", false);
    assert_eq!(text, "Long.");
}

#[test]
fn a_context_overflow_is_a_token_limit() {
    let (failure, _, requests) = failure_of(refuse(400, "context_length_exceeded"), "");
    assert_code(&failure, "TOKEN_LIMIT_EXCEEDED", false);
    assert_eq!(requests, 1);
}

#[test]
fn an_error_in_mid_stream_is_a_generation_error() {
    let error = br#"data: {"error":{"message":"upstream-detail","code":500}}"#;
    let script =
        vec![Step::Head, Step::Text("Some.".into()), Step::Raw([error, b"\n\n".as_slice()].concat()), Step::Stall];
    let (failure, text, _) = failure_of(script, "");
    assert_code(&failure, "GENERATION_ERROR", true);
    assert_eq!(text, "Some.");
}

#[test]
fn json_that_does_not_parse_is_a_generation_error() {
    let script =
        vec![Step::Head, Step::Text("Some.".into()), Step::Raw(b"data: {\"choices\": [oops\n\n".to_vec()), Step::Stall];
    let (failure, text, _) = failure_of(script, "");
    assert_code(&failure, "GENERATION_ERROR", true);
    assert_eq!(text, "Some.");
}

#[test]
fn an_unknown_model_is_unavailable_and_not_asked_again() {
    let (failure, _, requests) = failure_of(refuse(404, "model_not_found"), "");
    assert_code(&failure, "MODEL_UNAVAILABLE", true);
    assert_eq!(requests, 1);
}

#[test]
fn a_server_error_is_tried_again_so_often_and_then_unavailable() {
    let (failure, _, requests) = failure_of(refuse(500, "server_error"), ", retries = 2");
    assert_code(&failure, "MODEL_UNAVAILABLE", true);
    assert_eq!(requests, 3);
}

#[test]
fn an_exhausted_quota_is_never_asked_again() {
    let (failure, _, requests) = failure_of(refuse(429, "insufficient_quota"), ", retries = 3");
    assert_code(&failure, "MODEL_UNAVAILABLE", true);
    assert_eq!(requests, 1);
}

#[test]
fn a_model_server_that_is_not_there_is_unavailable() {
    let gone = {
        let upstream = Upstream::start(|_| Vec::new());
        upstream.url()
    };
    let providers =
        format!(r#"[{{ name = "gone", kind = "openai", models = ["*"], base_url = "{gone}", retries = 1 }}]"#);
    let service = Service::builder().providers(&providers).env("GENERATION__MODELS__DEFAULT", "m").start();
    let id = service.create(&brief());
    let end = service.reader(&id, "").follow();
    assert_code(&end, "MODEL_UNAVAILABLE", true);
}

#[test]
fn a_stall_before_the_head_is_a_timeout() {
    let (failure, _, _) = failure_of(vec![Step::Stall], r#", head_timeout = "100ms", retries = 0"#);
    assert_code(&failure, "TIMEOUT_ERROR", true);
}

#[test]
fn a_stall_before_the_first_text_is_a_timeout() {
    let (failure, _, _) = failure_of(vec![Step::Head, Step::Stall], r#", first_token_timeout = "100ms", retries = 0"#);
    assert_code(&failure, "TIMEOUT_ERROR", true);
}

#[test]
fn a_stall_between_two_pieces_is_a_timeout_with_its_text() {
    let script = vec![Step::Head, Step::Text("Some.".into()), Step::Stall];
    let (failure, text, _) = failure_of(script, r#", idle_timeout = "100ms""#);
    assert_code(&failure, "TIMEOUT_ERROR", true);
    assert_eq!(text, "Some.");
}

#[test]
fn a_generation_over_its_whole_time_is_a_timeout_and_leaves_the_upstream() {
    let upstream = Upstream::start(|_| {
        let pieces = (0..10_000).flat_map(|_| [Step::Text("word ".into()), Step::Pause(Duration::from_millis(5))]);
        [Step::Head].into_iter().chain(pieces).collect()
    });
    let service = Service::builder().upstream(&upstream).env("GENERATION__JOBS__TIMEOUT", "300ms").start();
    let id = service.create(&brief());
    let end = service.reader(&id, "").follow();
    assert_code(&end, "TIMEOUT_ERROR", true);
    upstream.wait_until_left(0);
    assert!(service.script(&id).starts_with("word "));
}

#[test]
fn comments_reset_the_idle_time() {
    let upstream = Upstream::start(|_| {
        let waits =
            (0..20).flat_map(|_| [Step::Raw(b": keep-alive\n\n".to_vec()), Step::Pause(Duration::from_millis(50))]);
        let text = [Step::Head, Step::Text("Some. ".into())].into_iter().chain(waits);
        text.chain([Step::Text("More.".into()), Step::Finish("stop"), Step::Done]).collect()
    });
    let service = Service::builder().upstream_with(&upstream, r#", idle_timeout = "500ms""#).start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    assert_eq!(service.script(&id), "Some. More.");
}

#[test]
fn a_refusal_for_a_while_is_waited_out_as_long_as_it_says() {
    let upstream = Upstream::start(|number| match number {
        0 => {
            let headers = vec![("retry-after", "30".to_owned()), ("retry-after-ms", "400".to_owned())];
            vec![Step::Refuse(429, headers, json!({ "error": { "code": "rate_limit_exceeded" } }).to_string())]
        }
        _ => complete(["Now."]),
    });
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    let seen = upstream.seen();
    let pause = seen[1].at - seen[0].at;
    assert!(pause >= Duration::from_millis(400) && pause < Duration::from_secs(20), "{pause:?}");
}

#[test]
fn characters_split_between_reads_of_the_upstream_survive() {
    let upstream = Upstream::start(|_| {
        let mut event = br#"data: {"choices":[{"index":0,"delta":{"content":""#.to_vec();
        event.extend("비밀 😀".as_bytes());
        event.extend(br#""},"finish_reason":null}]}"#);
        event.extend(b"\n\n");
        let bytes = event.into_iter().map(|byte| Step::Raw(vec![byte]));
        [Step::Head].into_iter().chain(bytes).chain([Step::Finish("stop"), Step::Done]).collect()
    });
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    assert_eq!(service.script(&id), "비밀 😀");
}

#[test]
fn reasoning_is_kept_apart_from_the_script() {
    let upstream = Upstream::start(|_| {
        let think = json!({ "choices": [{ "index": 0, "delta": { "reasoning_content": "let me think" }, "finish_reason": null }] });
        let think = Step::Raw(format!("data: {think}\n\n").into_bytes());
        vec![Step::Head, think, Step::Text("Scene.".into()), Step::Finish("stop"), Step::Done]
    });
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    let end = service.reader(&id, "").follow();
    assert_eq!(end.data["result"]["markdown"], "Scene.");
    assert_eq!(end.data["result"]["modelUsed"], Value::from("test-model-1"), "the name the server itself gave");
}

/// One event of the upstream, from the fields of its choice.
fn event(choice: Value) -> Step {
    Step::Raw(format!("data: {}\n\n", json!({ "choices": [choice] })).into_bytes())
}

#[test]
fn content_in_parts_is_read_as_text() {
    let upstream = Upstream::start(|_| {
        let parts = json!([{ "type": "text", "text": "One. " }, { "type": "text", "text": "Two." }]);
        let parts = event(json!({ "delta": { "content": parts }, "finish_reason": null }));
        vec![Step::Head, parts, Step::Finish("stop"), Step::Done]
    });
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    assert_eq!(service.script(&id), "One. Two.");
}

#[test]
fn reasoning_without_a_script_fails_and_the_log_says_why() {
    let upstream = Upstream::start(|_| {
        let think = event(json!({ "delta": { "reasoning": "let me think" }, "finish_reason": null }));
        vec![Step::Head, think, Step::Finish("stop"), Step::Done]
    });
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    assert_code(&service.reader(&id, "").follow(), "GENERATION_ERROR", true);
    assert_eq!(upstream.seen().len(), 1, "it would be paid for again");
    assert!(service.log().contains("only reasoned and wrote no text"), "the cause is in the log");
}

#[test]
fn an_error_after_the_end_does_not_spoil_a_complete_script() {
    let upstream = Upstream::start(|_| {
        let error = b"data: {\"error\":{\"message\":\"upstream-detail\",\"code\":503}}\n\n".to_vec();
        vec![Step::Head, Step::Text("Whole.".into()), Step::Finish("stop"), Step::Raw(error), Step::Cut]
    });
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    assert_eq!((service.script(&id).as_str(), upstream.seen().len()), ("Whole.", 1));
}

#[test]
fn an_event_stream_is_known_by_its_content_and_streamed_whatever_its_label() {
    for label in ["text/plain; charset=utf-8", "application/json", "application/octet-stream"] {
        let gate = Gate::default();
        let held = gate.clone();
        let upstream = Upstream::start(move |_| {
            let (first, rest) = (Step::Text("First. ".into()), Step::Text("Rest.".into()));
            let held = Step::Hold(held.clone());
            vec![
                Step::Labelled(label),
                Step::Raw(b": hello\n\n".to_vec()),
                first,
                held,
                rest,
                Step::Finish("stop"),
                Step::Done,
            ]
        });
        let service = Service::builder().upstream(&upstream).start();
        let id = service.create(&brief());
        service.wait_for_text(&id);
        assert_eq!(service.script(&id), "First. ", "{label}: shown while the rest is still to come");
        gate.open();
        service.wait_for(&id, "completed");
        assert_eq!(service.script(&id), "First. Rest.", "{label}");
    }
}
