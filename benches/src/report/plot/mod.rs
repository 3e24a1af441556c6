//! The results as pictures.

use std::collections::HashSet;

use anyhow::{Result, ensure};

use super::figure::head;
use crate::results::{Results, Row};

mod bars;
mod curves;
mod style;

/// A picture of some of a row's figures.
#[derive(Debug, Clone, Copy)]
pub enum Chart<'a> {
    /// A bar for each contender.
    Bars {
        /// Whose figures.
        row: &'a Row,
        /// The index of the column.
        column: usize,
    },
    /// The series of one heading.
    Curves {
        /// Whose series.
        row: &'a Row,
        /// Which of them.
        heading: &'a str,
    },
}

/// The file name and the SVG of every chart of a run.
///
/// # Errors
/// Two charts would have the same file name.
pub fn plots(results: &Results) -> Result<Vec<(String, String)>> {
    let mut names = HashSet::new();
    let mut plots = Vec::new();
    for chart in results.rows.iter().flat_map(charts) {
        let name = chart.file();
        ensure!(names.insert(name.clone()), "two charts would be {name}");
        plots.push((name, chart.svg()?));
    }
    Ok(plots)
}

/// The charts of a row: its charted columns, then its series by heading.
pub fn charts(row: &Row) -> Vec<Chart<'_>> {
    let columns = row.columns.iter().enumerate().filter(|(_, column)| column.charted);
    let mut charts: Vec<_> = columns.map(|(column, _)| Chart::Bars { row, column }).collect();
    let mut headings = HashSet::new();
    let series = row.series.iter().map(|series| series.chart.as_str()).filter(|heading| headings.insert(*heading));
    charts.extend(series.map(|heading| Chart::Curves { row, heading }));
    charts
}

impl Chart<'_> {
    /// The name of its file.
    pub fn file(&self) -> String {
        match self {
            Self::Bars { row, column } => format!("{}-{}.svg", row.name, slug(&row.columns[*column].name)),
            Self::Curves { row, heading } => format!("{}-{}.svg", row.name, slug(heading)),
        }
    }

    /// What it shows, in words.
    pub fn title(&self) -> String {
        match self {
            Self::Bars { row, column } => format!("{}: {}", row.title, head(&row.columns[*column])),
            Self::Curves { row, heading } => format!("{}: {heading}", row.title),
        }
    }

    fn svg(&self) -> Result<String> {
        match *self {
            Self::Bars { row, column } => bars::svg(row, column),
            Self::Curves { row, heading } => curves::svg(row, heading),
        }
    }
}

/// A text's letters and digits in lower case, with `-` between.
fn slug(text: &str) -> String {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use roxmltree::{Document, Node};

    use super::{super::sample, *};

    fn plot(name: &str) -> String {
        let plots = plots(&sample::results()).unwrap();
        plots.into_iter().find(|(known, _)| known == name).unwrap().1
    }

    fn texts<'a>(document: &'a Document<'_>) -> Vec<&'a str> {
        let texts = document.descendants().filter(|node| node.has_tag_name("text"));
        texts.filter_map(|node| node.text()).map(str::trim).collect()
    }

    fn number(node: Node<'_, '_>, attribute: &str) -> f64 {
        node.attribute(attribute).unwrap().parse().unwrap()
    }

    #[test]
    fn bars_are_labelled_with_contender_and_figure() {
        let svg = plot("fan-out-cpu-per-event.svg");
        let document = Document::parse(&svg).unwrap();

        let texts = texts(&document);

        assert_eq!(texts[..2], ["One job to 5,000 readers <400 B>", "CPU per event (µs)"]);
        let bars = ["generation-service", "7.80", "bare | loop", "5.20", "nchan", "not measured", "FastAPI", "413"];
        assert_eq!(texts[2..], bars);
    }

    #[test]
    fn a_bar_far_longer_leaves_the_others_visible_and_everything_inside() {
        let mut results = sample::results();
        results.rows[0].lines[3].values[0] = Some(1e6);
        let svg = plots(&results).unwrap().remove(0).1;
        let document = Document::parse(&svg).unwrap();

        let bars: Vec<_> = document.descendants().filter(|node| node.has_tag_name("rect")).skip(1).collect();

        let lengths: Vec<_> = bars.iter().map(|bar| number(*bar, "width")).collect();
        assert_eq!(lengths[..3], [2.0, 2.0, 0.0]);
        assert!(lengths[3] > 400.0 && number(bars[3], "x") + lengths[3] < 700.0, "{svg}");
    }

    #[test]
    fn only_the_bar_of_the_service_stands_out() {
        let svg = plot("fan-out-cpu-per-event.svg");
        let document = Document::parse(&svg).unwrap();

        let bars = document.descendants().filter(|node| node.has_tag_name("rect")).skip(1);

        let colours: Vec<_> = bars.filter_map(|bar| bar.attribute("fill")).collect();
        assert!(colours[1..].iter().all(|colour| *colour == colours[1] && *colour != colours[0]), "{colours:?}");
    }

    #[test]
    fn series_of_a_heading_share_a_chart_with_legend_and_units() {
        let svg = plot("long-scripts-memory-over-a-script.svg");
        let document = Document::parse(&svg).unwrap();

        let texts = texts(&document);
        for text in ["full previews", "delta", "script (KB)", "memory per reader (KB)"] {
            assert!(texts.contains(&text), "{text} in {texts:?}");
        }
        let dots = document.descendants().filter(|node| node.has_tag_name("circle"));
        assert_eq!(dots.count(), 20);
    }

    #[test]
    fn a_long_legend_takes_more_lines_and_stays_inside() {
        let mut results = sample::results();
        let series = results.rows[1].series.clone();
        results.rows[1].series.extend((0..4).flat_map(|_| series.clone()));
        results.rows[1].series.iter_mut().for_each(|series| series.label = "a rather long label".to_owned());
        let svg = plots(&results).unwrap().remove(1).1;
        let document = Document::parse(&svg).unwrap();

        let is_label = |node: &Node<'_, '_>| node.text().is_some_and(|text| text.trim() == "a rather long label");
        let labels: Vec<_> = document.descendants().filter(|node| node.has_tag_name("text")).filter(is_label).collect();

        let lines: HashSet<_> = labels.iter().filter_map(|label| label.attribute("y")).collect();
        assert_eq!((labels.len(), lines.len()), (10, 4), "{lines:?}");
        assert!(labels.iter().all(|label| number(*label, "x") < 600.0), "{svg}");
    }

    #[test]
    fn charts_of_nothing_measured_can_be_drawn() {
        let mut results = sample::results();
        results.rows[0].lines.iter_mut().for_each(|line| line.values.fill(None));
        results.rows[1].series.iter_mut().for_each(|series| series.points.clear());

        for (_, svg) in plots(&results).unwrap() {
            Document::parse(&svg).unwrap();
        }
    }

    #[test]
    fn charts_that_would_share_a_file_are_refused() {
        let mut results = sample::results();
        results.rows[1].name = "fan-out".to_owned();
        results.rows[1].series[1].chart = "CPU / event".to_owned();
        plots(&results).unwrap();

        results.rows[1].series[1].chart = "CPU per event".to_owned();

        let error = plots(&results).unwrap_err();
        assert!(error.to_string().contains("fan-out-cpu-per-event.svg"), "{error}");
    }
}
