//! Search over many long scripts, and over those of an earlier version.

use std::{io::Write as _, net::TcpStream, sync::Arc, time::Duration};

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::harness::{brief_with, data_of_the_first_format, http::Request, service::Service, wait};

/// 비밀
const SECRET: &str = "%EB%B9%84%EB%B0%80";

/// What a program of format 1 left, with so many more scripts of 280 KB in a project of their own.
fn data_with_long_episodes(count: u32) -> Arc<TempDir> {
    let data = data_of_the_first_format();
    let database = Connection::open(data.path().join("data/generation.db")).expect("it opens");
    database
        .execute_batch(&format!(
            "BEGIN;
             WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
             INSERT INTO episodes (id, project_id, number, title, created_at)
             SELECT 'long-' || n, 'long', n, 'Long', '2026-01-02 03:04:05+00:00' FROM numbers;
             INSERT INTO episode_texts (episode, markdown)
             SELECT episode, replace(hex(zeroblob(20000)), '00', '비밀 카페 ') || number FROM episodes WHERE project_id = 'long';
             COMMIT"
        ))
        .expect("it can be written");
    data
}

fn search(project: &str, query: &str) -> Request {
    Request::get(&format!("/api/v1/projects/{project}/episodes?query={query}&limit=5"))
}

/// Asks and goes away, so many times.
fn abandon_searches(service: &Service, count: usize) {
    for _ in 0..count {
        let mut connection = TcpStream::connect(service.address()).expect("the service listens");
        let path = format!("/api/v1/projects/long/episodes?query={SECRET}");
        write!(connection, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", service.address()).expect("it is taken");
    }
}

#[test]
fn abandoned_searches_hold_up_neither_others_nor_the_end() {
    let data = data_with_long_episodes(300);
    let mut service = Service::builder().data(&data).env("GENERATION__SERVER__SHUTDOWN_TIMEOUT", "2s").start();
    abandon_searches(&service, 300);
    assert_eq!(service.episodes("old").len(), 4);
    abandon_searches(&service, 300);
    service.sigterm();
    assert_eq!(service.wait_for_exit(Duration::from_secs(4)).code(), Some(0), "{}", service.log());
}

#[test]
fn episodes_of_an_earlier_version_are_found_at_once_and_soon_by_the_index() {
    let data = data_with_long_episodes(60);
    let service = Service::builder().data(&data).start();
    // Few enough to be read.
    let lighthouse = "%EB%93%B1%EB%8C%80"; // 등대
    assert_eq!(service.send(&search("old", lighthouse)).expect(200).json()["episodes"][0]["number"], 3);
    let found = wait::until_within(3 * wait::TIMEOUT, "the index", || {
        let answer = service.send(&search("long", &format!("{SECRET}%20%EC%B9%B4"))); // 비밀 카
        (answer.status() == 200).then(|| answer.json())
    });
    assert_eq!((&found["total"], &found["episodes"][4]["number"]), (&json!(60), &json!(5)));
    let id = service.create(&brief_with(json!({ "title": "비밀의 카페", "projectId": "old" })));
    service.wait_for(&id, "completed");
    let found = service.send(&search("old", SECRET)).expect(200).json();
    assert_eq!((&found["total"], &found["episodes"][0]["number"]), (&json!(1), &json!(6)));
}
