//! The results as a section of a page.

use anyhow::{Context as _, Result};

use super::{
    figure::{caveat, figure, head, held_against, machine, reached, verdict},
    plot,
};
use crate::results::{Results, Row};

const BEGIN: &str = "<!-- results: written by benches/run -->";
const END: &str = "<!-- end of results -->";

/// The section: the run, its goals, and every row with its plots, which lie in the folder `images` as seen from the
/// page. Its headings are of the second and third level.
pub fn section(results: &Results, images: &str) -> String {
    let mut blocks = vec!["## Results".to_owned(), run(results)];
    blocks.extend(caveat(results.scale).map(|caveat| format!("**{caveat}**")));
    if results.rows.iter().any(|row| !row.goals.is_empty()) {
        blocks.push("### Targets".to_owned());
        blocks.push(goals(results));
    }
    for of in &results.rows {
        row(of, images, &mut blocks);
    }
    blocks.join("\n\n")
}

/// The page with the section between its markers, in place of what stood there.
///
/// # Errors
/// The page lacks a marker.
pub fn replace(page: &str, section: &str) -> Result<String> {
    let begin = page.find(BEGIN).with_context(|| format!("the page has no {BEGIN}"))? + BEGIN.len();
    let end = begin + page[begin..].find(END).with_context(|| format!("the page has no {END} after {BEGIN}"))?;
    Ok(format!("{}\n\n{}\n\n{}", &page[..begin], section.trim(), &page[end..]))
}

fn run(results: &Results) -> String {
    format!(
        "- Machine: {}\n- Date: {}\n- Revision: {}\n- {}",
        machine(&results.machine),
        results.date,
        results.revision,
        reached(results),
    )
}

fn goals(results: &Results) -> String {
    let mut table = Table::new(["Target", "Bound", "Measured", "Met"].map(str::to_owned));
    for row in &results.rows {
        for goal in &row.goals {
            let (value, bound) = held_against(goal);
            table.add([format!("{}: {}", row.name, goal.what), bound, value, verdict(goal).to_string()]);
        }
    }
    table.text
}

fn row(row: &Row, images: &str, blocks: &mut Vec<String>) {
    blocks.push(format!("### {}", row.title));
    blocks.push(row.method.clone());
    if !row.lines.is_empty() {
        blocks.push(figures(row));
    }
    let notes = row.lines.iter().filter_map(|line| Some(format!("- {}: {}", line.contender, line.note.as_ref()?)));
    let notes = notes.collect::<Vec<_>>().join("\n");
    if !notes.is_empty() {
        blocks.push(notes);
    }
    for chart in plot::charts(row) {
        let alternative = chart.title().replace(['[', ']'], "");
        blocks.push(format!("![{alternative}]({images}/{})", chart.file()));
    }
}

fn figures(row: &Row) -> String {
    let mut table = Table::new(std::iter::once("Contender".to_owned()).chain(row.columns.iter().map(head)));
    for line in &row.lines {
        table.add(std::iter::once(line.contender.clone()).chain(line.values.iter().copied().map(figure)));
    }
    table.text
}

/// A table whose first column is text and whose others are figures.
struct Table {
    text: String,
}

impl Table {
    fn new(heads: impl IntoIterator<Item = String>) -> Self {
        let heads: Vec<_> = heads.into_iter().collect();
        let mut table = Self { text: String::new() };
        let rule = format!("\n|---{}|", "|--:".repeat(heads.len().saturating_sub(1)));
        table.add(heads);
        table.text.push_str(&rule);
        table
    }

    fn add(&mut self, cells: impl IntoIterator<Item = String>) {
        // A bar or a line break in a cell would be the cell's end.
        let cells: Vec<_> = cells.into_iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&format!("| {} |", cells.join(" | ")));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn goals_are_listed_with_whether_they_were_reached() {
        let section = section(&sample::results(), "plots");

        let goals = "| Target | Bound | Measured | Met |\n|---|--:|--:|--:|\n\
            | fan-out: CPU per event ÷ bare loop | ≤ 1.500 × | 1.501 × | ✗ |\n\
            | fan-out: delivered | ≥ 99 % | 99.2 % | ✓ |\n\n";
        assert!(section.contains(goals), "{section}");
    }

    #[test]
    fn a_row_has_its_method_its_figures_its_notes_and_its_plots() {
        let section = section(&sample::results(), "plots");

        let row = "### One job to 5,000 readers <400 B>\n\n\
            All readers follow one job.\n\n\
            | Contender | CPU per event (µs) | Lost |\n|---|--:|--:|\n\
            | generation-service | 7.80 | 0 |\n\
            | bare \\| loop | 5.20 | 0 |\n\
            | nchan | — | — |\n\
            | FastAPI | 413 | 13 |\n\n\
            - nchan: nginx is not installed\n\n\
            ![";
        assert!(section.contains(row), "{section}");
        assert!(section.contains("](plots/fan-out-cpu-per-event.svg)"), "{section}");
        assert!(section.ends_with("](plots/long-scripts-memory-over-a-script.svg)"), "{section}");
    }

    #[test]
    fn only_what_stands_between_the_markers_is_replaced() {
        let page = format!("# Title\n\n{BEGIN}\nold\n{END}\n\n{END}\nTail.");

        let once = replace(&page, "first\n").unwrap();
        let twice = replace(&once, "second").unwrap();

        assert_eq!(twice, format!("# Title\n\n{BEGIN}\n\nsecond\n\n{END}\n\n{END}\nTail."));
    }

    #[test]
    fn a_page_without_both_markers_in_order_is_refused() {
        for page in ["", BEGIN, END, &format!("{END}\n{BEGIN}")] {
            assert!(replace(page, "new").is_err(), "{page}");
        }
    }
}
