//! Connections end when their time is over.

use std::{io::Write as _, net::TcpStream};

use super::{ALIVE, connect, read_until, rest};
use crate::harness::{
    brief,
    service::{Builder, Service},
    upstream::{Step, Upstream, complete},
    wait,
};

const OF_EACH_KIND: usize = 120;

fn impatient() -> Builder {
    Service::builder().env("GENERATION__LIMITS__HEAD_TIMEOUT", "1s").env("GENERATION__LIMITS__KEEP_ALIVE", "1s")
}

/// One that has been answered, and then says `second`.
fn kept(service: &Service, second: &str) -> TcpStream {
    let mut stream = connect(service, ALIVE);
    read_until(&mut stream, "alive\"}");
    stream.write_all(second.as_bytes()).expect("it is taken");
    stream
}

#[test]
fn hundreds_that_say_nothing_or_half_are_closed_in_time() {
    let service = impatient().start();
    kept(&service, "");
    let before = service.open_files();
    let kinds: [(&str, &dyn Fn() -> TcpStream); 6] = [
        ("silent", &|| connect(&service, "")),
        ("half a head", &|| connect(&service, "GET /health/live HTTP/1.1\r\nHos")),
        ("idle after an answer", &|| kept(&service, "")),
        ("half a second head", &|| kept(&service, "GET /health/live HTTP/1.1\r\nHos")),
        ("a line end after an answer", &|| kept(&service, "\r\n")),
        ("an HTTP/2 preface", &|| connect(&service, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")),
    ];
    let mut open: Vec<_> =
        kinds.iter().flat_map(|(kind, open)| (0..OF_EACH_KIND).map(move |_| (*kind, open()))).collect();
    for (kind, stream) in &mut open {
        let answer = rest(stream);
        let expected = match *kind {
            "silent" | "half a head" => answer.starts_with("HTTP/1.1 408 "),
            "an HTTP/2 preface" => answer.starts_with("HTTP/1.1 400 "),
            _ => answer.is_empty(),
        };
        assert!(expected, "{kind}: {answer}");
    }
    wait::until("their descriptors to be free", || (service.open_files() <= before).then_some(()));
}

#[test]
fn an_event_stream_is_none_of_them() {
    let upstream = Upstream::start(|_| vec![Step::Head, Step::Stall]);
    let service = impatient().upstream(&upstream).env("GENERATION__SSE__HEARTBEAT", "1s").start();
    let id = service.create(&brief());
    let mut stream = service.events(&id, "");
    for _ in 0..4 {
        stream.event_named("heartbeat");
    }
}

#[test]
fn one_that_does_not_read_its_answers_is_closed() {
    let upstream = Upstream::start(|_| complete([&*"long ".repeat(100_000)]));
    let service = Service::builder().upstream(&upstream).env("GENERATION__SSE__WRITE_TIMEOUT", "300ms").start();
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    // More than what fits into the buffers of both ends.
    let ask = format!("GET /api/v1/generations/{id}/script HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut deaf = connect(&service, &ask.repeat(40));
    // Whoever goes on to write learns it.
    wait::until("its end", || deaf.write_all(ALIVE.as_bytes()).is_err().then_some(()));
}

#[test]
fn a_body_that_does_not_come_is_answered_with_408_and_the_end() {
    let service = Service::builder().env("GENERATION__LIMITS__BODY_TIMEOUT", "300ms").start();
    let head = "POST /api/v1/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    for body in ["Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"] {
        let answer = rest(&mut connect(&service, &format!("{head}{body}")));
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("TIMEOUT_ERROR"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
}

#[test]
fn a_connection_in_use_is_kept_beyond_its_deadlines() {
    let upstream = Upstream::start(|_| vec![Step::Head, Step::Stall]);
    let service = impatient().upstream(&upstream).env("GENERATION__SSE__HEARTBEAT", "300ms").start();
    let id = service.create(&brief());
    // The beats of a stream are the clock: twelve take longer than all deadlines together.
    let mut clock = service.events(&id, "");
    let mut stream = connect(&service, "");
    for _ in 0..12 {
        stream.write_all(ALIVE.as_bytes()).expect("it is open");
        read_until(&mut stream, "alive\"}");
        clock.event_named("heartbeat");
    }
}
