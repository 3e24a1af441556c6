//! How all charts look.

use anyhow::Result;
use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

/// Of every chart, in pixels.
pub(super) const WIDTH: u32 = 760;
/// Between a chart's edge and what is drawn, in pixels.
pub(super) const MARGIN: i32 = 20;
/// What the title and the line below it take, in pixels.
pub(super) const HEADER: u32 = 72;

/// Text.
pub(super) const INK: RGBColor = RGBColor(31, 35, 40);
/// Text and lines that matter less.
pub(super) const FAINT: RGBColor = RGBColor(101, 109, 118);
/// The grid.
pub(super) const GRID: RGBColor = RGBColor(225, 228, 232);
/// The service's own.
pub(super) const ACCENT: RGBColor = RGBColor(9, 105, 218);
/// Its peers' bars.
pub(super) const PEER: RGBColor = RGBColor(175, 184, 193);
/// Curves, told apart by the colour-blind too.
pub(super) const CURVES: [RGBColor; 6] = [
    ACCENT,
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(149, 108, 0),
    RGBColor(86, 89, 94),
];

/// A whole picture.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// An empty picture of that height, with its title and the line below it.
pub(super) fn area<'a>(svg: &'a mut String, height: u32, title: &str, subtitle: &str) -> Result<Area<'a>> {
    let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    // White in a dark theme too: a picture cannot know the theme of the page around it.
    area.fill(&WHITE)?;
    area.draw_text(title, &bold(16, INK, HPos::Left), (MARGIN, 26))?;
    area.draw_text(subtitle, &font(14, FAINT, HPos::Left), (MARGIN, 50))?;
    Ok(area)
}

/// Text of that many pixels whose point is in the middle of its left or right edge.
pub(super) fn font(pixels: u32, colour: RGBColor, side: HPos) -> TextStyle<'static> {
    // The backend divides by 1.24 what it is told.
    ("sans-serif", f64::from(pixels) * 1.24).into_font().color(&colour).pos(Pos::new(side, VPos::Center))
}

/// The same, bold.
pub(super) fn bold(pixels: u32, colour: RGBColor, side: HPos) -> TextStyle<'static> {
    ("sans-serif", f64::from(pixels) * 1.24, FontStyle::Bold)
        .into_font()
        .color(&colour)
        .pos(Pos::new(side, VPos::Center))
}

/// About how wide a text of that many pixels is: the reader's own font draws it, whose measures are not known here.
pub(super) fn width(text: &str, pixels: u32) -> i32 {
    (text.chars().count() as f64 * f64::from(pixels) * 0.58).ceil() as i32
}
