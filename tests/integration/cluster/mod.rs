//! Several instances on NATS: any of them accepts, runs, shows and cancels any job.

mod engine;

use std::time::{Duration, Instant};

use generation_testkit::nats::Nats;

use crate::harness::{
    brief, brief_with, free_address,
    service::{Builder, Service, Signal},
    sse::{End, Event},
    upstream::{Step, Upstream},
    wait,
};

/// A shared engine, and a service whose Episode API keeps the episodes of all nodes.
struct Shared {
    nats: Nats,
    episodes: Service,
}

impl Shared {
    fn start() -> Self {
        Self::on(Nats::one())
    }

    fn on(nats: Nats) -> Self {
        // On the same port after a restart.
        let port = free_address().port().to_string();
        let episodes = Service::builder().env("GENERATION__SERVER__PORT", &port).start();
        Self { nats, episodes }
    }

    fn node(&self) -> Builder {
        let urls =
            format!("[{}]", self.nats.urls().split(',').map(|url| format!("{url:?}")).collect::<Vec<_>>().join(","));
        Service::builder()
            .words_per_second(100)
            .env("GENERATION__STORE__KIND", "nats")
            .env("GENERATION__STORE__URLS", &urls)
            .env("GENERATION__STORE__REPLICAS", &self.nats.count().to_string())
            .env("GENERATION__STORE__LEASE", "1s")
            .env("GENERATION__STORE__MAX_BYTES", "67108864")
            .env("GENERATION__JOBS__CHECKPOINT_INTERVAL", "20ms")
            .env("GENERATION__SSE__PREVIEW_INTERVAL", "20ms")
            .remote(&self.episodes.url(""))
    }

    fn episodes(&self) -> usize {
        self.episodes.episodes("project-1").len()
    }
}

/// What the built-in generator writes for a brief when nothing disturbs it.
fn undisturbed(body: &serde_json::Value) -> String {
    let service = Service::start();
    let id = service.create(body);
    service.wait_for(&id, "completed");
    service.script(&id)
}

fn terminal(events: &[Event]) -> &Event {
    let ends: Vec<_> = events.iter().filter(|event| event.is_terminal()).collect();
    assert_eq!(ends.len(), 1, "exactly one terminal event");
    ends[0]
}

#[test]
fn a_job_is_read_on_another_node_as_on_its_own() {
    let shared = Shared::start();
    let (here, there) = (shared.node().start(), shared.node().start());
    let id = here.create(&brief());
    let mut elsewhere = there.events(&id, "");
    let mut at_home = here.events(&id, "");
    let ((far, far_end), (near, near_end)) = (elsewhere.rest(), at_home.rest());
    assert_eq!((far_end, near_end), (End::Clean, End::Clean));
    let (far, near) = (terminal(&far), terminal(&near));
    assert_eq!((&far.id, &far.name, &far.data), (&near.id, &near.name, &near.data));
    assert_eq!(there.script(&id), here.script(&id));
    assert_eq!(there.script(&id), undisturbed(&brief()));
    assert_eq!(there.job(&id)["status"], "completed");
    assert_eq!(shared.episodes(), 1);
    // Its end is known everywhere, to whoever comes later.
    let (late, end) = there.events(&id, "").rest();
    assert_eq!((terminal(&late).id.clone(), end), (near.id.clone(), End::Clean));
}

#[test]
fn every_node_knows_a_job_as_soon_as_it_is_accepted() {
    let shared = Shared::start();
    let (here, there) = (shared.node().start(), shared.node().start());
    for _ in 0..50 {
        let id = here.create(&brief());
        assert_eq!(there.job(&id)["jobId"], id.as_str());
    }
    assert_eq!(there.get(&format!("/api/v1/generations/job_{}", "0".repeat(32))).status(), 404);
}

#[test]
fn a_script_owed_by_a_killed_node_is_saved_by_another() {
    let mut shared = Shared::start();
    shared.episodes.sigterm();
    shared.episodes.wait_for_exit(wait::TIMEOUT);
    let save_soon = || shared.node().words_per_second(0).save_timeout("200ms").start();
    let (mut here, there) = (save_soon(), save_soon());
    let id = here.create(&brief());
    here.wait_for(&id, "completed");
    here.kill9();
    shared.episodes.restart();
    wait::until("the episode to be saved", || (shared.episodes() == 1).then_some(()));
    wait::until("its job to say so", || (there.job(&id)["savedToEpisode"] == true).then_some(()));
}

#[test]
fn a_cancellation_on_another_node_stops_the_model_before_its_answer() {
    let shared = Shared::start();
    let upstream = Upstream::start(|_| {
        let pieces = (0..10_000).flat_map(|_| [Step::Text("word ".into()), Step::Pause(Duration::from_millis(5))]);
        [Step::Head].into_iter().chain(pieces).collect()
    });
    let (here, there) = (shared.node().upstream(&upstream).start(), shared.node().upstream(&upstream).start());
    let id = here.create(&brief());
    here.wait_for_text(&id);
    there.wait_for_text(&id);
    there.cancel(&id);
    let answered = Instant::now();
    let left = upstream.wait_until_left(0);
    assert!(left < answered + Duration::from_millis(100), "left {:?} after the answer", left - answered);
    assert_eq!(there.job(&id)["status"], "canceled");
    assert_eq!(here.job(&id)["status"], "canceled");
}

#[test]
fn a_killed_nodes_job_goes_on_elsewhere_and_its_readers_there_within_their_response() {
    let body = brief_with(serde_json::json!({ "lengthTarget": 400 }));
    let expected = undisturbed(&body);
    let shared = Shared::start();
    let (mut here, there) = (shared.node().start(), shared.node().start());
    let id = here.create(&body);
    let mut reader = here.reader(&id, "?preview=delta");
    reader.connect_for_text(100);
    let mut elsewhere = there.events(&id, "?preview=delta");
    elsewhere.event_named("preview");
    here.kill9();
    let died = Instant::now();
    let next = elsewhere.event_where(|event| event.position().is_some_and(|(epoch, _)| epoch == 2));
    assert!(died.elapsed() < Duration::from_secs(4), "{:?} after the death: {next:?}", died.elapsed());
    let (rest, end) = elsewhere.rest();
    assert_eq!(end, End::Clean);
    terminal(&rest);
    reader.moved_to(there.address());
    let end = reader.follow();
    assert_eq!(there.script(&id), expected);
    assert_eq!(end.data["result"]["markdown"], expected);
    assert_eq!(shared.episodes(), 1);
}

#[test]
fn a_node_that_stood_still_writes_nothing_more_and_leaves_its_model() {
    let shared = Shared::start();
    let upstream = Upstream::start(|_| {
        let pieces = (0..10_000).flat_map(|_| [Step::Text("word ".into()), Step::Pause(Duration::from_millis(5))]);
        [Step::Head].into_iter().chain(pieces).collect()
    });
    let (here, there) = (shared.node().upstream(&upstream).start(), shared.node().upstream(&upstream).start());
    let id = here.create(&brief());
    here.wait_for_text(&id);
    let mut at_home = here.events(&id, "?preview=delta");
    at_home.event_named("preview");
    let mut elsewhere = there.events(&id, "?preview=delta");
    elsewhere.event_named("preview");
    here.signal(Signal::STOP);
    elsewhere.event_where(|event| event.position().is_some_and(|(epoch, _)| epoch == 2));
    here.signal(Signal::CONT);
    let woken = Instant::now();
    let left = upstream.wait_until_left(0);
    assert!(left < woken + Duration::from_secs(2), "left {:?} after waking", left - woken);
    // Those who stayed with the former owner are shown what the new one writes, within their response.
    at_home.event_where(|event| event.position().is_some_and(|(epoch, _)| epoch == 2));
    here.cancel(&id);
    let ((far, _), (near, _)) = (elsewhere.rest(), at_home.rest());
    assert_eq!(terminal(&far).id, terminal(&near).id);
    assert_eq!(there.job(&id)["status"], "canceled");
}

/// An upstream that takes requests and says nothing.
fn mute() -> Upstream {
    Upstream::start(|_| vec![Step::Head, Step::Pause(Duration::from_secs(60))])
}

#[test]
fn a_job_that_no_node_survives_fails_at_last() {
    let (shared, upstream) = (Shared::start(), mute());
    let node = || shared.node().upstream(&upstream).env("GENERATION__JOBS__MAX_ATTEMPTS", "1").start();
    let mut first = node();
    let id = first.create(&brief());
    upstream.wait_for_requests(1);
    let mut second = node();
    first.kill9();
    upstream.wait_for_requests(2);
    let third = node();
    second.kill9();
    let job = third.wait_for(&id, "failed");
    assert_eq!(job["errorCode"], "GENERATION_ERROR", "{job}");
}

#[test]
fn a_node_that_is_told_to_stop_hands_its_jobs_over_at_once() {
    let body = brief_with(serde_json::json!({ "lengthTarget": 400 }));
    let expected = undisturbed(&body);
    let shared = Shared::start();
    let (mut here, there) = (shared.node().start(), shared.node().start());
    let id = here.create(&body);
    here.wait_for_text(&id);
    let mut elsewhere = there.events(&id, "");
    elsewhere.event_named("preview");
    here.sigterm();
    let (rest, end) = elsewhere.rest();
    assert_eq!(end, End::Clean);
    terminal(&rest);
    here.wait_for_exit(wait::TIMEOUT);
    assert_eq!(there.script(&id), expected);
    assert_eq!(shared.episodes(), 1);
}

#[test]
fn jobs_beyond_one_nodes_slots_run_on_others() {
    let shared = Shared::start();
    let node = || shared.node().env("GENERATION__JOBS__MAX_STREAMING", "2").start();
    let (here, there) = (node(), node());
    let ids: Vec<String> = (0..12).map(|_| here.create(&brief())).collect();
    wait::until("the other node to help", || (there.stats()["jobs"]["completed"].as_u64()? > 0).then_some(()));
    for id in &ids {
        here.wait_for(id, "completed");
    }
    assert_eq!(shared.episodes(), 12);
}

/// Builds a node that logs in as the servers demand.
fn logs_in(nats: &Nats, episodes: &Service, more: &[(&str, &str)]) -> Builder {
    let builder = Service::builder()
        .env("GENERATION__STORE__KIND", "nats")
        .env("GENERATION__STORE__URLS", &format!("[{:?}]", nats.urls()))
        .remote(&episodes.url(""));
    more.iter().fold(builder, |builder, (name, value)| builder.env(name, value))
}

#[test]
fn nodes_log_in_by_password_token_and_credentials_and_over_tls() {
    let episodes = Service::start();
    let cases = [
        Nats::builder().user("gen", "s3cret-word").start(),
        Nats::builder().token("s3cret-word").start(),
        Nats::builder().credentials().start(),
        Nats::builder().tls().start(),
    ];
    let (creds, ca) = (cases[2].credentials().display().to_string(), cases[3].ca().display().to_string());
    let settings: [&[(&str, &str)]; 4] = [
        &[
            ("GENERATION__STORE__USER", "gen"),
            ("GENERATION__STORE__PASSWORD_ENV", "NATS_PASSWORD"),
            ("NATS_PASSWORD", "s3cret-word"),
        ],
        &[("GENERATION__STORE__TOKEN_ENV", "NATS_TOKEN"), ("NATS_TOKEN", "s3cret-word")],
        &[("GENERATION__STORE__CREDENTIALS_FILE", &creds)],
        &[("GENERATION__STORE__CA_FILE", &ca)],
    ];
    for (nats, settings) in cases.iter().zip(settings) {
        let node = logs_in(nats, &episodes, settings).start();
        let id = node.create(&brief());
        node.wait_for(&id, "completed");
        assert!(!node.log().contains("s3cret-word"));
    }
    for nats in &cases {
        let (status, output) = logs_in(nats, &episodes, &[]).start_in_vain();
        assert!(!status.success(), "{output}");
        assert!(output.contains("cannot connect to NATS"), "{output}");
    }
}

#[test]
fn services_with_different_prefixes_share_an_engine_and_no_job() {
    let shared = Shared::start();
    let one = shared.node().start();
    let other = shared.node().env("GENERATION__STORE__PREFIX", "other").start();
    let id = one.create(&brief());
    one.wait_for(&id, "completed");
    assert_eq!(other.get(&format!("/api/v1/generations/{id}")).status(), 404);
}

#[test]
fn embedded_episodes_are_refused_where_several_instances_share_a_store() {
    let (status, output) = Service::builder()
        .env("GENERATION__STORE__KIND", "nats")
        .env("GENERATION__STORE__URLS", "[\"nats://127.0.0.1:1\"]")
        .start_in_vain();
    assert!(!status.success());
    assert!(output.contains("episodes.kind") && output.contains("use \"chroma\" or \"remote\""), "{output}");
}
