//! All readers lose their connections and come back at once.

use std::time::Instant;

use anyhow::Result;

use super::{BARE, STEP_TIMEOUT, by, columns, contenders, lines, micros, ratio};
use crate::{
    contenders::{Contender, Previews, Settings},
    load::{Load, Marks},
    results::{Row, Scale},
};

pub(super) fn measure(scale: Scale) -> Result<Row> {
    let readers = by(scale, 10_000, 100);
    let columns = columns([
        ("all caught up", "ms", true),
        ("CPU per reader", "µs", true),
        ("caught up, p50", "ms", false),
        ("caught up, p99", "ms", false),
    ]);
    let lines = lines(scale, contenders(Previews::Full, &Settings::default()), columns.len(), |contender| {
        run(contender, readers)
    })?;
    let method = format!(
        "{readers} readers of one job lose their connections, one event of 400 B is published, and all of them \
         reconnect as fast as the kernel accepts them, each with its `Last-Event-ID`. The clock stops when the last \
         reader has the event that it missed."
    );
    let mut row = Row {
        name: "storm".into(),
        title: "Reconnect storm".into(),
        method,
        columns,
        lines,
        goals: vec![],
        series: vec![],
    };
    row.goals.extend(ratio(&row, BARE, "all caught up", 2.0));
    Ok(row)
}

fn run(contender: &mut dyn Contender, readers: usize) -> Result<Vec<Option<f64>>> {
    let paths = contender.open(1, 400)?;
    let mut load = Load::on(contender.address())?;
    load.open(&paths, readers, STEP_TIMEOUT)?;
    let last_id = load.counts().last_id.clone();
    load.close_all();
    // Those who reconnect shall find the event there: when it comes is another row's question.
    let mut observer = Load::on(contender.address())?;
    observer.open(&paths, 1, STEP_TIMEOUT)?;
    let shown = observer.counts().previews;
    contender.publish(Marks::default().publish())?;
    observer.wait("the event to be shown", STEP_TIMEOUT, |counts| counts.previews > shown)?;
    load.watch().openings = Default::default();
    let (before, cpu, began) = (load.counts().previews, contender.process().cpu()?, Instant::now());
    for _ in 0..readers {
        load.add(&paths[0], last_id.as_deref());
    }
    let wanted = before + readers as u64;
    load.wait("everybody to catch up", STEP_TIMEOUT, |counts| counts.previews >= wanted)?;
    let wall = began.elapsed();
    let openings = &load.watch().openings;
    let (p50, p99) = (openings.percentile(50.0), openings.percentile(99.0));
    let cpu = contender.process().cpu()? - cpu;
    Ok(vec![Some(wall.as_secs_f64() * 1e3), Some(micros(cpu) / readers as f64), p50, p99])
}
