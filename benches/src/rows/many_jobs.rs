//! Thousands of jobs, a reader each.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{
    SERVICE, STEP_TIMEOUT, bound, by, columns, contenders,
    fan_out::{self, Show},
    lines, micros,
};
use crate::{
    contenders::{Contender, Previews, Service, Settings},
    load::{Load, Samples},
    results::{Direction, Line, Row, Scale},
};

/// The service's own preview interval.
const RHYTHM: Duration = Duration::from_millis(500);

pub(super) fn beside_peers(scale: Scale) -> Result<Row> {
    let jobs = by(scale, 5000, 20);
    let seconds = by(scale, 15, 2);
    let columns = columns([("CPU per event", "µs", true), ("bytes per event", "B", false), ("events", "/s", false)]);
    log::info!("  {SERVICE}");
    let written = write(jobs, Duration::from_secs(seconds))?;
    let mut all = vec![Line { contender: SERVICE.into(), values: written.values(), note: Some(NOTE.into()) }];
    let show = Show {
        channels: jobs,
        readers: jobs,
        size: 400,
        events: 2 * seconds as usize,
        every: Duration::from_millis(500),
    };
    let peers = contenders(Previews::Delta, &Settings::default()).split_off(1);
    all.extend(lines(scale, peers, columns.len(), |peer| {
        let began = Instant::now();
        let shown = fan_out::run(peer, &show)?;
        Ok(vec![
            Some(micros(shown.cpu) / shown.delivered as f64),
            Some(shown.bytes as f64 / shown.delivered as f64),
            Some(shown.delivered as f64 / began.elapsed().as_secs_f64()),
        ])
    })?);
    let method = format!(
        "{jobs} jobs with one reader each. The service writes all of them with its built-in writer at 40 words a \
         second, in delta mode. Each channel of a peer is posted an event of 400 B twice a second. CPU is measured as \
         above."
    );
    Ok(Row {
        name: "many-jobs".into(),
        title: "Many jobs, a reader each".into(),
        method,
        columns,
        lines: all,
        goals: vec![],
        series: vec![],
    })
}

const NOTE: &str = "Its CPU time includes writing the scripts word by word, storing them in SQLite every second, and \
                    progress events.";

pub(super) fn rhythm(scale: Scale) -> Result<Row> {
    let jobs = by(scale, 10_000, 50);
    let columns = columns([
        ("between previews, p50", "ms", false),
        ("between previews, p99", "ms", false),
        ("lateness, p99", "ms", false),
        ("CPU", "cores", false),
        ("CPU per event", "µs", false),
        ("memory per job", "KB", false),
    ]);
    let written = write(jobs, Duration::from_secs(by(scale, 30, 3)))?;
    let milliseconds = |percent| written.gaps.percentile(percent).context("no reader has had two previews");
    let values = vec![
        milliseconds(50.0)?,
        milliseconds(99.0)?,
        milliseconds(99.0)? - RHYTHM.as_secs_f64() * 1e3,
        written.cpu.as_secs_f64() / written.wall.as_secs_f64(),
        micros(written.cpu) / written.previews as f64,
        written.memory as f64 / 1e3 / jobs as f64,
    ];
    let method = format!(
        "{jobs} jobs of the built-in writer at 40 words a second, all streaming, with one delta-mode reader each, on \
         two cores shared with the readers. The figures are the times between two previews of the same reader. \
         Lateness is how far they exceed the preview interval of 500 ms."
    );
    let mut row = Row {
        name: "rhythm".into(),
        title: "Ten thousand streaming jobs".into(),
        method,
        columns,
        lines: vec![Line::whole(SERVICE, values)],
        goals: vec![],
        series: vec![],
    };
    row.goals.extend(bound(&row, "lateness, p99", 100.0, Direction::AtMost));
    Ok(row)
}

/// What a while of many builtin jobs has brought.
struct Written {
    wall: Duration,
    cpu: Duration,
    previews: u64,
    bytes: u64,
    memory: u64,
    gaps: Samples,
}

impl Written {
    fn values(&self) -> Vec<Option<f64>> {
        vec![
            Some(micros(self.cpu) / self.previews as f64),
            Some(self.bytes as f64 / self.previews as f64),
            Some(self.previews as f64 / self.wall.as_secs_f64()),
        ]
    }
}

fn write(jobs: usize, wall: Duration) -> Result<Written> {
    let service = Service::start(Previews::Delta, &Settings::default());
    let before = service.process().memory()?;
    let paths = service.create_many(jobs, "builtin", 50_000)?;
    let mut load = Load::on(service.address())?;
    load.open(&paths, jobs, STEP_TIMEOUT)?;
    load.watch().gaps = Some(Samples::default());
    let (counts, cpu, began) = (load.counts().clone(), service.process().cpu()?, Instant::now());
    load.run_until(began + wall)?;
    let cpu = service.process().cpu()? - cpu;
    ensure!(load.counts().ended == 0, "{} streams have ended", load.counts().ended);
    Ok(Written {
        wall: began.elapsed(),
        cpu,
        previews: load.counts().previews - counts.previews,
        bytes: load.counts().bytes - counts.bytes,
        memory: service.process().memory()?.saturating_sub(before),
        gaps: load.watch().gaps.take().unwrap_or_default(),
    })
}
