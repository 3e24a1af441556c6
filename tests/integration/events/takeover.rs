//! Streams over HTTP/1.1 are taken over from the HTTP server; whoever reads them must not notice more than that their
//! connection ends with them.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
};

use serde_json::json;

use crate::harness::{
    http::exchange_raw,
    service::Service,
    wait::{self, TIMEOUT},
};

fn request(job: &str) -> String {
    format!("GET /api/v1/generations/{job}/events HTTP/1.1\r\nHost: service\r\nOrigin: https://app.example\r\n\r\n")
}

#[test]
fn the_head_has_what_every_middleware_added_and_says_that_the_connection_ends() {
    let service = Service::start();
    let job = service.create(&json!({ "projectId": "p", "description": "A short scene.", "lengthTarget": 60 }));
    service.wait_for(&job, "completed");
    let response = exchange_raw(service.address(), request(&job).as_bytes()).to_ascii_lowercase();
    let (head, body) = response.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    for line in [
        "content-type: text/event-stream",
        "cache-control: no-cache, no-transform",
        "access-control-allow-origin: *",
        "transfer-encoding: chunked",
        "connection: close",
    ] {
        assert_eq!(head.lines().filter(|known| known == &line).count(), 1, "{line} in\n{head}");
    }
    assert_eq!(head.matches("\r\ndate: ").count(), 1, "{head}");
    assert!(!head.contains("content-length"), "{head}");
    assert!(body.contains("event: completed\n") && body.ends_with("\r\n0\r\n\r\n"), "{body}");
}

#[test]
fn an_answer_that_is_asked_for_in_the_same_breath_before_a_stream_arrives_before_it() {
    let service = Service::start();
    let job = service.create(&json!({ "projectId": "p", "description": "A short scene.", "lengthTarget": 60 }));
    service.wait_for(&job, "completed");
    let both = format!("GET /health/live HTTP/1.1\r\nHost: service\r\n\r\n{}", request(&job));
    let response = exchange_raw(service.address(), both.as_bytes());
    assert_eq!(response.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{response}");
    assert!(response.find("application/json") < response.find("text/event-stream"), "{response}");
    assert!(response.ends_with("\r\n0\r\n\r\n"), "{response}");
}

#[test]
fn a_stream_holds_one_file_descriptor_and_none_after_its_end() {
    let service = Service::builder().words_per_second(1).start();
    let job = service.create(&json!({ "projectId": "p", "description": "A scene.", "lengthTarget": 5000 }));
    // What is opened once is open by then.
    drop(service.events(&job, ""));
    wait::until("the first reader to be gone", || (service.stats()["connections"]["active"] == 0).then_some(()));
    // The connection that told so may still be closing: hence no more than, below.
    let before = service.open_files();
    let mut streams: Vec<_> = (0..50).map(|_| service.events(&job, "")).collect();
    streams.iter_mut().for_each(|stream| drop(stream.event_named("preview")));
    wait::until("a descriptor a stream", || (service.open_files() <= before + 50).then_some(()));
    drop(streams);
    wait::until("no descriptor to be left", || (service.open_files() <= before).then_some(()));
}

/// All that an HTTP/1.0 client reads of a stream, and how it ended: `None` is a clean end.
fn read_over_http_1_0(service: &Service, job: &str, then: impl FnOnce()) -> (String, Option<ErrorKind>) {
    let mut stream = TcpStream::connect(service.address()).expect("the service listens");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    stream.write_all(request(job).replace("HTTP/1.1", "HTTP/1.0").as_bytes()).expect("it is taken");
    wait::until("the stream", || (service.stats()["connections"]["total"] == 1).then_some(()));
    then();
    let mut text = Vec::new();
    let end = stream.read_to_end(&mut text).err().map(|error| error.kind());
    (String::from_utf8(text).expect("UTF-8"), end)
}

#[test]
fn over_http_1_0_a_stream_goes_without_chunks() {
    let service = Service::builder().words_per_second(100).start();
    let job = service.create(&json!({ "projectId": "p", "description": "A short scene.", "lengthTarget": 60 }));
    let (response, end) = read_over_http_1_0(&service, &job, || ());
    assert_eq!(end, None, "a clean end");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("\r\nconnection: close\r\n"), "{head}");
    assert!(!head.contains("transfer-encoding") && !head.contains("content-length"), "{head}");
    assert!(body.starts_with("retry: "), "{body}");
    let is_of_a_stream = |line: &str| {
        line.is_empty() || ["retry: ", "event: ", "id: ", "data: ", ":"].iter().any(|field| line.starts_with(field))
    };
    assert!(body.lines().all(is_of_a_stream) && !body.contains('\r'), "{body}");
    assert!(body.contains("event: completed\n") && body.ends_with("\n\n"), "{body}");
}

#[test]
fn over_http_1_0_a_stream_that_is_cut_does_not_look_complete() {
    let mut service = Service::builder().words_per_second(1).start();
    let job = service.create(&json!({ "projectId": "p", "description": "A scene.", "lengthTarget": 5000 }));
    let (_, end) = read_over_http_1_0(&service, &job, || service.sigterm());
    assert_eq!(end, Some(ErrorKind::ConnectionReset));
    assert_eq!(service.wait_for_exit(wait::TIMEOUT).code(), Some(0));
}
