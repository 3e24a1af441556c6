//! Accepted jobs survive the process.

use serde_json::Value;

use crate::harness::service::{Builder, Service};

mod drain;
mod ended_jobs;
mod last_texts;
mod power_cuts;
mod rhythm;
mod start;

/// What the built-in generator writes for a brief when nothing disturbs it.
fn undisturbed(body: &Value) -> String {
    let service = Service::start();
    let id = service.create(body);
    service.wait_for(&id, "completed");
    service.script(&id)
}

/// A service whose jobs take about half a second, with frequent checkpoints.
fn unhurried() -> Builder {
    Service::builder()
        .words_per_second(150)
        .env("GENERATION__JOBS__CHECKPOINT_INTERVAL", "20ms")
        .env("GENERATION__SSE__PREVIEW_INTERVAL", "20ms")
}
