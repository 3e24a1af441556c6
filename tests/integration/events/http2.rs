//! The streams over HTTP/2, which the service leaves to nginx: curl, then Debian's nginx as `deploy/nginx` configures it.

use std::{io::Read as _, process::Child};

use super::{gated, wait_for_connections};
use crate::harness::{brief, nginx::Nginx, service::Service, upstream::Gate};

fn path(id: &str) -> String {
    format!("/api/v1/generations/{id}/events?preview=delta")
}

/// Follows a job's events until its response ends.
fn follow(nginx: &Nginx, id: &str) -> Child {
    nginx.curl(&[], &path(id)).spawn().expect("curl runs")
}

/// What it had printed when it ended, and whether the response ended cleanly.
fn outcome(curl: Child) -> (String, bool) {
    let output = curl.wait_with_output().expect("curl ends");
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.success())
}

/// What it had printed when it was killed, as soon as that included `text`.
fn cut_after(text: &str, mut curl: Child) -> String {
    let mut output = curl.stdout.take().expect("a pipe");
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    // curl ends by itself after its longest time.
    while !String::from_utf8_lossy(&read).contains(text) {
        let bytes = output.read(&mut buffer).expect("curl can be read");
        assert_ne!(bytes, 0, "{}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&buffer[..bytes]);
    }
    curl.kill().expect("it runs");
    curl.wait().expect("it ends");
    String::from_utf8(read).expect("UTF-8")
}

/// The last id that a client would send back.
fn last_id(text: &str) -> &str {
    text.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().expect("an event with an id")
}

#[test]
fn a_stream_over_http2_runs_from_its_first_event_to_a_clean_end() {
    let service = Service::builder().words_per_second(2000).start();
    let nginx = Nginx::before(service.address());
    let id = service.create(&brief());
    let (text, clean) = outcome(follow(&nginx, &id));
    assert!(text.starts_with("HTTP/2 200"), "{text}");
    assert!(text.contains("\nretry: ") && text.contains("\nevent: completed\n"), "{text}");
    assert!(clean, "{text}");
}

#[test]
fn a_stream_over_http2_that_must_be_given_up_is_reset_after_a_retry_line() {
    let mut service = Service::builder().words_per_second(20).start();
    let nginx = Nginx::before(service.address());
    let id = service.create(&brief());
    let curl = follow(&nginx, &id);
    wait_for_connections(&service, 1);
    service.wait_for_text(&id);
    service.stop();
    let (text, clean) = outcome(curl);
    let last = text.trim_end().lines().next_back().expect("lines");
    assert!(last.starts_with("retry: "), "{text}");
    assert!(!clean, "a clean end would stop the client");
}

#[test]
fn a_reader_over_http2_resumes_where_it_was_cut_and_then_stops() {
    let (upstream, gates) = gated(&["First. ", "Second. ", "Third."]);
    let service = Service::builder().upstream(&upstream).env("GENERATION__SSE__PREVIEW_INTERVAL", "10ms").start();
    let nginx = Nginx::before(service.address());
    let id = service.create(&brief());
    gates[0].open();
    service.wait_for_text(&id);
    let first = cut_after(r#""delta":"First. ""#, follow(&nginx, &id));
    wait_for_connections(&service, 0);
    gates.iter().for_each(Gate::open);
    service.wait_for(&id, "completed");

    let resume = |last: &str| {
        let header = format!("Last-Event-ID: {last}");
        outcome(nginx.curl(&["--header", &header], &path(&id)).spawn().expect("curl runs"))
    };
    let (second, clean) = resume(last_id(&first));
    assert!(clean && second.contains("event: completed\n") && !second.contains(r#""offset":0"#), "{second}");
    let (mark, _) = resume(last_id(&second));
    let (stop, _) = resume(last_id(&mark));
    assert!(mark.starts_with("HTTP/2 200") && stop.starts_with("HTTP/2 204"), "{mark}\n{stop}");
}

#[test]
fn a_reader_over_http2_that_goes_is_noticed_by_the_service() {
    let (upstream, gates) = gated(&["Text."]);
    let service = Service::builder().upstream(&upstream).start();
    let nginx = Nginx::before(service.address());
    let id = service.create(&brief());
    cut_after("event: progress\n", follow(&nginx, &id));
    assert_eq!(service.stats()["connections"]["total"], 1);
    wait_for_connections(&service, 0);
    gates.iter().for_each(Gate::open);
}

#[test]
fn urls_in_answers_are_those_of_the_proxy() {
    let service = Service::builder().env("GENERATION__SERVER__TRUSTED_PROXIES", r#"["127.0.0.1"]"#).start();
    let nginx = Nginx::before(service.address());
    let body = brief().to_string();
    let spoofed = ["--header", "Forwarded: host=evil.example;proto=http", "--header", "X-Forwarded-Host: evil.example"];
    let post = [&spoofed[..], &["--header", "Content-Type: application/json", "--data", &body]].concat();
    let answer = nginx.curl(&post, "/api/v1/generations").output().expect("curl runs");
    let text = String::from_utf8(answer.stdout).expect("UTF-8");
    let url = format!(r#""sseUrl":"{}"#, nginx.url("/api/v1/generations/job_"));
    assert!(text.starts_with("HTTP/2 201") && text.contains(&url), "{text}");
}
