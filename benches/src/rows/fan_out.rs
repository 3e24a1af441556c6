//! One job, thousands of readers.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};

use super::{BARE, NCHAN, STEP_TIMEOUT, by, columns, contenders, lines, micros, ratio};
use crate::{
    contenders::{Contender, Previews, Settings},
    load::{Load, Marks},
    results::{Row, Scale},
};

/// What is shown to how many, and how often.
pub(super) struct Show {
    pub(super) channels: usize,
    pub(super) readers: usize,
    /// Bytes of an event.
    pub(super) size: usize,
    pub(super) events: usize,
    pub(super) every: Duration,
}

pub(super) fn small(scale: Scale) -> Result<Row> {
    measure(scale, "fan-out-small", "Fan-out, events of 400 B", Previews::Full, &small_events(scale))
}

pub(super) fn delta(scale: Scale) -> Result<Row> {
    measure(scale, "fan-out-delta", "Fan-out, delta mode", Previews::Delta, &small_events(scale))
}

fn small_events(scale: Scale) -> Show {
    Show {
        channels: 1,
        readers: by(scale, 5000, 50),
        size: 400,
        events: by(scale, 30, 3),
        every: Duration::from_millis(600),
    }
}

pub(super) fn large(scale: Scale) -> Result<Row> {
    let show = Show {
        channels: 1,
        readers: by(scale, 5000, 50),
        size: 50_000,
        events: by(scale, 8, 2),
        every: by(scale, Duration::from_secs(3), Duration::from_millis(600)),
    };
    measure(scale, "fan-out-large", "Fan-out, full previews of 50 KB", Previews::Full, &show)
}

fn measure(scale: Scale, name: &str, title: &str, previews: Previews, show: &Show) -> Result<Row> {
    let all = contenders(previews, &Settings::default());
    let columns = columns([
        ("CPU per event", "µs", true),
        ("bytes per event", "B", false),
        ("memory per stream", "KB", show.size > 10_000),
        ("delivered", "%", false),
    ]);
    let lines = lines(scale, all, columns.len(), |contender| {
        let before = contender.process().memory()?;
        let shown = run(contender, show)?;
        Ok(vec![
            Some(micros(shown.cpu) / shown.delivered as f64),
            Some(shown.bytes as f64 / shown.delivered as f64),
            Some((shown.memory.saturating_sub(before)) as f64 / 1e3 / show.readers as f64),
            Some(100.0 * shown.delivered as f64 / (show.events * show.readers) as f64),
        ])
    })?;
    let method = format!(
        "{} readers of one job; {} events, one every {:?}. CPU is the CPU time of all the server's processes from the \
         first of these events to the last, divided by the events that readers received. Memory is the growth since \
         the server started, read after the last event.",
        show.readers, show.events, show.every
    );
    let mut row = Row { name: name.into(), title: title.into(), method, columns, lines, goals: vec![], series: vec![] };
    row.goals = [ratio(&row, BARE, "CPU per event", 1.5), ratio(&row, NCHAN, "CPU per event", 1.0)]
        .into_iter()
        .flatten()
        .collect();
    Ok(row)
}

/// What came of a [`Show`].
pub(super) struct Shown {
    pub(super) cpu: Duration,
    pub(super) delivered: u64,
    pub(super) bytes: u64,
    pub(super) memory: u64,
}

/// Opens the channels and the readers, publishes and receives.
pub(super) fn run(contender: &mut dyn Contender, show: &Show) -> Result<Shown> {
    let paths = contender.open(show.channels, show.size)?;
    let mut load = Load::on(contender.address())?;
    load.open(&paths, show.readers, STEP_TIMEOUT)?;
    let (before, cpu) = (load.counts().clone(), contender.process().cpu()?);
    let marks = load.watch().marks.clone();
    publishing(contender, &marks, show.events, show.every, |_| {
        let wanted = before.previews + (show.events * show.readers) as u64;
        let patience = show.every * show.events as u32 + Duration::from_secs(10);
        // A server that skips or drops events is shown by its share of delivered ones.
        let _incomplete = load.wait("all events", patience, |counts| counts.previews >= wanted);
    })?;
    let delivered = load.counts().previews - before.previews;
    ensure!(delivered > 0, "no reader has received anything");
    Ok(Shown {
        cpu: contender.process().cpu()? - cpu,
        delivered,
        bytes: load.counts().bytes - before.bytes,
        memory: contender.process().memory()?,
    })
}

/// Publishes beside `receive`, which runs on this thread and is told when the first event is published.
pub(super) fn publishing<T>(
    contender: &mut dyn Contender,
    marks: &Marks,
    events: usize,
    every: Duration,
    receive: impl FnOnce(Instant) -> T,
) -> Result<T> {
    thread::scope(|scope| {
        let begin = Instant::now();
        let publisher = scope.spawn(move || -> Result<()> {
            for event in 0..events {
                let due = begin + every * event as u32;
                thread::sleep(due.saturating_duration_since(Instant::now()));
                contender.publish(marks.publish()).context("publishing")?;
            }
            Ok(())
        });
        let received = receive(begin);
        publisher.join().map_err(|_| anyhow!("the publisher panicked"))??;
        Ok(received)
    })
}
