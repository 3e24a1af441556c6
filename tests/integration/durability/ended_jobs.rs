//! Ended jobs live in the store: however many there are, the service starts at once and stays small.

use std::{
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};
use serde_json::json;

use super::Service;
use crate::harness::{brief, brief_with, data_of_the_first_format, http::Request, wait};

const MEBIBYTE: u64 = 1024 * 1024;

/// 260 KB of Korean.
fn long_script() -> String {
    "비 오는 밤의 카페에서 두 사람이 서로의 비밀을 나눈다. ".repeat(3500)
}

fn keyed(key: &str) -> Request {
    Request::new("POST", "/api/v1/generations").header("Idempotency-Key", key).json(&brief())
}

/// Stops the service, and gives it `count` copies of its only job, which has ended, each with a script of its own length and
/// the idempotency key `key-N`.
fn multiply(service: &mut Service, count: u32, script: &str) -> Vec<String> {
    service.stop();
    let path = service.data().path().join("data/generation.db");
    let mut database = Connection::open(path).expect("it opens");
    let copying = database.transaction().expect("it can be written");
    let mut ids = Vec::new();
    for number in 1..=count {
        let id = format!("job_{number:032x}");
        copying
            .execute(
                "INSERT INTO jobs (id, brief, idempotency_key, body_digest, created_at)
                 SELECT ?1, brief, ?2, body_digest, created_at FROM jobs ORDER BY job LIMIT 1",
                params![id, format!("key-{number}")],
            )
            .expect("a job");
        let job = copying.last_insert_rowid();
        copying
            .execute(
                "INSERT INTO job_states (job, epoch, started_at, progress, model_used, text_length, text_complete,
                                         outcome, ended_at, event_seq, text_version,
                                         episode_state, episode_id, episode_number)
                 SELECT ?1, epoch, started_at, progress, model_used, ?2, text_complete,
                        outcome, ended_at, event_seq, text_version,
                        episode_state, episode_id, episode_number FROM job_states ORDER BY job LIMIT 1",
                params![job, script.len()],
            )
            .expect("its state");
        let sql = "INSERT INTO job_texts (job, place, text) VALUES (?1, 0, ?2)";
        copying.execute(sql, params![job, script]).expect("its text");
        ids.push(id);
    }
    copying.commit().expect("all of them");
    ids
}

/// A service with one completed job, created under the key `key`.
fn with_one_job() -> Service {
    let service = Service::start();
    let id = service.send(&keyed("key")).expect(201).json()["jobId"].as_str().expect("a jobId").to_owned();
    service.wait_for(&id, "completed");
    service
}

fn all_counted(service: &Service, jobs: u32) {
    wait::until_within(Duration::from_secs(120), "all ended jobs to be counted", || {
        (service.stats()["jobs"]["completed"] == json!(jobs)).then_some(())
    });
}

#[test]
fn many_long_scripts_of_an_earlier_run_take_no_memory_and_are_all_there() {
    let mut service = with_one_job();
    let script = long_script();
    let ids = multiply(&mut service, 600, &script);
    service.restart();
    // Some are asked for before the service can have found all of them.
    let again = service.send(&keyed("key-7")).expect(200).json();
    assert_eq!(again["jobId"], json!(ids[6]));
    let other = brief_with(json!({ "description": "something else" }));
    let request = Request::new("POST", "/api/v1/generations").header("Idempotency-Key", "key-8").json(&other);
    service.send(&request).expect_error(409, "IDEMPOTENCY_CONFLICT");
    all_counted(&service, 601);
    let memory = service.resident_memory();
    assert!(
        memory < 100 * MEBIBYTE,
        "{} MiB for scripts of {} MiB",
        memory / MEBIBYTE,
        600 * script.len() as u64 / MEBIBYTE
    );
    for id in [&ids[0], &ids[300], &ids[599]] {
        assert_eq!(service.job(id)["status"], "completed");
        assert!(service.script(id) == script, "its own script");
        let end = service.events(id, "").event();
        assert_eq!((end.name.as_str(), &end.data["result"]["savedToEpisode"]), ("completed", &json!(true)));
        let terminal = end.id.expect("an id");
        assert_eq!(service.resume(id, "", &terminal).event().id.as_deref(), Some("1-end"));
    }
}

#[test]
#[ignore = "writes 5 GB; for measuring"]
#[expect(clippy::print_stderr, reason = "it measures")]
fn twenty_thousand_long_scripts_do_not_delay_the_start() {
    let mut service = with_one_job();
    multiply(&mut service, 20_000, &long_script());
    for _ in 0..2 {
        let began = Instant::now();
        service.restart();
        let ready = began.elapsed();
        all_counted(&service, 20_001);
        let memory = service.resident_memory() / MEBIBYTE;
        eprintln!("ready after {ready:?}, all counted after {:?}, {memory} MiB", began.elapsed());
        assert!(ready < Duration::from_secs(2), "{ready:?}");
        service.stop();
    }
    service.restart();
}

#[test]
fn canceled_jobs_with_long_descriptions_take_little_memory_each_also_after_a_restart() {
    const JOBS: u32 = 600;
    // What is kept at hand for whoever asks next, and what a busy process has around.
    const FIXED: u64 = 40 * MEBIBYTE;
    const EACH: u64 = 4 * 1024;
    // One job holds the only slot: what the others cost is what is remembered of them, not what writes them.
    let mut service = Service::builder().words_per_second(1).env("GENERATION__JOBS__MAX_STREAMING", "1").start();
    service.create(&brief());
    let description = "비".repeat(32_000);
    let before = service.resident_memory();
    let address = service.address();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let body = brief_with(json!({ "description": description }));
            thread::spawn(move || {
                let create = Request::new("POST", "/api/v1/generations").json(&body);
                for _ in 0..JOBS / 4 {
                    let created = create.send(address).expect(201).json();
                    let id = created["jobId"].as_str().expect("a jobId");
                    Request::new("DELETE", &format!("/api/v1/generations/{id}")).send(address).expect(204);
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().expect("all are accepted and canceled"));
    assert_eq!(service.stats()["jobs"]["canceled"], json!(JOBS));
    let bound = before + FIXED + u64::from(JOBS) * EACH;
    let memory = service.resident_memory();
    let descriptions = u64::from(JOBS) * description.len() as u64 / MEBIBYTE;
    assert!(memory < bound, "{} MiB for descriptions of {descriptions} MiB", memory / MEBIBYTE);
    service.stop();
    service.restart();
    wait::until("all to be counted", || (service.stats()["jobs"]["canceled"] == json!(JOBS)).then_some(()));
    let memory = service.resident_memory();
    assert!(memory < before + u64::from(JOBS) * EACH + 16 * MEBIBYTE, "{} MiB after a restart", memory / MEBIBYTE);
}

#[test]
fn beyond_the_number_kept_the_oldest_jobs_are_forgotten_also_those_of_an_earlier_run() {
    let mut service = Service::builder().env("GENERATION__JOBS__KEEP", "5").start();
    let ids: Vec<_> = (0..8)
        .map(|_| {
            let id = service.create(&brief());
            service.wait_for(&id, "completed");
            id
        })
        .collect();
    let kept = |service: &Service, jobs: u32| {
        wait::until("the oldest to be forgotten", || (service.stats()["jobs"]["total"] == json!(jobs)).then_some(()));
    };
    kept(&service, 5);
    service.get(&format!("/api/v1/generations/{}", ids[2])).expect_error(404, "JOB_NOT_FOUND");
    assert_eq!(service.job(&ids[3])["status"], "completed");
    assert_eq!(service.episodes("project-1").len(), 8, "episodes stay");
    service.stop();
    let mut service = Service::builder().data(service.data()).env("GENERATION__JOBS__KEEP", "2").start();
    kept(&service, 2);
    service.get(&format!("/api/v1/generations/{}", ids[5])).expect_error(404, "JOB_NOT_FOUND");
    service.stop();
    service.restart();
    assert_eq!(service.job(&ids[7])["status"], "completed");
}

#[test]
fn a_data_folder_of_the_first_format_is_taken_over_with_its_jobs() {
    let data = data_of_the_first_format();
    let database = Connection::open(data.path().join("data/generation.db")).expect("it opens");
    let id = "job_538a817528b44206aa0cc27669262023";
    let sql = "UPDATE jobs SET idempotency_key = 'key', body_digest = 'of another body' WHERE id = ?1";
    assert_eq!(database.execute(sql, [id]).expect("it is of the first format"), 1);
    let sql = "SELECT text FROM job_texts JOIN jobs USING (job) WHERE id = ?1";
    let script: String = database.query_row(sql, [id], |row| row.get(0)).expect("its script");
    database.close().expect("it closes");
    let service = Service::builder().data(&data).start();
    all_counted(&service, 2);
    assert_eq!(service.job(id)["status"], "completed");
    assert_eq!(service.script(id), script);
    service.send(&keyed("key")).expect_error(409, "IDEMPOTENCY_CONFLICT");
}
