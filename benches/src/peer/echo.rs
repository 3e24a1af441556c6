//! What creating a job costs at least: its request is parsed, and answered as it came.

use std::net::TcpListener;

use actix_web::{App, HttpServer, post, rt::System, web::Json};
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// The body of `POST /api/v1/generations`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GenerationRequest {
    project_id: String,
    description: String,
    title: Option<String>,
    episode_number: Option<u32>,
    script_type: Option<String>,
    model: Option<String>,
    temperature: Option<f64>,
    length_target: Option<u32>,
}

#[post("/api/v1/generations")]
async fn echo(request: Json<GenerationRequest>) -> Json<GenerationRequest> {
    request
}

/// Serves until the process is killed.
pub(super) fn run(listener: TcpListener) -> Result<()> {
    let serving = async { HttpServer::new(|| App::new().service(echo)).listen(listener)?.run().await };
    Ok(System::new().block_on(serving)?)
}
