//! Admission: bounded, fair between projects, and open about the place in the queue.

use serde_json::{Value, json};

use crate::harness::{
    brief, brief_with,
    service::Service,
    upstream::{Gate, Step, Upstream, complete},
};

#[test]
fn a_full_queue_refuses_with_retry_after_and_drains() {
    let gate = Gate::default();
    let held = gate.clone();
    let upstream =
        Upstream::start(move |_| [vec![Step::Hold(held.clone())], complete(["A scene. ", "The end."])].concat());
    let service = Service::builder()
        .upstream(&upstream)
        .env("GENERATION__JOBS__MAX_STREAMING", "1")
        .env("GENERATION__JOBS__MAX_QUEUED", "1")
        .start();
    let running = service.create(&brief());
    service.wait_for(&running, "streaming");
    let waiting = service.create(&brief());
    let refused = service.post(&brief());
    let error = refused.expect_error(503, "QUEUE_FULL");
    assert_eq!(error["retryable"], true);
    let pause: u64 = refused.header("retry-after").expect("Retry-After").parse().expect("whole seconds");
    assert!(pause >= 1);
    gate.open();
    service.wait_for(&running, "completed");
    service.wait_for(&waiting, "completed");
    service.create(&brief());
}

#[test]
fn a_busy_project_does_not_delay_the_first_job_of_another() {
    let gate = Gate::default();
    let held = gate.clone();
    let upstream = Upstream::start(move |_| [vec![Step::Hold(held.clone())], complete(["Fine."])].concat());
    let service = Service::builder().upstream(&upstream).env("GENERATION__JOBS__MAX_STREAMING", "1").start();
    let busy = brief_with(json!({ "projectId": "busy" }));
    let many: Vec<String> = (0..20).map(|_| service.create(&busy)).collect();
    let other = brief_with(json!({ "projectId": "other", "description": "the other project" }));
    let first = service.create(&other);
    gate.open();
    for id in many.iter().chain([&first]) {
        service.wait_for(id, "completed");
    }
    let seen = upstream.seen();
    let place = seen.iter().position(|request| request.body.to_string().contains("the other project"));
    assert!(place.is_some_and(|place| place <= 2), "it came {place:?} of {}", seen.len());
}

#[test]
fn no_more_jobs_generate_at_once_than_allowed() {
    let upstream = Upstream::start(|_| vec![Step::Head, Step::Stall]);
    let service = Service::builder().upstream(&upstream).env("GENERATION__JOBS__MAX_STREAMING", "3").start();
    let ids: Vec<_> = (0..5).map(|_| service.create(&brief())).collect();
    upstream.wait_for_requests(3);
    let counts = service.stats()["jobs"].clone();
    assert_eq!((&counts["streaming"], &counts["queued"]), (&json!(3), &json!(2)));
    let queued: Vec<_> = ids.iter().filter(|id| service.job(id)["startedAt"] == Value::Null).collect();
    assert_eq!(queued.len(), 2);
    assert_eq!(upstream.seen().len(), 3);
}
