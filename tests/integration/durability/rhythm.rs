//! However fast or slow a model writes, and however seldom readers are shown it: the text becomes durable and the job's time
//! runs out when they should.

use std::{
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta};
use serde_json::json;

use crate::harness::{
    brief_with,
    service::{Builder, Service},
    sse::Next,
    upstream::{Step, Upstream},
    wait,
};

/// Words a second. Between those that fall in step with the half second of the previews, some that never do.
const SPEEDS: [u32; 7] = [1, 2, 7, 37, 40, 200, 1000];
/// The name of the model that sends a token a millisecond.
const TOKENS: &str = "tokens";
/// As in the default configuration.
const CHECKPOINT: Duration = Duration::from_secs(1);
/// What a crash may cost beyond the interval.
const WRITING: Duration = Duration::from_millis(500);

fn model(speed: u32) -> String {
    format!("words-{speed}")
}

/// A service with a model of each speed, in the rhythm of the defaults.
fn writers() -> (Builder, Upstream) {
    let upstream = Upstream::start(|_| vec![Step::Head, Step::Tokens(Duration::from_millis(1))]);
    let builtin = SPEEDS.map(|speed| {
        let name = model(speed);
        format!(r#"{{ name = "{name}", kind = "builtin", models = ["{name}"], words_per_second = {speed} }}"#)
    });
    let url = upstream.url();
    let scripted = format!(r#"{{ name = "{TOKENS}", kind = "openai", models = ["{TOKENS}"], base_url = "{url}" }}"#);
    let builder = Service::builder()
        .providers(&format!("[{}, {scripted}]", builtin.join(", ")))
        .env("GENERATION__MODELS__DEFAULT", TOKENS)
        .env("GENERATION__JOBS__ON_RESTART", "fail");
    (builder, upstream)
}

fn models() -> Vec<String> {
    SPEEDS.map(model).into_iter().chain([TOKENS.to_owned()]).collect()
}

/// A job that is far from its end when its test is over.
fn create(service: &Service, model: &str) -> String {
    service.create(&brief_with(json!({ "model": model, "lengthTarget": 50_000 })))
}

fn times_out_in_time(configure: impl FnOnce(Builder) -> Builder) {
    let (builder, _upstream) = writers();
    let service = configure(builder).env("GENERATION__JOBS__TIMEOUT", "2s").start();
    let jobs: Vec<_> = models().into_iter().map(|model| (create(&service, &model), model)).collect();
    for (id, model) in jobs {
        let job = service.wait_for(&id, "failed");
        assert_eq!(job["errorCode"], "TIMEOUT_ERROR", "{model}");
        let at = |field: &str| DateTime::parse_from_rfc3339(job[field].as_str().expect("a time")).expect("RFC 3339");
        let took = at("completedAt") - at("startedAt");
        assert!((TimeDelta::seconds(2)..TimeDelta::seconds(3)).contains(&took), "{model} took {took}");
        assert!(job["wordCount"].as_u64() > Some(0), "{model}: {job}");
    }
}

#[test]
fn a_job_ends_when_its_time_is_over_however_fast_its_model_writes() {
    times_out_in_time(|builder| builder);
}

#[test]
fn a_job_ends_when_its_time_is_over_however_seldom_its_readers_are_shown_text() {
    times_out_in_time(|builder| builder.env("GENERATION__SSE__PREVIEW_INTERVAL", "20s"));
}

/// What a reader has been shown, and when.
type Shown = Arc<Mutex<Vec<(Instant, String)>>>;

/// Follows a job until its service dies.
fn watch(service: &Service, id: &str) -> Shown {
    let shown = Shown::default();
    let (mut stream, notes) = (service.events(id, ""), Arc::clone(&shown));
    thread::spawn(move || {
        while let Some(Next::Event(event)) = stream.next_within(wait::TIMEOUT) {
            if event.name == "preview" {
                let text = event.data["markdown"].as_str().expect("the text").to_owned();
                notes.lock().unwrap().push((Instant::now(), text));
            }
        }
    });
    shown
}

struct Watched {
    id: String,
    model: String,
    shown: Shown,
}

/// Lets every model write for so long since its first text was shown, then cuts the power; says when.
fn power_cut_after(service: &mut Service, models: Vec<String>, written_for: Duration) -> (Vec<Watched>, Instant) {
    let watched = |model: String| {
        let id = create(service, &model);
        Watched { shown: watch(service, &id), id, model }
    };
    let jobs: Vec<_> = models.into_iter().map(watched).collect();
    let long_enough =
        |job: &Watched| job.shown.lock().unwrap().first().is_some_and(|(at, _)| at.elapsed() >= written_for);
    wait::until("all models to have written for a while", || jobs.iter().all(long_enough).then_some(()));
    let cut = Instant::now();
    service.kill9();
    (jobs, cut)
}

#[test]
fn a_power_cut_costs_an_interval_of_text_however_fast_the_model_writes() {
    let (builder, _upstream) = writers();
    let mut service = builder.start();
    let (jobs, cut) = power_cut_after(&mut service, models(), Duration::from_millis(3300));
    service.restart();
    for Watched { id, model, shown } in jobs {
        service.wait_for(&id, "failed");
        let script = service.script(&id);
        let shown = shown.lock().unwrap();
        let safe = shown.iter().rev().find(|(at, _)| *at + CHECKPOINT + WRITING <= cut).map(|(_, text)| text.as_str());
        let safe = safe.expect("it had been writing for longer");
        let (kept, needed) = (script.len(), safe.len());
        assert!(script.starts_with(safe), "{model}: {kept} bytes were kept of at least {needed}");
    }
}

/// Readers see too little here to judge by, but the built-in writer is known to keep its pace.
#[test]
fn a_power_cut_costs_an_interval_of_text_however_seldom_readers_are_shown_it() {
    let (builder, _upstream) = writers();
    let mut service = builder.env("GENERATION__SSE__PREVIEW_INTERVAL", "20s").start();
    let written_for = Duration::from_millis(3300);
    let (jobs, _) = power_cut_after(&mut service, SPEEDS.map(model).into(), written_for);
    service.restart();
    for (Watched { id, model, .. }, speed) in jobs.into_iter().zip(SPEEDS) {
        service.wait_for(&id, "failed");
        let kept = service.script(&id).split_whitespace().count();
        // The last word before the moment may still have been on its way.
        let needed = ((written_for - CHECKPOINT - WRITING).as_secs_f64() * f64::from(speed)).floor() as usize;
        assert!(kept + 1 >= needed, "{model}: {kept} words were kept of at least {needed}");
    }
}
