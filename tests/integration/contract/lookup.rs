//! Looking up jobs, their text, the list of active ones, statistics and health.

use serde_json::{Value, json};

use super::{GENERATIONS, fields_of};
use crate::harness::{
    brief, brief_with,
    http::Request,
    service::Service,
    upstream::{Gate, Step, Upstream, complete},
    wait,
};

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
    assert_eq!((&completed["savedToEpisode"], &completed["episodeStatus"]), (&json!(true), &json!("saved")));
    assert_eq!(queued.get("episodeStatus"), Some(&Value::Null));
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

#[test]
fn health_says_alive_and_ready() {
    let service = Service::start();
    service.get("/health/live").expect(200);
    service.get("/health/ready").expect(200);
}
