//! What a run of the benchmarks has found, as it is kept in `results.json`.

use serde::{Deserialize, Serialize};

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// When it began, RFC 3339.
    pub date: String,
    /// The revision that was measured.
    pub revision: String,
    /// Where.
    pub machine: Machine,
    /// Whether all of it was measured, or a small version that only shows that the harness works.
    pub scale: Scale,
    /// In the order they were measured.
    pub rows: Vec<Row>,
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Thousands of readers; the figures count.
    Full,
    /// A few readers; the figures mean nothing.
    Smoke,
}

/// The machine of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// As the processor names itself.
    pub processor: String,
    /// Cores that the run could use.
    pub cores: usize,
    /// In bytes.
    pub memory: u64,
    /// The operating system and its version.
    pub system: String,
}

/// One question, with the answer of each contender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Names it on the command line and in file names: lower case, digits and `-`.
    pub name: String,
    /// A heading.
    pub title: String,
    /// What was done and what the columns mean, a paragraph of Markdown.
    pub method: String,
    /// What was measured.
    pub columns: Vec<Column>,
    /// Who it was measured of, in the order they ran; the service itself is first.
    pub lines: Vec<Line>,
    /// What the service had to reach.
    pub goals: Vec<Goal>,
    /// How something went over time or size; empty in most rows.
    pub series: Vec<Series>,
}

/// A figure's meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// As it stands in the table's head, without the unit.
    pub name: String,
    /// `µs`, `KB`, `ms`, `/s`, `×` and the like.
    pub unit: String,
    /// Whether the figures are worth a chart of their own.
    pub charted: bool,
}

/// One contender's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its name.
    pub contender: String,
    /// One a column; `None` where it could not be measured, which the note explains.
    pub values: Vec<Option<f64>>,
    /// Anything the reader must know to judge them.
    pub note: Option<String>,
}

/// A bound that the service's design sets itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// In words, such as `CPU per event ÷ bare loop`.
    pub what: String,
    /// What came out.
    pub value: f64,
    /// What it is held against.
    pub bound: f64,
    /// Which side of the bound is good.
    pub direction: Direction,
    /// Of both.
    pub unit: String,
}

/// Which side of a bound is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The bound or less.
    AtMost,
    /// The bound or more.
    AtLeast,
}

/// A curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Curves with the same chart are drawn into one; it is its heading.
    pub chart: String,
    /// In the legend.
    pub label: String,
    /// With its unit.
    pub x: String,
    /// With its unit.
    pub y: String,
    /// By ascending x.
    pub points: Vec<(f64, f64)>,
}

impl Line {
    /// The line of a contender of whom everything was measured.
    pub fn whole(contender: &str, values: impl IntoIterator<Item = f64>) -> Self {
        Self { contender: contender.into(), values: values.into_iter().map(Some).collect(), note: None }
    }
}

impl Row {
    /// A contender's figure in the column of that name.
    pub fn value(&self, contender: &str, column: &str) -> Option<f64> {
        let column = self.columns.iter().position(|known| known.name == column)?;
        self.lines.iter().find(|line| line.contender == contender)?.values.get(column).copied().flatten()
    }
}

impl Goal {
    /// Whether it was reached.
    pub fn is_met(&self) -> bool {
        match self.direction {
            Direction::AtMost => self.value <= self.bound,
            Direction::AtLeast => self.value >= self.bound,
        }
    }
}
