//! What scripts cost that are ten times as long.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{STEP_TIMEOUT, by, columns, micros};
use crate::{
    contenders::{Contender, Previews, Service, Settings, text},
    load::Load,
    results::{Direction, Goal, Line, Row, Scale},
};

/// Previews from the first word to the last.
const PREVIEWS: usize = 40;
const EVERY: Duration = Duration::from_millis(100);

pub(super) fn measure(scale: Scale) -> Result<Row> {
    let readers = by(scale, 500, 10);
    let (short, long) = by(scale, (30_000, 300_000), (3_000, 30_000));
    let columns = columns([
        ("CPU per event", "µs", true),
        ("sent per reader", "KB", true),
        ("sent ÷ script", "×", false),
        ("memory per stream", "KB", true),
    ]);
    let mut lines = Vec::new();
    for (mode, previews) in [("full", Previews::Full), ("delta", Previews::Delta)] {
        for length in [short, long] {
            let name = format!("{mode}, {} KB", length / 1000);
            log::info!("  {name}");
            let values = grow(previews, length, readers)?;
            lines.push(Line::whole(&name, values));
        }
    }
    let method = format!(
        "A script grows from nothing to 30 KB or to 300 KB in {PREVIEWS} previews, one every {EVERY:?}, with \
         {readers} readers. Full previews send the script so far each time; deltas send each byte once. Memory is the \
         growth per stream from before the readers connect until after the last preview. The service holds the script \
         once, not once per reader."
    );
    let sent = |line: &Line| line.values[2].unwrap_or_default();
    let goals = vec![
        Goal {
            what: "Longer scripts: bytes sent ÷ script's, delta mode".into(),
            value: sent(&lines[3]),
            bound: 1.5,
            direction: Direction::AtMost,
            unit: "×".into(),
        },
        Goal {
            what: "Longer scripts: memory per stream, 300 KB ÷ 30 KB, full mode".into(),
            value: lines[1].values[3].unwrap_or_default() / lines[0].values[3].unwrap_or_default(),
            bound: 1.5,
            direction: Direction::AtMost,
            unit: "×".into(),
        },
    ];
    Ok(Row { name: "growth".into(), title: "Longer scripts".into(), method, columns, lines, goals, series: vec![] })
}

fn grow(previews: Previews, length: usize, readers: usize) -> Result<Vec<f64>> {
    let mut service = Service::start(previews, &Settings::default().with("SSE__PREVIEW_INTERVAL", "100ms"));
    let paths = service.open(1, 240)?;
    let mut load = Load::on(service.address())?;
    load.open(&paths, 20, STEP_TIMEOUT)?;
    load.close_all();
    let memory = service.process().memory()?;
    load.open(&paths, readers, STEP_TIMEOUT)?;
    let (before, cpu) = (load.counts().clone(), service.process().cpu()?);
    for preview in 1..=PREVIEWS {
        service.upstream().write(&text(length / PREVIEWS))?;
        let wanted = before.previews + (preview * readers) as u64;
        load.wait("the next preview", STEP_TIMEOUT, |counts| counts.previews >= wanted)
            .context(format!("preview {preview}"))?;
    }
    let cpu = service.process().cpu()? - cpu;
    let memory = service.process().memory()?.saturating_sub(memory);
    let events = (load.counts().previews - before.previews) as f64;
    let sent = (load.counts().bytes - before.bytes) as f64 / readers as f64;
    ensure!(load.counts().ended == 0, "{} streams have ended", load.counts().ended);
    Ok(vec![micros(cpu) / events, sent / 1e3, sent / length as f64, memory as f64 / 1e3 / readers as f64])
}
