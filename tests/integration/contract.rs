//! The HTTP contract beside the event stream: routes, shapes, codes.

use serde_json::{Value, json};

use crate::harness::{
    brief, brief_with,
    http::{Request, exchange_raw},
    service::Service,
    upstream::{Gate, Step, Upstream, complete},
    wait,
};

const GENERATIONS: &str = "/api/v1/generations";

fn post(body: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", GENERATIONS).header("Content-Type", "application/json").body(body)
}

fn fields_of(error: &Value) -> Vec<&str> {
    let details = error["details"].as_array().expect("details");
    for fault in details {
        assert!(fault["message"].as_str().is_some_and(|message| !message.is_empty()), "{fault}");
    }
    details.iter().map(|fault| fault["field"].as_str().expect("a field")).collect()
}

// Creating a job.

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
    for id in [id] {
        service.cancel(&id);
    }
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
fn a_full_queue_refuses_with_retry_after_and_drains() {
    let gate = Gate::default();
    let held = gate.clone();
    let upstream =
        Upstream::start(move |_| [vec![Step::Hold(held.clone())], complete(["A scene. ", "The end."])].concat());
    let service = Service::builder()
        .upstream(&upstream)
        .env("GENERATION__JOBS__MAX_STREAMING", "1")
        .env("GENERATION__JOBS__MAX_QUEUED", "1")
        .start();
    let running = service.create(&brief());
    service.wait_for(&running, "streaming");
    let waiting = service.create(&brief());
    let refused = service.post(&brief());
    let error = refused.expect_error(503, "QUEUE_FULL");
    assert_eq!(error["retryable"], true);
    let pause: u64 = refused.header("retry-after").expect("Retry-After").parse().expect("whole seconds");
    assert!(pause >= 1);
    gate.open();
    service.wait_for(&running, "completed");
    service.wait_for(&waiting, "completed");
    service.create(&brief());
}

// Idempotency.

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

// Absolute URLs.

fn sse_url_asked_with(service: &Service, headers: &[(&str, &str)]) -> String {
    let request = Request::new("POST", GENERATIONS).json(&brief());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    service.send(&request).expect(201).json()["sseUrl"].as_str().expect("a URL").to_owned()
}

const FORWARDED: [(&str, &str); 3] =
    [("Host", "inside:1234"), ("X-Forwarded-Host", "scripts.example.com"), ("X-Forwarded-Proto", "https")];

#[test]
fn urls_name_the_host_that_was_asked() {
    let service = Service::start();
    let url = sse_url_asked_with(&service, &FORWARDED);
    assert!(url.starts_with("http://inside:1234/api/v1/generations/job_"), "{url}");
}

#[test]
fn forwarding_headers_count_from_a_trusted_proxy() {
    let service = Service::builder().env("GENERATION__SERVER__TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#).start();
    let url = sse_url_asked_with(&service, &FORWARDED);
    assert!(url.starts_with("https://scripts.example.com/api/v1/generations/job_"), "{url}");
}

#[test]
fn a_configured_public_url_wins() {
    let service = Service::builder().env("GENERATION__SERVER__PUBLIC_URL", "https://public.example/scripts").start();
    let url = sse_url_asked_with(&service, &FORWARDED);
    assert!(url.starts_with("https://public.example/scripts/api/v1/generations/job_"), "{url}");
}

// Looking up.

const STATUS_FIELDS: [&str; 17] = [
    "jobId",
    "status",
    "progress",
    "currentStep",
    "projectId",
    "episodeNumber",
    "title",
    "wordCount",
    "tokens",
    "createdAt",
    "startedAt",
    "completedAt",
    "estimatedRemainingTime",
    "errorCode",
    "errorMessage",
    "episodeId",
    "savedToEpisode",
];

#[test]
fn a_status_has_every_field_of_the_original_from_queued_to_completed() {
    let gate = Gate::default();
    let held = gate.clone();
    let upstream =
        Upstream::start(move |_| [vec![Step::Hold(held.clone())], complete(["One two three four."])].concat());
    let service = Service::builder().upstream(&upstream).env("GENERATION__JOBS__MAX_STREAMING", "1").start();
    let (running, waiting) = (service.create(&brief()), service.create(&brief()));
    service.wait_for(&running, "streaming");
    let queued = service.job(&waiting);
    assert_eq!((&queued["status"], &queued["progress"]), (&json!("queued"), &json!(0)));
    assert_eq!(queued["startedAt"], Value::Null);
    gate.open();
    let completed = service.wait_for(&waiting, "completed");
    assert_eq!(completed["progress"], 100);
    assert_eq!(completed["wordCount"], 4);
    assert!(completed["tokens"].as_u64().is_some_and(|tokens| tokens > 0));
    assert_eq!(completed["savedToEpisode"], true);
    for job in [&queued, &completed] {
        for field in STATUS_FIELDS {
            assert!(job.get(field).is_some(), "{field} is missing in {job}");
        }
    }
    for time in ["createdAt", "startedAt", "completedAt"] {
        let text = completed[time].as_str().expect("a time");
        assert!(text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok(), "{time}: {text}");
    }
}

#[test]
fn unknown_and_impossible_job_ids_are_not_found() {
    let service = Service::start();
    for id in ["job_00000000000040008000000000000000", "job_123", "x", "%20", "job_%F0%9F%8E%AC", "%ff"] {
        for path in ["", "/script", "/events"] {
            let answer = service.get(&format!("{GENERATIONS}/{id}{path}"));
            assert_eq!(answer.status(), 404, "{id}{path}");
            let code = answer.json()["error"]["code"].as_str().expect("a code").to_owned();
            // A path that is no text cannot name a job at all.
            assert!(code == "JOB_NOT_FOUND" || id == "%ff", "{id}{path}: {code}");
        }
    }
}

#[test]
fn the_script_is_markdown_with_an_etag() {
    let service = Service::start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    let path = format!("{GENERATIONS}/{id}/script");
    let script = service.get(&path).expect(200);
    assert!(script.header("content-type").is_some_and(|kind| kind.starts_with("text/markdown")));
    assert!(!script.text().is_empty());
    let etag = script.header("etag").expect("an ETag");
    let again = service.send(&Request::get(&path).header("If-None-Match", etag));
    assert_eq!((again.status(), again.body.len()), (304, 0));
    service.send(&Request::get(&path).header("If-None-Match", "\"another\"")).expect(200);
}

#[test]
fn the_etag_of_a_script_changes_while_it_grows() {
    let gate = Gate::default();
    let held = gate.clone();
    let upstream = Upstream::start(move |_| {
        let mut script = complete(["First. ", "Second."]);
        script.insert(2, Step::Hold(held.clone()));
        script
    });
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    let path = format!("{GENERATIONS}/{id}/script");
    let early = wait::until("the first text", || Some(service.get(&path)).filter(|script| !script.body.is_empty()));
    assert_eq!(early.text(), "First. ");
    gate.open();
    service.wait_for(&id, "completed");
    let late = service.get(&path);
    assert_eq!(late.text(), "First. Second.");
    assert_ne!(early.header("etag"), late.header("etag"));
}

#[test]
fn active_jobs_are_listed_newest_first_filtered_and_in_pages() {
    let upstream = Upstream::start(|_| vec![Step::Stall]);
    let service = Service::builder().upstream(&upstream).start();
    let ids: Vec<String> = (0..5)
        .map(|number| service.create(&brief_with(json!({ "projectId": format!("project-{}", number % 2) }))))
        .collect();
    let active = |query: &str| service.get(&format!("{GENERATIONS}/active{query}")).expect(200).json();
    let names = |body: &Value| -> Vec<String> {
        let jobs = body["jobs"].as_array().expect("jobs").iter();
        jobs.map(|job| job["jobId"].as_str().expect("a jobId").to_owned()).collect()
    };
    let newest_first: Vec<String> = ids.iter().rev().cloned().collect();
    let all = active("");
    assert_eq!((names(&all), &all["total"]), (newest_first.clone(), &json!(5)));
    for field in STATUS_FIELDS {
        assert!(all["jobs"][0].get(field).is_some(), "{field}");
    }
    let odd = active("?projectId=project-1");
    assert_eq!((names(&odd), &odd["total"]), (vec![ids[3].clone(), ids[1].clone()], &json!(2)));

    let (mut paged, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = active(&query);
        assert!(names(&page).len() <= 2);
        paged.extend(names(&page));
        let Some(cursor) = page["cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(paged, newest_first);

    for id in &ids {
        service.cancel(id);
    }
    wait::until("no active jobs", || (active("")["total"] == 0).then_some(()));
}

#[test]
fn bad_parameters_of_the_list_are_all_told() {
    let service = Service::start();
    let answer = service.get(&format!("{GENERATIONS}/active?limit=0&cursor=nonsense"));
    assert_eq!(fields_of(&answer.expect_error(422, "VALIDATION_ERROR")), ["limit", "cursor"]);
    for limit in ["1001", "-1", "x", ""] {
        service.get(&format!("{GENERATIONS}/active?limit={limit}")).expect_error(422, "VALIDATION_ERROR");
    }
    service.get(&format!("{GENERATIONS}/active?limit=1000")).expect(200);
}

#[test]
fn statistics_count_jobs_by_state_and_are_at_both_addresses() {
    let service = Service::start();
    let done = service.create(&brief());
    service.wait_for(&done, "completed");
    let stats = service.stats();
    assert_eq!(
        (&stats["jobs"]["total"], &stats["jobs"]["completed"], &stats["jobs"]["streaming"]),
        (&json!(1), &json!(1), &json!(0))
    );
    for (group, fields) in [
        ("jobs", &["total", "queued", "streaming", "completed", "failed", "canceled"][..]),
        ("connections", &["active", "peak", "total"]),
        ("events", &["published", "delivered", "coalesced"]),
        ("episodes", &["saved", "pending", "failed"]),
    ] {
        for field in fields {
            assert!(stats[group][field].is_u64(), "{group}.{field} in {stats}");
        }
    }
    assert_eq!(stats["episodes"]["saved"], 1);
    assert_eq!(stats["service"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(stats["service"]["status"], "running");
    assert!(stats["service"]["uptimeSeconds"].is_u64() && stats["service"]["startedAt"].is_string(), "{stats}");
    assert_eq!(service.get("/_stats").expect(200).json()["jobs"], stats["jobs"]);
}

// Canceling (what it does to the work: cancel.rs).

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

// Fixed words.

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

// Errors everywhere.

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

// HEAD.

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

// Cross-origin requests.

#[test]
fn pages_of_any_origin_may_call_without_credentials() {
    let service = Service::start();
    let id = service.create(&brief());
    for path in [format!("{GENERATIONS}/{id}"), format!("{GENERATIONS}/{id}/events"), format!("{GENERATIONS}/job_1")] {
        let request = Request::get(&path).header("Origin", "https://app.example.com");
        let answer = request.open(service.address());
        assert_eq!(answer.head.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.head.header("access-control-allow-credentials"), None);
    }
}

fn preflight(service: &Service, origin: &str, method: &str, headers: &str) -> crate::harness::http::Response {
    let request = Request::new("OPTIONS", GENERATIONS)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", headers);
    service.send(&request)
}

#[test]
fn preflights_allow_the_methods_and_headers_that_clients_use() {
    let service = Service::start();
    for (method, headers) in [
        ("POST", "content-type,idempotency-key,accept-language"),
        ("GET", "last-event-id,cache-control"),
        ("DELETE", "authorization"),
    ] {
        let answer = preflight(&service, "https://app.example.com", method, headers);
        assert!(matches!(answer.status(), 200 | 204), "{method}: {}", answer.status());
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let methods = answer.header("access-control-allow-methods").expect("methods");
        assert!(methods.split(',').any(|known| known.trim() == method), "{methods}");
        let allowed = answer.header("access-control-allow-headers").expect("headers").to_lowercase();
        for header in headers.split(',') {
            assert!(allowed.split(',').any(|known| known.trim() == header), "{header} in {allowed}");
        }
    }
}

#[test]
fn configured_origins_are_the_only_ones() {
    let service = Service::builder().env("GENERATION__CORS__ALLOWED_ORIGINS", r#"["https://app.example.com"]"#).start();
    let answer = preflight(&service, "https://app.example.com", "POST", "content-type");
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example.com"));
    let foreign = preflight(&service, "https://evil.example", "POST", "content-type");
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    let simple = service.send(&Request::get("/health/live").header("Origin", "https://evil.example"));
    assert_eq!(simple.header("access-control-allow-origin"), None);
}

#[test]
fn a_page_can_read_the_headers_it_needs() {
    let service = Service::start();
    let request = Request::new("POST", GENERATIONS).header("Origin", "https://app.example.com").json(&brief());
    let answer = service.send(&request).expect(201);
    let exposed = answer.header("access-control-expose-headers").expect("exposed headers").to_lowercase();
    for header in ["location", "retry-after"] {
        assert!(exposed.contains(header), "{header} in {exposed}");
    }
}

// Health.

#[test]
fn health_says_alive_and_ready() {
    let service = Service::start();
    service.get("/health/live").expect(200);
    service.get("/health/ready").expect(200);
}
