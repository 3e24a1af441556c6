//! Readers who come when there is much to catch up with.

use std::time::Instant;

use anyhow::Result;

use super::{STEP_TIMEOUT, by, columns, contenders, lines, micros};
use crate::{
    contenders::{Contender, Previews, Settings},
    load::Load,
    results::{Line, Row, Scale},
};

/// Bytes of the script so far.
const HISTORY: usize = 50_000;

pub(super) fn measure(scale: Scale) -> Result<Row> {
    let readers = by(scale, 2000, 30);
    let columns = columns([
        ("CPU per reader", "µs", true),
        ("all caught up", "ms", false),
        ("caught up, p50", "ms", false),
        ("bytes per reader", "KB", false),
    ]);
    let mut lines = lines(scale, contenders(Previews::Full, &Settings::default()), columns.len(), |contender| {
        run(contender, readers)
    })?;
    let mut service = contenders(Previews::Delta, &Settings::default()).remove(0)()?;
    let delta = Line { contender: "this service, delta".into(), values: run(service.as_mut(), readers)?, note: None };
    lines.insert(1, delta);
    let method = format!(
        "{readers} readers connect at once to a job whose script already has 50 KB. A peer sends its newest event, \
         which has the same size."
    );
    Ok(Row {
        name: "late-join".into(),
        title: "Late join".into(),
        method,
        columns,
        lines,
        goals: vec![],
        series: vec![],
    })
}

fn run(contender: &mut dyn Contender, readers: usize) -> Result<Vec<Option<f64>>> {
    let paths = contender.open(1, HISTORY)?;
    let mut load = Load::on(contender.address())?;
    let (cpu, began) = (contender.process().cpu()?, Instant::now());
    for _ in 0..readers {
        load.add(&paths[0], None);
    }
    load.wait("the script so far", STEP_TIMEOUT, |counts| counts.previews >= readers as u64)?;
    let wall = began.elapsed();
    let cpu = contender.process().cpu()? - cpu;
    let bytes = load.counts().bytes;
    // A first event may be a progress event; the preview follows in the same write.
    let openings = &load.watch().openings;
    Ok(vec![
        Some(micros(cpu) / readers as f64),
        Some(wall.as_secs_f64() * 1e3),
        openings.percentile(50.0),
        Some(bytes as f64 / 1e3 / readers as f64),
    ])
}
