//! Stopping: it stops the model, keeps the text, and is as harmless the tenth time as the first.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{
    brief,
    service::Service,
    sse::End,
    upstream::{Gate, Step, Upstream, complete},
    wait,
};

/// An upstream that writes for ever.
fn endless() -> Upstream {
    Upstream::start(|_| {
        let pieces = (0..10_000).flat_map(|_| [Step::Text("word ".into()), Step::Pause(Duration::from_millis(5))]);
        [Step::Head].into_iter().chain(pieces).collect()
    })
}

#[test]
fn a_canceled_job_leaves_its_upstream_before_the_answer() {
    let upstream = endless();
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    service.wait_for_text(&id);
    service.cancel(&id);
    let answered = Instant::now();
    let left = upstream.wait_until_left(0);
    // The upstream looks every few milliseconds.
    assert!(left < answered + Duration::from_millis(100), "left {:?} after the answer", left - answered);
}

#[test]
fn a_canceled_job_keeps_its_text_and_tells_its_readers() {
    let upstream = endless();
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    let mut stream = service.events(&id, "");
    stream.event_named("preview");
    service.cancel(&id);
    let (events, end) = stream.rest();
    assert_eq!(end, End::Clean);
    assert_eq!(events.iter().filter(|event| event.is_terminal()).count(), 1);
    let last = events.last().expect("events");
    let error = &last.data["error"];
    assert_eq!(
        (last.name.as_str(), &error["code"], &error["retryable"]),
        ("failed", &json!("JOB_CANCELED"), &json!(false))
    );
    let job = service.job(&id);
    assert_eq!((&job["status"], &job["errorCode"]), (&json!("canceled"), &json!("JOB_CANCELED")));
    assert!(job["completedAt"].is_string() && job["errorMessage"].is_string(), "{job}");
    assert!(service.script(&id).starts_with("word "));
    assert!(service.episodes("project-1").is_empty(), "half a script is no episode");
    let stats = service.stats();
    assert_eq!((&stats["jobs"]["canceled"], &stats["jobs"]["streaming"]), (&json!(1), &json!(0)));
}

#[test]
fn canceling_again_changes_nothing() {
    let upstream = endless();
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    service.wait_for_text(&id);
    service.cancel(&id);
    let (job, script) = (service.job(&id), service.script(&id));
    for _ in 0..10 {
        service.cancel(&id);
    }
    assert_eq!((service.job(&id), service.script(&id)), (job, script));
}

#[test]
fn a_job_canceled_in_the_queue_never_reaches_the_model() {
    let upstream = endless();
    let service = Service::builder().upstream(&upstream).env("GENERATION__JOBS__MAX_STREAMING", "1").start();
    let running = service.create(&brief());
    service.wait_for_text(&running);
    let waiting = service.create(&brief());
    let mut stream = service.events(&waiting, "");
    assert_eq!(stream.event().name, "progress");
    service.cancel(&waiting);
    assert_eq!(stream.event_where(crate::harness::sse::Event::is_terminal).data["error"]["code"], "JOB_CANCELED");
    assert_eq!(service.job(&waiting)["startedAt"], Value::Null);
    service.cancel(&running);
    service.wait_for(&running, "canceled");
    assert_eq!(upstream.seen().len(), 1);
}

#[test]
fn a_cancel_makes_room_for_the_next_job() {
    let upstream = endless();
    let service = Service::builder().upstream(&upstream).env("GENERATION__JOBS__MAX_STREAMING", "1").start();
    let (first, second) = (service.create(&brief()), service.create(&brief()));
    service.wait_for_text(&first);
    service.cancel(&first);
    service.wait_for_text(&second);
}

#[test]
fn a_finished_job_cannot_be_canceled_any_more() {
    let service = Service::start();
    let id = service.create(&brief());
    let job = service.wait_for(&id, "completed");
    service.cancel(&id);
    assert_eq!(service.job(&id), job);
}

#[test]
fn a_cancel_while_the_upstream_is_silent_is_heard() {
    let gate = Gate::default();
    let held = gate.clone();
    let upstream = Upstream::start(move |_| [vec![Step::Hold(held.clone())], complete(["late"])].concat());
    let service = Service::builder().upstream(&upstream).start();
    let id = service.create(&brief());
    upstream.wait_for_requests(1);
    service.cancel(&id);
    upstream.wait_until_left(0);
    service.wait_for(&id, "canceled");
    gate.open();
    assert_eq!(service.script(&id), "");
}

#[test]
fn cancels_racing_with_the_end_leave_one_outcome() {
    let service = Service::start();
    for _ in 0..30 {
        let id = service.create(&brief());
        service.cancel(&id);
        let (events, end) = service.events(&id, "").rest();
        assert_eq!((events.iter().filter(|event| event.is_terminal()).count(), end), (1, End::Clean));
        let job = service.job(&id);
        let expected = match events.last().expect("events").name.as_str() {
            "completed" => "completed",
            _ => "canceled",
        };
        assert_eq!(job["status"], expected);
        assert_eq!(job["savedToEpisode"], json!(expected == "completed"));
    }
    let saved = wait::until("all jobs to be counted", || {
        let stats = service.stats();
        (stats["jobs"]["streaming"] == 0).then_some(stats["jobs"]["completed"].clone())
    });
    assert_eq!(json!(service.episodes("project-1").len()), saved);
}
