//! What an open stream that says nothing costs, and what it costs to open one.

use anyhow::Result;

use super::{NCHAN, SERVICE, STEP_TIMEOUT, by, columns, contenders, lines, micros, ratio};
use crate::{
    contenders::{Contender, Previews, Settings},
    load::Load,
    results::{Direction, Goal, Row, Scale},
};

pub(super) fn measure(scale: Scale) -> Result<Row> {
    let readers = by(scale, 5000, 50);
    let columns = columns([
        ("memory per stream", "KB", true),
        ("CPU to open", "µs", true),
        ("opened, p50", "ms", false),
        ("opened, p99", "ms", false),
    ]);
    let lines = lines(scale, contenders(Previews::Full, &Settings::default()), columns.len(), |contender| {
        run(contender, readers)
    })?;
    let method = format!(
        "{readers} readers of one channel that has sent one event of 400 B and sends no more. A hundred others \
         connected and left before. Memory is the growth per open stream (proportional set size; no server's figure \
         includes the kernel's socket buffers). CPU to open is the CPU time until every reader has its first event. \
         The opening times are those of a thousand readers that connect at once, repeatedly."
    );
    let mut row = Row {
        name: "streams".into(),
        title: "Open streams".into(),
        method,
        columns,
        lines,
        goals: vec![],
        series: vec![],
    };
    row.goals.extend(ratio(&row, NCHAN, "memory per stream", 1.0));
    if let Some(value) = row.value(SERVICE, "memory per stream") {
        let what = "Open streams: memory per stream".into();
        row.goals.push(Goal { what, value, bound: 7.0, direction: Direction::AtMost, unit: "KB".into() });
    }
    Ok(row)
}

fn run(contender: &mut dyn Contender, readers: usize) -> Result<Vec<Option<f64>>> {
    let paths = contender.open(1, 400)?;
    let mut load = Load::on(contender.address())?;
    load.open(&paths, 100, STEP_TIMEOUT)?;
    load.close_all();
    load.watch().openings = Default::default();
    let (memory, cpu) = (contender.process().memory()?, contender.process().cpu()?);
    load.open(&paths, readers, STEP_TIMEOUT)?;
    let cpu = contender.process().cpu()? - cpu;
    let memory = contender.process().memory()?.saturating_sub(memory);
    let openings = &load.watch().openings;
    Ok(vec![
        Some(memory as f64 / 1e3 / readers as f64),
        Some(micros(cpu) / readers as f64),
        openings.percentile(50.0),
        openings.percentile(99.0),
    ])
}
