//! How many jobs a second are accepted.

use std::{net::SocketAddr, time::Duration};

use anyhow::Result;
use serde_json::json;

use super::{SERVICE, by, columns, micros};
use crate::{
    contenders::{Contender, Previews, Service, Settings, start_echo},
    http, load,
    process::Process,
    results::{Direction, Goal, Line, Row, Scale},
};

const ECHO: &str = "parse and echo";
/// Clients that each send the next request when they have their answer.
const CLIENTS: usize = 256;

pub(super) fn measure(scale: Scale) -> Result<Row> {
    let columns = columns([
        ("requests", "/s", true),
        ("answered, p50", "ms", false),
        ("answered, p99", "ms", false),
        ("CPU per request", "µs", true),
    ]);
    // One job has the model for itself and gets nothing from it; all others wait, so that only accepting is measured.
    let service = Service::start(Previews::Full, &Settings::default().with("JOBS__MAX_STREAMING", 1));
    service.upstream().fall_silent();
    log::info!("  {SERVICE}");
    let ours = run(service.process(), service.address(), scale)?;
    drop(service);
    log::info!("  {ECHO}");
    let (echo, address) = start_echo();
    let theirs = run(Process::new(echo.pid()), address, scale)?;
    let rates = (ours[0], theirs[0]);
    let method = format!(
        "{CLIENTS} clients create jobs as fast as the server accepts them. The service parses and checks each \
         request, makes the job durable in SQLite (a crash after the response loses nothing) and responds. The \
         comparison is an actix-web handler with the same number of workers that parses the same JSON and sends it \
         back."
    );
    let goal = Goal {
        what: format!("Creating jobs: requests ÷ {ECHO}"),
        value: rates.0 / rates.1,
        bound: 0.5,
        direction: Direction::AtLeast,
        unit: "×".into(),
    };
    Ok(Row {
        name: "creation".into(),
        title: "Creating jobs".into(),
        method,
        columns,
        lines: vec![Line::whole(SERVICE, ours), Line::whole(ECHO, theirs)],
        goals: vec![goal],
        series: vec![],
    })
}

fn run(server: Process, address: SocketAddr, scale: Scale) -> Result<Vec<f64>> {
    let body = json!({
        "projectId": "bench", "title": "Bench", "description": "A café at night, in the rain. Two who know each other.",
        "model": "bench", "lengthTarget": 800,
    })
    .to_string();
    let request = http::request(address, "POST", "/api/v1/generations", "Content-Type: application/json\r\n", &body);
    let (warm_up, length) = by(scale, (1000, 8000), (100, 500));
    load::repeat(address, &request, CLIENTS, Duration::from_millis(warm_up))?;
    let cpu = server.cpu()?;
    let answers = load::repeat(address, &request, CLIENTS, Duration::from_millis(length))?;
    let cpu = server.cpu()? - cpu;
    let count = answers.times.len() as f64;
    let percentile = |percent| answers.times.percentile(percent).unwrap_or_default();
    Ok(vec![count / answers.wall.as_secs_f64(), percentile(50.0), percentile(99.0), micros(cpu) / count])
}
