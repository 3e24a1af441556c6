//! What becomes of jobs and readers when the engine fails.

use serde_json::json;

use super::{Nats, Service, Shared, terminal, undisturbed};
use crate::harness::{
    brief, brief_with,
    sse::{End, Next},
    wait,
};

#[test]
fn a_nearly_full_engine_refuses_new_jobs_and_lets_running_ones_end() {
    let shared = Shared::start();
    let node = shared.node().env("GENERATION__STORE__MAX_BYTES", "4194304").start();
    let long = brief_with(serde_json::json!({ "description": "가".repeat(10_000) }));
    let mut accepted = Vec::new();
    let refused = wait::until("the engine to be nearly full", || {
        let answer = node.post(&long);
        if answer.status() == 201 {
            accepted.push(answer.json()["jobId"].as_str().expect("a jobId").to_owned());
        }
        (answer.status() == 503).then_some(answer)
    });
    assert!(refused.header("retry-after").is_some());
    for id in &accepted {
        node.wait_for(id, "completed");
    }
    assert!(node.log().contains("nearly full"), "{}", node.log());
}

#[test]
fn an_engine_that_is_killed_and_comes_back_loses_nothing_and_nobody() {
    let body = brief_with(serde_json::json!({ "lengthTarget": 600 }));
    let expected = undisturbed(&body);
    let mut shared = Shared::start();
    let (here, there) = (shared.node().start(), shared.node().start());
    let id = here.create(&body);
    let (mut at_home, mut elsewhere) = (here.events(&id, "?preview=delta"), there.events(&id, "?preview=delta"));
    at_home.event_named("preview");
    elsewhere.event_named("preview");
    shared.nats.kill(0);
    // The owner writes on meanwhile.
    at_home.event_named("preview");
    shared.nats.restart(0);
    for (events, end) in [at_home.rest(), elsewhere.rest()] {
        assert_eq!(end, End::Clean);
        terminal(&events);
    }
    assert_eq!(here.script(&id), expected);
    assert_eq!(there.script(&id), expected);
    assert_eq!(shared.episodes(), 1);
    // Beats are kept in memory: they work again, too.
    wait::until("a job after the outage", || (here.post(&brief()).status() == 201).then_some(()));
}

#[test]
fn after_an_engine_came_back_empty_jobs_are_gone_and_readers_told() {
    let mut shared = Shared::start();
    let (here, there) = (shared.node().words_per_second(5).start(), shared.node().start());
    let id = here.create(&brief());
    let mut reader = there.events(&id, "");
    let last = reader.event_named("preview").id.expect("an id");
    shared.nats.empty();
    shared.nats.start_all();
    wait::until("the reader to be cut", || matches!(reader.next(), Next::End(_)).then_some(()));
    for node in [&here, &there] {
        wait::until("the job to be gone", || {
            (node.get(&format!("/api/v1/generations/{id}")).status() == 404).then_some(())
        });
        let (events, _) = node.resume(&id, "", &last).rest();
        assert!(events.iter().any(|event| event.id.as_deref() == Some("gone")), "{events:?}");
    }
    let again = wait::until("a new job", || {
        let answer = there.post(&brief());
        (answer.status() == 201).then(|| answer.json()["jobId"].as_str().expect("a jobId").to_owned())
    });
    wait::until("it to be known everywhere", || {
        (here.get(&format!("/api/v1/generations/{again}")).status() == 200).then_some(())
    });
}

#[test]
fn an_unreachable_engine_stops_the_start_with_a_sentence() {
    let episodes = Service::start();
    let (status, output) = Service::builder()
        .env("GENERATION__STORE__KIND", "nats")
        .env("GENERATION__STORE__URLS", "[\"nats://127.0.0.1:1\"]")
        .remote(&episodes.url(""))
        .start_in_vain();
    assert!(!status.success());
    assert!(output.contains("cannot connect to NATS at 127.0.0.1:1"), "{output}");
}

#[test]
fn an_engine_without_jetstream_stops_the_start_with_a_sentence() {
    let (nats, episodes) = (Nats::builder().jetstream(false).start(), Service::start());
    let (status, output) = Service::builder()
        .env("GENERATION__STORE__KIND", "nats")
        .env("GENERATION__STORE__URLS", &format!("[{:?}]", nats.urls()))
        .remote(&episodes.url(""))
        .start_in_vain();
    assert!(!status.success());
    assert!(output.contains("this NATS server has no JetStream"), "{output}");
}

#[test]
fn the_death_of_the_engines_leader_loses_nothing_and_nobody() {
    let bodies: Vec<_> = (0..6).map(|n| brief_with(json!({ "lengthTarget": 500, "title": format!("{n}") }))).collect();
    let mut shared = Shared::on(Nats::three());
    let (here, there) = (shared.node().start(), shared.node().start());
    let ids: Vec<_> = bodies.iter().map(|body| here.create(body)).collect();
    let mut streams: Vec<_> = ids.iter().map(|id| there.events(id, "?preview=delta")).collect();
    for stream in &mut streams {
        stream.event_named("preview");
    }
    let leader = shared.nats.leader("GEN");
    shared.nats.kill(leader);
    for stream in &mut streams {
        let (rest, end) = stream.rest();
        assert_eq!(end, End::Clean);
        terminal(&rest);
    }
    shared.nats.restart(leader);
    for (id, body) in ids.iter().zip(&bodies) {
        assert_eq!(there.script(id), undisturbed(body));
        assert_eq!(here.job(id)["status"], "completed");
    }
    assert_eq!(shared.episodes(), bodies.len());
}
