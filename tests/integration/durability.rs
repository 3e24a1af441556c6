//! Accepted jobs survive the process: power cuts, orderly ends, restarts; and a start that must not happen says why.

use std::{
    fs,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    brief, brief_with,
    http::Request,
    service::{Builder, Service},
    sse::Connected,
    upstream::{Step, Upstream, complete},
    wait,
};

fn keyed(key: &str, body: &Value) -> Request {
    Request::new("POST", "/api/v1/generations").header("Idempotency-Key", key).json(body)
}

/// What the built-in generator writes for a brief when nothing disturbs it.
fn undisturbed(body: &Value) -> String {
    let service = Service::start();
    let id = service.create(body);
    service.wait_for(&id, "completed");
    service.script(&id)
}

/// A service whose jobs take about half a second, with frequent checkpoints.
fn unhurried() -> Builder {
    Service::builder()
        .words_per_second(150)
        .env("GENERATION__JOBS__CHECKPOINT_INTERVAL", "20ms")
        .env("GENERATION__SSE__PREVIEW_INTERVAL", "20ms")
}

// Power cuts.

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
    wait::until("the job to be forgotten", || (service.get(&path).status() == 404).then_some(()));
    service.get(&path).expect_error(404, "JOB_NOT_FOUND");
    assert_eq!(service.stats()["jobs"]["total"], 0);
    assert_eq!(service.episodes("project-1").len(), 1);
    assert_eq!(service.resume(&first, "", "1-4").event().id.as_deref(), Some("gone"));
    let again = service.send(&keyed("key", &brief())).expect(201).json();
    assert_ne!(again["jobId"], json!(first), "a job id is never used again");
    service.kill9();
    service.restart();
    service.get(&path).expect_error(404, "JOB_NOT_FOUND");
}

// Orderly ends.

#[test]
fn a_draining_service_says_so_and_takes_nothing_new() {
    let mut service = Service::builder().env("GENERATION__SERVER__DRAIN_DELAY", "10s").start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    service.sigterm();
    wait::until("not to be ready", || (service.get("/health/ready").status() == 503).then_some(()));
    service.get("/health/live").expect(200);
    let refused = service.post(&brief());
    let error = refused.expect_error(503, "SHUTTING_DOWN");
    assert_eq!(error["retryable"], true);
    assert!(refused.header("retry-after").is_some_and(|pause| pause.parse::<u64>().is_ok()));
    assert_eq!(service.stats()["service"]["status"], "draining");
    service.get(&format!("/api/v1/generations/{id}")).expect(200);
    // A second signal means now.
    service.sigterm();
    service.wait_for_exit(Duration::from_secs(5));
    service.forgive_exit();
}

#[test]
fn sigterm_ends_in_good_order_well_within_its_time() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut service = unhurried().words_per_second(20).start();
        let id = service.create(&brief());
        service.wait_for_text(&id);
        let mut stream = service.events(&id, "");
        stream.event();
        let began = Instant::now();
        service.signal(signal);
        let status = service.wait_for_exit(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0));
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

#[test]
fn a_job_interrupted_in_good_order_loses_no_text_that_was_shown() {
    let expected = undisturbed(&brief());
    let mut service = unhurried().env("GENERATION__JOBS__CHECKPOINT_INTERVAL", "1m").start();
    let id = service.create(&brief());
    let mut reader = service.reader(&id, "?preview=delta");
    while reader.text().is_empty() {
        assert_ne!(reader.connect(1200), Connected::Stop);
    }
    service.stop();
    service.restart();
    let shown = reader.text();
    let first = service.events(&id, "").event_named("preview");
    assert!(first.data["markdown"].as_str().expect("text").starts_with(&shown), "the text was checkpointed");
    service.wait_for(&id, "completed");
    assert_eq!(service.script(&id), expected);
}

// Starts that must not happen.

#[test]
fn a_data_folder_in_use_stops_a_second_service() {
    let service = Service::start();
    let (status, log) = Service::builder().data(service.data()).start_in_vain();
    assert!(!status.success());
    assert!(log.contains("another") || log.contains("in use") || log.contains("locked"), "{log}");
    assert!(log.contains("data"), "the folder is named: {log}");
    service.create(&brief());
}

#[test]
fn a_data_folder_freed_by_a_kill_can_be_used_at_once() {
    let mut service = Service::start();
    service.kill9();
    service.restart();
    service.create(&brief());
}

#[test]
fn a_database_of_a_newer_version_stops_the_start() {
    let data = Rc::new(TempDir::new().expect("a folder"));
    let mut service = Service::builder().data(&data).start();
    service.stop();
    let folder = data.path().join("data");
    let databases: Vec<_> = fs::read_dir(&folder)
        .expect("the data folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0")))
        .collect();
    assert!(!databases.is_empty(), "no database in {}", folder.display());
    for database in databases {
        let connection = rusqlite::Connection::open(database).expect("it opens");
        connection.pragma_update(None, "user_version", 1_000_000).expect("it can be changed");
    }
    let (status, log) = Service::builder().data(&data).start_in_vain();
    assert!(!status.success());
    assert!(log.contains("newer"), "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_data_folder_that_cannot_be_one_stops_the_start() {
    let data = Rc::new(TempDir::new().expect("a folder"));
    fs::write(data.path().join("data"), "a file").expect("it can be written");
    let (status, log) = Service::builder().data(&data).start_in_vain();
    assert!(!status.success());
    assert!(log.contains("data") && !log.contains("panicked"), "{log}");
}

#[test]
fn a_data_folder_that_cannot_be_written_stops_the_start() {
    // Root may write anywhere but where the kernel itself refuses.
    let arguments = ["--data-dir", "/proc/generation-service"];
    let builder = arguments.iter().fold(Service::builder(), |builder, argument| builder.arg(argument));
    let (status, log) = builder.start_in_vain();
    assert!(!status.success());
    assert!(log.contains("/proc/generation-service") && !log.contains("panicked"), "{log}");
}

#[test]
fn a_port_in_use_stops_the_start() {
    let service = Service::start();
    let port = service.address().port().to_string();
    let (status, log) = Service::builder().arg("--port").arg(&port).start_in_vain();
    assert!(!status.success());
    assert!(log.contains(&port), "{log}");
}

#[test]
fn faults_of_the_configuration_are_all_listed() {
    let (status, log) = Service::builder()
        .env("GENERATION__SSE__HEARTBEAT", "soon")
        .env("GENERATION__JOBS__MAX_STREAMING", "0")
        .env("GENERATION__SSE__HARTBEAT", "1s")
        .start_in_vain();
    assert!(!status.success());
    for key in ["sse.heartbeat", "jobs.max_streaming", "hartbeat"] {
        assert!(log.contains(key), "{key} is missing in: {log}");
    }
}

#[test]
fn a_check_of_the_configuration_starts_nothing() {
    let (status, log) = Service::builder().arg("--check").start_in_vain();
    assert!(status.success(), "{log}");
    assert!(!log.contains("http://127.0.0.1:"), "{log}");
}
