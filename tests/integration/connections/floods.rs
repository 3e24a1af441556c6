//! Clients that send on the connection of their event stream, where nobody asked for anything.

use std::io::Write as _;

use super::{connect, flood, read_until, rest};
use crate::harness::{
    brief,
    service::Service,
    upstream::{Gate, Step, Upstream},
    wait,
};

/// What the service reads, and what the kernel's buffers of both ends take before the reset arrives.
const ACCEPTED: usize = 16 << 20;

fn stream_of(id: &str, version: &str) -> String {
    format!("GET /api/v1/generations/{id}/events HTTP/{version}\r\nHost: localhost\r\n\r\n")
}

fn held() -> (Service, Upstream, Gate, String) {
    let gate = Gate::default();
    let hold = gate.clone();
    let script = move |_| {
        vec![Step::Head, Step::Hold(hold.clone()), Step::Text("Text.".into()), Step::Finish("stop"), Step::Done]
    };
    let upstream = Upstream::start(script);
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    upstream.wait_for_requests(1);
    (service, upstream, gate, id)
}

#[test]
fn one_that_floods_the_connection_of_its_stream_is_disconnected() {
    let (service, _upstream, _gate, id) = held();
    for version in ["1.1", "1.0"] {
        let mut stream = connect(&service, &stream_of(&id, version));
        read_until(&mut stream, "event: progress\n");
        let taken = flood(&mut stream, &[b'x'; 65536], 8 * ACCEPTED);
        assert!(taken < ACCEPTED, "{taken} bytes were taken over HTTP/{version}");
        wait::until("the stream to be gone", || (service.stats()["connections"]["active"] == 0).then_some(()));
    }
}

#[test]
fn one_that_sends_a_little_gets_its_events_to_the_end() {
    let (service, _upstream, gate, id) = held();
    let mut stream = connect(&service, &stream_of(&id, "1.1"));
    read_until(&mut stream, "event: progress\n");
    for _ in 0..20 {
        stream.write_all(&[b'x'; 1000]).expect("it is taken");
    }
    gate.open();
    let text = rest(&mut stream);
    assert!(text.contains("event: completed\n") && text.ends_with("\r\n0\r\n\r\n"), "{text}");
}
