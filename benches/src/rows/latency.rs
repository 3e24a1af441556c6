//! How long an event takes from the model to its readers.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{STEP_TIMEOUT, bound, by, columns, contenders, fan_out::publishing, lines, micros};
use crate::{
    contenders::{Contender, Previews, Settings},
    load::{Load, Samples},
    results::{Direction, Row, Scale},
};

/// A little longer than the preview interval: at the very same pace every hiccup of the model would add to the wait for
/// the interval's end, of all later events too.
const EVERY: Duration = Duration::from_micros(20_400);
/// From an event until it is read: in real life readers do not take the server's cores from it while it delivers.
const PAUSE: Duration = Duration::from_millis(9);
/// For the events that are still under way after the last one was published.
const LAST: Duration = Duration::from_secs(3);

pub(super) fn measure(scale: Scale) -> Result<Row> {
    let (readers, events) = by(scale, (1000, 500), (20, 20));
    let all = contenders(Previews::Delta, &Settings::default().with("SSE__PREVIEW_INTERVAL", "20ms"));
    let columns = columns([
        ("p50", "ms", true),
        ("p99", "ms", true),
        ("CPU per event", "µs", false),
        ("delivered", "%", false),
        ("measured", "%", false),
    ]);
    let lines = lines(scale, all, columns.len(), |contender| run(contender, readers, events))?;
    let method = format!(
        "{readers} readers of one job, {events} events of 400 B, one every {EVERY:?} (`preview_interval = \"20ms\"`). \
         Latency runs from the moment before the model's server writes a piece of text (for a peer: before the event \
         is posted) until the kernel has the event for the reader, by the kernel's timestamps. Readers start reading \
         {PAUSE:?} after an event was published, so that they do not take the server's cores while it delivers."
    );
    let mut row = Row {
        name: "latency".into(),
        title: "Delivery latency".into(),
        method,
        columns,
        lines,
        goals: vec![],
        series: vec![],
    };
    row.goals = [bound(&row, "p50", 4.0, Direction::AtMost), bound(&row, "p99", 5.5, Direction::AtMost)]
        .into_iter()
        .flatten()
        .collect();
    Ok(row)
}

fn run(contender: &mut dyn Contender, readers: usize, events: usize) -> Result<Vec<Option<f64>>> {
    let paths = contender.open(1, 400)?;
    let mut load = Load::on(contender.address())?.stamped();
    load.open(&paths, readers, STEP_TIMEOUT)?;
    // An interval after the first preview nothing is held back any more.
    load.run_until(Instant::now() + EVERY * 5)?;
    let (before, cpu) = (load.counts().previews, contender.process().cpu()?);
    load.watch().latencies = Some(Samples::default());
    let marks = load.watch().marks.clone();
    publishing(contender, &marks, events, EVERY, |begin| -> Result<()> {
        for event in 0..events as u32 {
            thread::sleep((begin + EVERY * event + PAUSE).saturating_duration_since(Instant::now()));
            load.run_until(begin + EVERY * (event + 1))?;
        }
        // A server that skips or drops events is shown by its share of delivered ones.
        let wanted = before + (events * readers) as u64;
        let _incomplete = load.wait("the last events", LAST, |counts| counts.previews >= wanted);
        Ok(())
    })??;
    let delivered = load.counts().previews - before;
    let cpu = contender.process().cpu()? - cpu;
    let latencies = load.watch().latencies.take().unwrap_or_default();
    ensure!(!latencies.is_empty(), "no reader has received anything");
    Ok(vec![
        latencies.percentile(50.0),
        latencies.percentile(99.0),
        Some(micros(cpu) / delivered as f64),
        Some(100.0 * delivered as f64 / (events * readers) as f64),
        Some(100.0 * latencies.len() as f64 / (events * readers) as f64),
    ])
}
