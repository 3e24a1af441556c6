//! Ten minutes of jobs and readers that come and go, and what is left of them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{SERVICE, STEP_TIMEOUT, by, columns};
use crate::{
    contenders::{Contender, Previews, Service, Settings},
    http::Connection,
    load::Load,
    results::{Direction, Goal, Line, Row, Scale, Series},
};

/// How long a finished job is kept.
const RETENTION: Duration = Duration::from_secs(20);
/// Of the one long script, whose slow readers fall behind.
const LONG: usize = 50_000;

/// How much comes and goes in a second, and for how long.
struct Plan {
    length: Duration,
    jobs: usize,
    readers: usize,
    leaving: usize,
    /// Who stop reading, every minute.
    stalling: usize,
}

pub(super) fn measure(scale: Scale) -> Result<Row> {
    let plan = by(
        scale,
        Plan { length: Duration::from_secs(600), jobs: 20, readers: 300, leaving: 100, stalling: 30 },
        Plan { length: Duration::from_secs(5), jobs: 2, readers: 10, leaving: 3, stalling: 2 },
    );
    let mut soak = Soak::start()?;
    let before = soak.megabytes()?;
    let began = Instant::now();
    for second in 0..plan.length.as_secs() {
        soak.second(&plan, second)?;
        soak.load.run_until(began + Duration::from_secs(second + 1))?;
        if second % 5 == 4 {
            soak.sample(second + 1)?;
        }
    }
    soak.load.close_all();
    let slow_left = soak.wait_for_readers()?;
    soak.slow.clear();
    soak.wait_until_nothing_is_left()?;
    let after = soak.megabytes()?;
    soak.memory.push((began.elapsed().as_secs_f64(), after));
    Ok(soak.row(&plan, before, after, slow_left))
}

struct Soak {
    service: Service,
    load: Load,
    /// The long script's stream.
    long: String,
    jobs: Connection,
    streams: Vec<String>,
    /// Connections of readers that have stopped reading.
    slow: Vec<Load>,
    /// How many there have been.
    stalled: u64,
    created: usize,
    memory: Vec<(f64, f64)>,
    open: Vec<(f64, f64)>,
}

impl Soak {
    fn start() -> Result<Self> {
        let settings = Settings::default()
            .with("JOBS__RETENTION", format!("{}s", RETENTION.as_secs()))
            .with("SSE__WRITE_TIMEOUT", "10s");
        let mut service = Service::start(Previews::Full, &settings);
        let long = service.open(1, LONG)?.remove(0);
        let mut load = Load::on(service.address())?;
        load.open(std::slice::from_ref(&long), 1, STEP_TIMEOUT)?;
        let jobs = service.connect()?;
        Ok(Self {
            service,
            load,
            long,
            jobs,
            streams: vec![],
            slow: vec![],
            stalled: 0,
            created: 0,
            memory: vec![],
            open: vec![],
        })
    }

    fn second(&mut self, plan: &Plan, second: u64) -> Result<()> {
        for _ in 0..plan.jobs {
            let stream = self.service.create(&mut self.jobs, "builtin", 400)?;
            self.streams.push(stream);
            self.created += 1;
        }
        self.service.publish(second)?;
        // Scripts of 400 words take ten seconds.
        let written = self.streams.len().saturating_sub(10 * plan.jobs);
        self.streams.drain(..written);
        for stream in self.streams.iter().rev().cycle().take(plan.readers) {
            self.load.add(stream, None);
        }
        self.load.close(plan.leaving);
        if second.is_multiple_of(60) {
            let mut slow = Load::on(self.service.address())?;
            slow.open(std::slice::from_ref(&self.long), plan.stalling, STEP_TIMEOUT)?;
            slow.stall(plan.stalling)?;
            self.slow.push(slow);
            self.stalled += plan.stalling as u64;
        }
        Ok(())
    }

    fn sample(&mut self, second: u64) -> Result<()> {
        let megabytes = self.megabytes()?;
        self.memory.push((second as f64, megabytes));
        self.open.push((second as f64, self.load.counts().open as f64));
        Ok(())
    }

    fn megabytes(&self) -> Result<f64> {
        Ok(self.service.process().memory()? as f64 / 1e6)
    }

    fn stats(&mut self) -> Result<Value> {
        Ok(serde_json::from_slice(self.jobs.send("GET", "/_stats", "", "")?)?)
    }

    /// Waits until only slow readers are left, and says how many of them.
    fn wait_for_readers(&mut self) -> Result<u64> {
        let slow = self.stalled;
        self.wait_until("the readers to be gone", |stats| stats["connections"]["active"].as_u64() <= Some(slow))?;
        self.stats()?["connections"]["active"].as_u64().context("an answer without connections.active")
    }

    /// Stops the long script, and waits until every job is forgotten and no stream is open.
    fn wait_until_nothing_is_left(&mut self) -> Result<()> {
        let job = self.long.trim_end_matches("/events").to_owned();
        self.jobs.send("DELETE", &job, "", "")?;
        self.wait_until("jobs and streams to be gone", |stats| {
            stats["jobs"]["total"] == 0 && stats["connections"]["active"] == 0
        })
    }

    fn wait_until(&mut self, what: &str, done: impl Fn(&Value) -> bool) -> Result<()> {
        let deadline = Instant::now() + STEP_TIMEOUT;
        loop {
            let stats = self.stats()?;
            if done(&stats) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "timed out after {STEP_TIMEOUT:?} waiting for {what}: {stats}");
            self.load.run_until(Instant::now() + Duration::from_millis(500))?;
        }
    }

    fn row(self, plan: &Plan, before: f64, after: f64, slow_left: u64) -> Row {
        let peak = self.memory.iter().map(|(_, megabytes)| *megabytes).fold(0.0, f64::max);
        let minute = |from: f64| {
            let within = self.memory.iter().filter(|(second, _)| (from..from + 60.0).contains(second));
            within.map(|(_, megabytes)| *megabytes).fold(0.0, f64::max)
        };
        let end = plan.length.as_secs_f64();
        let growth = minute(end - 60.0) / minute((end / 10.0).min(60.0));
        let columns = columns([
            ("memory before", "MB", false),
            ("highest", "MB", false),
            ("after", "MB", false),
            ("jobs", "", false),
            ("streams", "", false),
            ("slow readers cut off", "", false),
        ]);
        let values = [
            before,
            peak,
            after,
            self.created as f64,
            self.load.counts().opened as f64,
            self.stalled.saturating_sub(slow_left) as f64,
        ];
        let method = format!(
            "Every second for {:?}: {} new jobs of 400 words, {} new readers of running jobs, and {} readers who \
             leave halfway. Beside them, a script of 50 KB sends a full preview every second, and every minute {} of \
             its readers stop reading (`write_timeout = \"10s\"`). Finished jobs are kept for {RETENTION:?}. At the \
             end all readers leave, and memory is read again once every job has been forgotten.",
            plan.length, plan.jobs, plan.readers, plan.leaving, plan.stalling
        );
        let goal = |what: &str, value, bound| Goal {
            what: format!("Soak: {what}"),
            value,
            bound,
            direction: Direction::AtMost,
            unit: "×".into(),
        };
        Row {
            name: "soak".into(),
            title: "Soak".into(),
            method,
            columns,
            lines: vec![Line::whole(SERVICE, values)],
            goals: vec![
                goal("memory, last minute ÷ second minute", growth, 1.1),
                goal("memory afterwards ÷ highest", after / peak, 0.5),
            ],
            series: vec![
                series("Soak: memory", "memory, MB", self.memory),
                series("Soak: open streams", "open streams", self.open),
            ],
        }
    }
}

fn series(chart: &str, y: &str, points: Vec<(f64, f64)>) -> Series {
    Series { chart: chart.into(), label: SERVICE.into(), x: "time, s".into(), y: y.into(), points }
}
