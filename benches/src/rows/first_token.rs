//! What the service adds to the time until the first text.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use super::{SERVICE, by, columns};
use crate::{
    contenders::{Contender, Previews, Service, Settings},
    http::{connect, request},
    load::Samples,
    results::{Direction, Goal, Line, Row, Scale},
};

/// The text that is waited for.
const TEXT: &str = "FADE IN";
const DIRECT: &str = "the model's server, read directly";

pub(super) fn measure(scale: Scale) -> Result<Row> {
    let columns = columns([
        ("from the model's write, p50", "ms", true),
        ("from the model's write, p99", "ms", false),
        ("from the request, p50", "ms", true),
        ("from the request, p99", "ms", false),
    ]);
    let service = Service::start(Previews::Full, &Settings::default());
    service.upstream().begin_with(TEXT.into());
    let first_texts = service.upstream().first_texts();
    let (mut ours, mut direct) = (Times::default(), Times::default());
    for round in 0..by(scale, 500, 10) {
        let began = Instant::now();
        let arrived = through_the_service(&service)?;
        let written =
            first_texts.recv_timeout(Duration::from_secs(5)).context("the service has not asked its model")?;
        // The first requests warm everything up.
        if round >= by(scale, 20, 1) {
            ours.push(began, written, arrived);
        }
        let began = Instant::now();
        let arrived = directly(&service)?;
        direct.push(began, first_texts.recv_timeout(Duration::from_secs(5))?, arrived);
    }
    let (ours, direct) = (ours.values(), direct.values());
    let beyond = ours[0] - direct[0];
    let method = "One job at a time, whose model responds at once. Through the service, a client creates the job, \
                  opens its stream and waits for the first preview. Directly, it sends the model's server the request \
                  that the service would send and waits for the first piece of text. Times start at the moment before \
                  the model's server writes that text, and at the moment before the first request."
        .to_owned();
    Ok(Row {
        name: "first-token".into(),
        title: "First text".into(),
        method,
        columns,
        lines: vec![Line::whole(SERVICE, ours), Line::whole(DIRECT, direct)],
        goals: vec![Goal {
            what: "First text: from the model's write, p50, beyond a direct reader's".into(),
            value: beyond,
            bound: 1.0,
            direction: Direction::AtMost,
            unit: "ms".into(),
        }],
        series: vec![],
    })
}

#[derive(Default)]
struct Times {
    from_write: Samples,
    from_request: Samples,
}

impl Times {
    fn push(&mut self, began: Instant, written: Instant, arrived: Instant) {
        self.from_request.push(arrived - began);
        self.from_write.push(arrived.saturating_duration_since(written));
    }

    fn values(&self) -> Vec<f64> {
        let percentiles =
            [&self.from_write, &self.from_request].map(|samples| [50.0, 99.0].map(|p| samples.percentile(p)));
        percentiles.into_iter().flatten().map(Option::unwrap_or_default).collect()
    }
}

fn through_the_service(service: &Service) -> Result<Instant> {
    let mut connection = service.connect()?;
    let path = service.create(&mut connection, "bench", 800)?;
    let mut stream = connect(service.address())?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", service.address())?;
    wait_for_text(&mut stream)
}

fn directly(service: &Service) -> Result<Instant> {
    let address = service.upstream().address();
    let mut connection = connect(address)?;
    let body =
        r#"{"model":"bench","stream":true,"messages":[{"role":"user","content":"A scene at night, in the rain."}]}"#;
    connection.write_all(request(address, "POST", "/v1/chat/completions", "", body).as_bytes())?;
    wait_for_text(&mut connection)
}

fn wait_for_text(connection: &mut TcpStream) -> Result<Instant> {
    let mut received = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = connection.read(&mut buffer)?;
        ensure!(read > 0, "a stream ended before its first text");
        received.extend_from_slice(&buffer[..read]);
        if memchr::memmem::find(&received, TEXT.as_bytes()).is_some() {
            return Ok(Instant::now());
        }
    }
}
