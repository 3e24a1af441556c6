//! Bodies that are too large, malformed or for nobody: one answer, and the connection ends.

use std::io::Write as _;

use super::{ALIVE, connect, flood, read_until, rest};
use crate::harness::{brief, service::Service};

const HEAD: &str = "POST /api/v1/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

const CHUNKED: &str = "HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What is accepted of a body in vain: what is thrown away after an answer, and what the kernel keeps on its way.
const VAIN: usize = 48 << 20;

#[test]
fn a_length_beyond_the_limit_is_refused_before_the_body() {
    let service = Service::start();
    for length in ["262145", "999999999999", "18446744073709551615"] {
        // Nothing of the body is sent, so nothing of it can have been waited for.
        let answer = rest(&mut connect(&service, &format!("{HEAD}Content-Length: {length}\r\n\r\n")));
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("PAYLOAD_TOO_LARGE"), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    let episode = "POST /api/v1/projects/p/episodes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let answer = rest(&mut connect(&service, &format!("{episode}Content-Length: 4194305\r\n\r\n")));
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn a_client_that_waits_to_be_asked_for_its_body_is_asked_for_a_good_one_only() {
    let service = Service::start();
    for (head, status) in [
        (format!("{HEAD}Content-Length: 999999999\r\n"), "413"),
        (HEAD.replace("json", "text") + "Content-Length: 10\r\n", "415"),
        (HEAD.replace("generations", "nothing") + "Content-Length: 10\r\n", "404"),
    ] {
        let answer = rest(&mut connect(&service, &format!("{head}Expect: 100-continue\r\n\r\n")));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    let body = brief().to_string();
    let asking = format!("{HEAD}Expect: 100-continue\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    let mut stream = connect(&service, &asking);
    read_until(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).expect("it is taken");
    assert!(rest(&mut stream).starts_with("HTTP/1.1 201 "));
    // On a kept connection it may be asked before, but is refused all the same.
    let mut stream = connect(&service, ALIVE);
    read_until(&mut stream, "alive\"}");
    let refused = format!("{HEAD}Content-Length: 999999999\r\nExpect: 100-continue\r\n\r\n");
    stream.write_all(refused.as_bytes()).expect("it is open");
    let answer = rest(&mut stream);
    assert!(answer.contains("HTTP/1.1 413 ") && answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[test]
fn a_body_that_goes_on_after_its_refusal_is_not_read_for_ever() {
    let service = Service::start();
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    for (head, piece) in [
        (format!("{HEAD}Content-Length: 999999999999\r\n\r\n"), &[b' '; 65536][..]),
        (format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n"), &chunk),
        (format!("POST /nothing {CHUNKED}"), &chunk),
        (format!("GET /health/live {CHUNKED}"), &chunk),
    ] {
        let taken = flood(&mut connect(&service, &head), piece, 4 * VAIN);
        assert!(taken < VAIN, "{taken} bytes were taken after {head}");
    }
}

#[test]
fn a_body_for_nobody_ends_the_connection_whether_it_ends_or_not() {
    let service = Service::start();
    for (request, status) in [("POST /nothing", "404"), ("GET /health/live", "200"), ("DELETE /health/live", "405")] {
        let answer = rest(&mut connect(&service, &format!("{request} {CHUNKED}5\r\nabc")));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
    let head = rest(&mut connect(&service, &format!("HEAD /health/live {CHUNKED}5\r\nabc")));
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-length: 18\r\n"), "{head}");
}

#[test]
fn an_answer_to_a_body_that_is_still_being_sent_arrives() {
    let service = Service::start();
    let mut stream = connect(&service, &format!("{HEAD}Content-Length: 8000000\r\n\r\n"));
    stream.write_all(&vec![b' '; 8_000_000]).expect("the body is taken, though in vain");
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with("}}"), "{answer}");
}

#[test]
fn a_malformed_chunk_is_a_fault_of_the_client_told_once() {
    let service = Service::start();
    for chunk in ["zz\r\nabc", "-1\r\n", "5\r\nabcdefgh\r\n", "fffffffffffffffff\r\n"] {
        let answer = rest(&mut connect(&service, &format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{chunk}")));
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("INVALID_JSON"), "{chunk}: {answer}");
        assert!(answer.contains(r#""retryable":false"#), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
}

#[test]
fn a_body_read_to_its_end_keeps_the_connection_whatever_it_was_answered() {
    let service = Service::start();
    for body in ["Content-Length: 2\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"] {
        let mut stream = connect(&service, &format!("{HEAD}{body}"));
        let answer = read_until(&mut stream, "]}}");
        assert!(answer.starts_with("HTTP/1.1 422 ") && !answer.contains("connection: close"), "{answer}");
        stream.write_all(ALIVE.as_bytes()).expect("it is open");
        assert!(read_until(&mut stream, "alive\"}").starts_with("HTTP/1.1 200 "));
    }
}

#[test]
fn requests_in_one_breath_are_answered_in_their_order_up_to_a_refusal() {
    let service = Service::start();
    let refused = format!("{HEAD}Content-Length: 999999999\r\n\r\n");
    let answers = rest(&mut connect(&service, &format!("{}{refused}", ALIVE.repeat(40))));
    let statuses: Vec<_> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, [vec!["200"; 40], vec!["413"]].concat(), "{answers}");
}

#[test]
fn a_head_beyond_its_limits_is_answered_with_an_error() {
    let service = Service::start();
    let many: String = (0..200).map(|number| format!("Name-{number}: value\r\n")).collect();
    let long = format!("Name: {}\r\n", "a".repeat(200_000));
    for (fields, status) in [(many, "431"), (long, "431"), ("Content-Length: -1\r\n".into(), "400")] {
        let mut stream = connect(&service, "GET / HTTP/1.1\r\nHost: localhost\r\n");
        // The end of a long one may not be taken any more.
        let _refused = stream.write_all(format!("{fields}\r\n").as_bytes());
        let answer = rest(&mut stream);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}
