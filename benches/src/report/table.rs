//! The results in a terminal.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use super::figure::{caveat, figure, head, held_against, machine, reached, verdict};
use crate::results::{Results, Row};

const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Every row as a table with its notes and goals, as wide as it has to be.
pub fn text(results: &Results) -> String {
    let mut blocks = vec![format!("{}, revision {}\n{}", results.date, results.revision, machine(&results.machine))];
    blocks.extend(caveat(results.scale).map(str::to_owned));
    blocks.extend(results.rows.iter().map(row));
    blocks.push(reached(results));
    blocks.join("\n\n") + "\n"
}

fn row(row: &Row) -> String {
    let mut lines = vec![format!("{}: {}", row.name, row.title)];
    if !row.lines.is_empty() {
        lines.push(figures(row));
    }
    for line in &row.lines {
        lines.extend(line.note.as_ref().map(|note| format!("  {}: {note}", line.contender)));
    }
    for goal in &row.goals {
        let (value, bound) = held_against(goal);
        lines.push(format!("  {} {}: {value}, bound {bound}", verdict(goal), goal.what));
    }
    lines.join("\n")
}

fn figures(row: &Row) -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(std::iter::once(String::new()).chain(row.columns.iter().map(head)));
    for line in &row.lines {
        table.add_row(std::iter::once(line.contender.clone()).chain(line.values.iter().copied().map(figure)));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn figures_stand_under_one_another_at_the_right() {
        let text = text(&sample::results());

        let figures = ["generation-service", "bare | loop", "nchan", "FastAPI"].map(|contender| {
            let line = text.lines().find(|line| line.trim_start().starts_with(contender)).unwrap();
            let cells: Vec<_> = line.trim_start()[contender.len()..].split_whitespace().collect();
            (cells.join(" "), line.chars().count())
        });
        let (cells, ends): (Vec<_>, Vec<_>) = figures.into_iter().unzip();
        assert_eq!(cells, ["7.80 0", "5.20 0", "— —", "413 13"]);
        assert!(ends.iter().all(|end| *end == ends[0]), "{text}");
    }

    #[test]
    fn notes_and_goals_stand_beneath() {
        let text = text(&sample::results());

        let beneath = text.split_once("FastAPI").unwrap().1;
        assert!(beneath.contains("\n  nchan: nginx is not installed\n"), "{text}");
        assert!(beneath.contains("\n  ✗ CPU per event ÷ bare loop: 1.501 ×, bound ≤ 1.500 ×\n"), "{text}");
        assert!(beneath.contains("\n  ✓ delivered: 99.2 %, bound ≥ 99 %\n"), "{text}");
        assert!(beneath.ends_with("\n1 of 2 targets met\n"), "{text}");
    }

    #[test]
    fn a_small_run_says_that_its_figures_mean_nothing() {
        let mut results = sample::results();
        assert!(!text(&results).contains("mean nothing"));

        results.scale = crate::results::Scale::Smoke;

        assert!(text(&results).contains("mean nothing"));
    }
}
