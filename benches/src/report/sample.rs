//! Made-up results that hold one of everything a report must show.

use crate::results::{Column, Direction, Goal, Line, Machine, Results, Row, Scale, Series};

/// A row with a contender that could not be measured, one goal reached and one missed; a row with series only.
pub(super) fn results() -> Results {
    Results {
        date: "2026-01-02T03:04:05Z".to_owned(),
        revision: "0123abc".to_owned(),
        machine: Machine {
            processor: "Some Processor".to_owned(),
            cores: 2,
            memory: 8 << 30,
            system: "Linux 6.1".to_owned(),
        },
        scale: Scale::Full,
        rows: vec![fan_out(), scripts()],
    }
}

fn fan_out() -> Row {
    Row {
        name: "fan-out".to_owned(),
        title: "One job to 5,000 readers <400 B>".to_owned(),
        method: "All readers follow one job.".to_owned(),
        columns: vec![column("CPU per event", "µs", true), column("Lost", "", false)],
        lines: vec![
            line("generation-service", [Some(7.804), Some(0.0)], None),
            line("bare | loop", [Some(5.2), Some(0.0)], None),
            line("nchan", [None, None], Some("nginx is not installed")),
            line("FastAPI", [Some(412.6), Some(13.0)], None),
        ],
        goals: vec![
            goal("CPU per event ÷ bare loop", 1.5008, 1.5, Direction::AtMost, "×"),
            goal("delivered", 99.2, 99.0, Direction::AtLeast, "%"),
        ],
        series: Vec::new(),
    }
}

fn scripts() -> Row {
    let memory = |label: &str, step: f64| Series {
        chart: "memory over a script".to_owned(),
        label: label.to_owned(),
        x: "script (KB)".to_owned(),
        y: "memory per reader (KB)".to_owned(),
        points: (0..10).map(f64::from).map(|index| (5.0 + 5.0 * index, 9.0 + step * index)).collect(),
    };
    Row {
        name: "long-scripts".to_owned(),
        title: "Longer scripts".to_owned(),
        method: "One job writes on and on.".to_owned(),
        columns: Vec::new(),
        lines: Vec::new(),
        goals: Vec::new(),
        series: vec![memory("full previews", 0.4), memory("delta", 0.0)],
    }
}

fn column(name: &str, unit: &str, charted: bool) -> Column {
    Column { name: name.to_owned(), unit: unit.to_owned(), charted }
}

fn line(contender: &str, values: [Option<f64>; 2], note: Option<&str>) -> Line {
    Line { contender: contender.to_owned(), values: values.to_vec(), note: note.map(str::to_owned) }
}

fn goal(what: &str, value: f64, bound: f64, direction: Direction, unit: &str) -> Goal {
    Goal { what: what.to_owned(), value, bound, direction, unit: unit.to_owned() }
}
