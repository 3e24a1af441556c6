//! The service's own API as a program of ours asks it: with awc, since both ends are known here.

use awc::{Client, http::StatusCode};
use serde_json::Value;

use crate::harness::{brief, service::Service};

#[actix_web::test]
async fn a_job_is_ordered_and_read_with_awc() {
    let service = Service::start();
    let client = Client::default();
    let mut created = client.post(service.url("/api/v1/generations")).send_json(&brief()).await.expect("an answer");
    assert_eq!(created.status(), StatusCode::CREATED);
    let job: Value = created.json().await.expect("JSON");
    let id = job["jobId"].as_str().expect("a jobId");
    service.wait_for(id, "completed");
    let script = client.get(service.url(&format!("/api/v1/generations/{id}/script"))).send().await;
    let script = script.expect("an answer").body().await.expect("a whole body");
    assert_eq!(script, service.script(id).as_bytes());
}
