//! One column of a row: a bar for each contender.

use anyhow::Result;
use plotters::{prelude::*, style::text_anchor::HPos};

use super::{
    super::figure::{figure, head},
    style::{ACCENT, FAINT, HEADER, INK, MARGIN, PEER, WIDTH, area, bold, font, width},
};
use crate::results::{Line, Row};

/// From one bar to the next.
const PITCH: u32 = 32;
const THICKNESS: i32 = 20;
/// Of labels and values.
const PIXELS: u32 = 14;
/// Between a bar and its label or value.
const GAP: i32 = 8;
/// Of the least bar: what is small beside another must still be seen to be there.
const SHORTEST: f64 = 2.0;

/// The chart. The bars begin at nothing, so that their lengths compare as the figures do.
pub(super) fn svg(row: &Row, column: usize) -> Result<String> {
    let bars = bars(row, column);
    let left = MARGIN + widest(bars.iter().map(|bar| bar.label)) + GAP;
    let room = WIDTH as i32 - left - GAP - widest(bars.iter().map(|bar| bar.text.as_str())) - MARGIN;
    let longest = bars.iter().filter_map(|bar| bar.value).fold(0.0, f64::max);
    let length = |value: f64| match value {
        value if value > 0.0 => (value / longest * f64::from(room)).max(SHORTEST).round() as i32,
        _ => 0,
    };

    let mut svg = String::new();
    let height = HEADER + PITCH * bars.len() as u32 + MARGIN as u32 / 2;
    let area = area(&mut svg, height, &row.title, &head(&row.columns[column]))?;
    for (index, bar) in bars.iter().enumerate() {
        let middle = (HEADER + PITCH * index as u32 + PITCH / 2) as i32;
        let end = left + bar.value.map_or(0, length);
        let colour = if index == 0 { ACCENT } else { PEER };
        let font = if index == 0 { bold } else { font };
        let ink = if bar.value.is_some() { INK } else { FAINT };
        let corners = [(left, middle - THICKNESS / 2), (end, middle + THICKNESS / 2)];
        area.draw(&Rectangle::new(corners, colour.filled()))?;
        area.draw_text(bar.label, &font(PIXELS, INK, HPos::Right), (left - GAP, middle))?;
        area.draw_text(&bar.text, &font(PIXELS, ink, HPos::Left), (end + GAP, middle))?;
    }
    area.present()?;
    drop(area);
    Ok(svg)
}

struct Bar<'a> {
    label: &'a str,
    value: Option<f64>,
    text: String,
}

fn bars(row: &Row, column: usize) -> Vec<Bar<'_>> {
    let value = |line: &Line| line.values.get(column).copied().flatten().filter(|value| value.is_finite());
    let text = |value: Option<f64>| value.map_or_else(|| "not measured".to_owned(), |_| figure(value));
    row.lines
        .iter()
        .map(|line| (line, value(line)))
        .map(|(line, value)| Bar { label: &line.contender, value, text: text(value) })
        .collect()
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> i32 {
    texts.map(|text| width(text, PIXELS)).max().unwrap_or(0)
}
