//! The event stream.

use crate::harness::{
    brief,
    service::{Builder, Service},
    upstream::{Gate, Step, Upstream},
    wait,
};

mod cuts;
mod http2;
mod limit;
mod readers;
mod resume;
mod shape;
mod takeover;

const UNKNOWN: &str = "job_00000000000040008000000000000000";

/// An upstream that sends each piece when the test opens its gate, and the end with the last one.
fn gated(pieces: &'static [&'static str]) -> (Upstream, Vec<Gate>) {
    let gates: Vec<Gate> = pieces.iter().map(|_| Gate::default()).collect();
    let held = gates.clone();
    let upstream = Upstream::start(move |_| {
        let mut script = vec![Step::Head];
        for (piece, gate) in pieces.iter().zip(&held) {
            script.extend([Step::Hold(gate.clone()), Step::Text((*piece).into())]);
        }
        script.extend([Step::Finish("stop"), Step::Done]);
        script
    });
    (upstream, gates)
}

/// A service whose one job waits for a gate that is never opened, so that its streams stay open.
fn quiet(configure: impl FnOnce(Builder) -> Builder) -> (Service, Upstream, String) {
    let upstream = Upstream::start(|_| vec![Step::Head, Step::Stall]);
    let service = configure(Service::builder().upstream(&upstream)).start();
    let id = service.create(&brief());
    upstream.wait_for_requests(1);
    (service, upstream, id)
}

fn active_connections(service: &Service) -> u64 {
    service.stats()["connections"]["active"].as_u64().expect("a count")
}

fn wait_for_connections(service: &Service, count: u64) {
    wait::until(&format!("{count} open streams"), || (active_connections(service) == count).then_some(()));
}
