//! `sse.max_connections`: streams beyond it are cut, and a slot is free again however its stream ended.

use std::{io::Write as _, net::TcpStream};

use super::{UNKNOWN, active_connections, quiet, readers::flood};
use crate::harness::{
    brief,
    http::Request,
    service::{Builder, Service},
    sse::{End, Next, Stream},
    upstream::{Gate, Step, Upstream},
    wait,
};

fn limited(limit: u32) -> impl FnOnce(Builder) -> Builder {
    move |builder| builder.env("GENERATION__SSE__MAX_CONNECTIONS", &limit.to_string())
}

/// A stream of that job, unless it is cut for want of a slot.
fn try_open(service: &Service, id: &str) -> Option<Stream> {
    let mut stream = service.events(id, "");
    match stream.next() {
        Next::Event(_) => Some(stream),
        Next::End(end) => {
            assert_eq!(end, End::Cut);
            None
        }
    }
}

fn open_once_a_slot_is_free(service: &Service, id: &str) -> Stream {
    wait::until("a free slot", || try_open(service, id))
}

#[test]
fn streams_beyond_the_limit_are_cut_not_refused() {
    let (service, _upstream, id) = quiet(limited(1));
    let mut first = service.events(&id, "");
    first.event();
    let mut second = service.events(&id, "");
    let (events, end) = second.rest();
    assert_eq!((events.len(), end), (0, End::Cut));
    assert!(second.parser.newest_retry.is_some(), "it is told when to come back");
    assert_eq!(active_connections(&service), 1);
}

#[test]
fn a_reader_that_disconnects_frees_its_slot() {
    let (service, _upstream, id) = quiet(limited(1));
    for _ in 0..5 {
        let gone = open_once_a_slot_is_free(&service, &id);
        assert!(try_open(&service, &id).is_none());
        drop(gone);
        let half_closed = open_once_a_slot_is_free(&service, &id);
        assert!(try_open(&service, &id).is_none());
        half_closed.half_close();
        drop(open_once_a_slot_is_free(&service, &id));
    }
}

#[test]
fn a_reader_that_takes_nothing_frees_its_slot_when_it_is_disconnected() {
    let upstream = Upstream::start(|_| [flood(), vec![Step::Stall]].concat());
    let service = limited(1)(Service::builder().upstream(&upstream))
        .env("GENERATION__SSE__PREVIEW_INTERVAL", "10ms")
        .env("GENERATION__SSE__WRITE_TIMEOUT", "300ms")
        .start();
    let id = service.create(&brief());
    let stuck = service.events(&id, "");
    let _next = open_once_a_slot_is_free(&service, &id);
    drop(stuck);
}

#[test]
fn a_stream_that_ends_with_its_job_frees_its_slot() {
    let gate = Gate::default();
    let hold = gate.clone();
    let upstream = Upstream::start(move |_| {
        vec![Step::Head, Step::Hold(hold.clone()), Step::Text("Text.".into()), Step::Finish("stop"), Step::Done]
    });
    let service = limited(1)(Service::builder().upstream(&upstream)).start();
    let id = service.create(&brief());
    let mut stream = open_once_a_slot_is_free(&service, &id);
    gate.open();
    assert_eq!(stream.rest().1, End::Clean);
    let (events, end) = open_once_a_slot_is_free(&service, &id).rest();
    assert_eq!((events.len(), end), (0, End::Clean), "the terminal event was the first");
}

#[test]
fn a_request_that_opens_no_stream_takes_no_slot() {
    let (service, _upstream, id) = quiet(limited(1));
    let path = format!("/api/v1/generations/{id}/events");
    let done = service.create(&brief());
    service.cancel(&done);
    let (of_done, of_nobody) =
        (format!("/api/v1/generations/{done}/events"), format!("/api/v1/generations/{UNKNOWN}/events"));
    for _ in 0..3 {
        service.send(&Request::new("HEAD", &path)).expect(200);
        service.get(&format!("{path}?preview=nonsense")).expect(422);
        service.get(&of_nobody).expect(404);
        service.send(&Request::get(&of_nobody).header("Last-Event-ID", "1-5")).expect(200);
        service.send(&Request::get(&of_nobody).header("Last-Event-ID", "gone")).expect(204);
        service.send(&Request::get(&of_done).header("Last-Event-ID", "1-end")).expect(204);
    }
    let only = try_open(&service, &id).expect("the slot is free");
    for _ in 0..3 {
        assert!(try_open(&service, &id).is_none());
        service.send(&Request::new("HEAD", &path)).expect(200);
    }
    drop(only);
    let again = open_once_a_slot_is_free(&service, &id);
    assert!(try_open(&service, &id).is_none(), "refusals have freed nothing");
    drop(again);
}

#[test]
fn requests_behind_a_stream_on_its_connection_take_no_slot() {
    let (service, _upstream, id) = quiet(limited(2));
    let request = format!("GET /api/v1/generations/{id}/events HTTP/1.1\r\nHost: service\r\n\r\n");
    let mut pipelining = TcpStream::connect(service.address()).expect("the service listens");
    pipelining.write_all(request.repeat(5).as_bytes()).expect("it is taken");
    wait::until("its stream", || (active_connections(&service) == 1).then_some(()));
    let _second = try_open(&service, &id).expect("the second slot is free");
    assert!(try_open(&service, &id).is_none());
}
