//! The same streams over HTTP/2, spoken with curl from the first byte.

use std::process::{Child, Command, Stdio};

use super::active_connections;
use crate::harness::{brief, service::Service, wait};

/// Follows a job's events until its response ends.
fn follow(service: &Service, id: &str) -> Child {
    Command::new("curl")
        .args(["--http2-prior-knowledge", "--no-buffer", "--silent", "--include", "--max-time", "30"])
        .arg(service.url(&format!("/api/v1/generations/{id}/events?preview=delta")))
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl runs")
}

/// What it had printed when it ended, and whether the response ended cleanly.
fn outcome(curl: Child) -> (String, bool) {
    let output = curl.wait_with_output().expect("curl ends");
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.success())
}

#[test]
fn a_stream_over_http2_runs_from_its_first_event_to_a_clean_end() {
    let service = Service::builder().words_per_second(2000).start();
    let id = service.create(&brief());
    let (text, clean) = outcome(follow(&service, &id));
    assert!(text.starts_with("HTTP/2 200"), "{text}");
    assert!(text.contains("\nretry: ") && text.contains("\nevent: completed\n"), "{text}");
    assert!(clean, "{text}");
}

#[test]
fn a_stream_over_http2_that_must_be_given_up_is_reset_after_a_retry_line() {
    let mut service = Service::builder().words_per_second(20).start();
    let id = service.create(&brief());
    let curl = follow(&service, &id);
    wait::until("the reader", || (active_connections(&service) == 1).then_some(()));
    service.wait_for_text(&id);
    service.stop();
    let (text, clean) = outcome(curl);
    let last = text.trim_end().lines().next_back().expect("lines");
    assert!(last.starts_with("retry: "), "{text}");
    assert!(!clean, "a clean end would stop the client");
}
