//! The questions that are asked, one file each.

mod creation;
mod fan_out;
mod first_token;
mod growth;
mod late_join;
mod latency;
mod many_jobs;
mod soak;
mod storm;
mod streams;

use std::time::Duration;

use anyhow::{Context, Result};

use crate::{
    contenders::{Contender, HttpPeer, Previews, Service, Settings},
    results::{Column, Direction, Goal, Line, Row, Scale},
};

/// A row's name and how it is measured.
pub type Measure = fn(Scale) -> Result<Row>;

/// Every row by its name, in the order they are measured.
pub const ALL: [(&str, Measure); 13] = [
    ("fan-out-small", fan_out::small),
    ("fan-out-large", fan_out::large),
    ("fan-out-delta", fan_out::delta),
    ("many-jobs", many_jobs::beside_peers),
    ("rhythm", many_jobs::rhythm),
    ("streams", streams::measure),
    ("late-join", late_join::measure),
    ("storm", storm::measure),
    ("latency", latency::measure),
    ("creation", creation::measure),
    ("first-token", first_token::measure),
    ("growth", growth::measure),
    ("soak", soak::measure),
];

/// The names of the contenders that goals speak of.
const SERVICE: &str = "this service";
const BARE: &str = "bare loop";
const NCHAN: &str = "nchan";

/// Timeout of one step of a row: long enough for the slowest contender on a slow machine.
const STEP_TIMEOUT: Duration = Duration::from_secs(180);

/// How a contender is started.
type Start = Box<dyn Fn() -> Result<Box<dyn Contender>>>;

/// The service, then all its peers.
fn contenders(previews: Previews, settings: &Settings) -> Vec<Start> {
    let settings = settings.clone();
    vec![
        Box::new(move || Ok(Box::new(Service::start(previews, &settings)))),
        Box::new(|| Ok(Box::new(HttpPeer::bare()?))),
        Box::new(|| Ok(Box::new(HttpPeer::axum()?))),
        Box::new(|| Ok(Box::new(HttpPeer::nchan()?))),
        Box::new(|| Ok(Box::new(HttpPeer::polling()?))),
    ]
}

/// Measures each contender after the other. Under full load a peer may fail, which becomes its note; the service may not, and
/// nobody may with a few readers.
fn lines(
    scale: Scale,
    contenders: Vec<Start>,
    columns: usize,
    measure: impl Fn(&mut dyn Contender) -> Result<Vec<Option<f64>>>,
) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for start in contenders {
        let mut contender = start()?;
        let name = contender.name().to_owned();
        log::info!("  {name}");
        let (values, note) = match measure(contender.as_mut()) {
            Ok(values) => (values, None),
            Err(error) if name == SERVICE || scale == Scale::Smoke => return Err(error).context(name),
            Err(error) => {
                log::warn!("  {name}: {error:#}");
                (vec![None; columns], Some(format!("{error:#}").chars().take(160).collect()))
            }
        };
        lines.push(Line { contender: name, values, note });
    }
    Ok(lines)
}

/// A table's columns from `(name, unit, charted)`.
fn columns<const N: usize>(columns: [(&str, &str, bool); N]) -> Vec<Column> {
    columns.map(|(name, unit, charted)| Column { name: name.into(), unit: unit.into(), charted }).into()
}

/// A time in µs.
fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// `full` at full scale, `smoke` otherwise.
fn by<T>(scale: Scale, full: T, smoke: T) -> T {
    if scale == Scale::Full { full } else { smoke }
}

/// Holds the service's figure in a column against `factor` times another contender's.
fn ratio(row: &Row, contender: &str, column: &str, factor: f64) -> Option<Goal> {
    let (ours, theirs) = (row.value(SERVICE, column)?, row.value(contender, column)?);
    // With a few readers there may be nothing to compare.
    (theirs > 0.0).then(|| Goal {
        what: format!("{}: {column} ÷ {contender}", row.title),
        value: ours / theirs,
        bound: factor,
        direction: Direction::AtMost,
        unit: "×".into(),
    })
}

/// Holds the service's figure in a column against a bound of the design.
fn bound(row: &Row, column: &str, bound: f64, direction: Direction) -> Option<Goal> {
    let unit = row.columns.iter().find(|known| known.name == column)?.unit.clone();
    let value = row.value(SERVICE, column)?;
    Some(Goal { what: format!("{}: {column}", row.title), value, bound, direction, unit })
}
