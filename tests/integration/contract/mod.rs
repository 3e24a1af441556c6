//! The HTTP contract beside the event stream.

use serde_json::Value;

use crate::harness::http::Request;

mod cors;
mod create;
mod hosts;
mod idempotency;
mod lookup;
mod routes;
mod urls;

const GENERATIONS: &str = "/api/v1/generations";

fn post(body: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", GENERATIONS).header("Content-Type", "application/json").body(body)
}

/// The fields that a validation error names, each with a message.
fn fields_of(error: &Value) -> Vec<&str> {
    let details = error["details"].as_array().expect("details");
    for fault in details {
        assert!(fault["message"].as_str().is_some_and(|message| !message.is_empty()), "{fault}");
    }
    details.iter().map(|fault| fault["field"].as_str().expect("a field")).collect()
}
