//! Starts that must not happen, and what they say.

use std::{fs, sync::Arc};

use tempfile::TempDir;

use crate::harness::{brief, service::Service};

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
    let data = Arc::new(TempDir::new().expect("a folder"));
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
    let data = Arc::new(TempDir::new().expect("a folder"));
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
