//! Series of a row with the same heading, drawn over one another.

use std::ops::Range;

use anyhow::Result;
use plotters::{prelude::*, style::text_anchor::HPos};

use super::{
    super::figure::figure,
    style::{Area, CURVES, FAINT, GRID, HEADER, INK, MARGIN, WIDTH, area, font, width},
};
use crate::results::{Row, Series};

/// Of the plot with its axes, in pixels.
const HEIGHT: u32 = 340;
/// Of the legend and the axes.
const PIXELS: u32 = 13;
/// Of a line of the legend.
const LEADING: i32 = 22;
/// What comes before a label of the legend: a stroke in the curve's colour.
const STROKE: i32 = 24;
/// Curves of more points have no dots: they would hide the line.
const DOTTED: usize = 40;

/// The chart. The upright axis begins at nothing, so that a flat curve looks flat.
pub(super) fn svg(row: &Row, heading: &str) -> Result<String> {
    let curves: Vec<_> = row.series.iter().filter(|series| series.chart == heading).collect();
    let places = places(&curves);
    let top = HEADER + places.last().map_or(0, |(_, y)| (y - HEADER as i32 + LEADING) as u32);

    let mut svg = String::new();
    let area = area(&mut svg, top + HEIGHT, &row.title, heading)?;
    legend(&area, &curves, &places)?;
    plot(&area, &curves, top)?;
    area.present()?;
    drop(area);
    Ok(svg)
}

/// Where the curves stand in the legend: above the plot, where it hides nothing, in as many lines as it takes.
fn places(curves: &[&Series]) -> Vec<(i32, i32)> {
    let (mut x, mut y) = (MARGIN, HEADER as i32);
    let place = |curve: &&Series| {
        let width = STROKE + width(&curve.label, PIXELS);
        if x > MARGIN && x + width > WIDTH as i32 - MARGIN {
            (x, y) = (MARGIN, y + LEADING);
        }
        let place = (x, y);
        x += width + MARGIN;
        place
    };
    curves.iter().map(place).collect()
}

fn legend(area: &Area<'_>, curves: &[&Series], places: &[(i32, i32)]) -> Result<()> {
    for ((curve, (x, y)), colour) in curves.iter().zip(places).zip(CURVES.iter().cycle()) {
        area.draw(&PathElement::new([(*x, *y), (x + STROKE - 6, *y)], colour.stroke_width(3)))?;
        area.draw_text(&curve.label, &font(PIXELS, INK, HPos::Left), (x + STROKE, *y))?;
    }
    Ok(())
}

fn plot(area: &Area<'_>, curves: &[&Series], top: u32) -> Result<()> {
    let (xs, ys) = ranges(curves);
    // The axis' name stands beside its longest label.
    let beside = width(&figure(Some(ys.end)), PIXELS) + 40;
    let mut builder = ChartBuilder::on(area);
    builder.margin_top(top).margin_left(MARGIN / 2).margin_right(MARGIN).margin_bottom(MARGIN / 2);
    let mut chart = builder.x_label_area_size(46).y_label_area_size(beside).build_cartesian_2d(xs, ys)?;

    let (x, y) = curves.first().map_or(("", ""), |curve| (&curve.x, &curve.y));
    let text = font(PIXELS, FAINT, HPos::Center);
    chart
        .configure_mesh()
        .x_desc(x)
        .y_desc(y)
        .axis_desc_style(text.clone())
        .label_style(text)
        .axis_style(FAINT)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&tick)
        .y_label_formatter(&tick)
        .draw()?;

    for (curve, colour) in curves.iter().zip(CURVES.iter().cycle()) {
        let points = finite(curve);
        chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
        if points.clone().count() <= DOTTED {
            chart.draw_series(points.map(|point| Circle::new(point, 3, colour.filled())))?;
        }
    }
    Ok(())
}

/// What the axes show: all points, and never an empty range, which cannot be drawn.
fn ranges(curves: &[&Series]) -> (Range<f64>, Range<f64>) {
    let points = || curves.iter().flat_map(|curve| finite(curve));
    let left = points().map(|(x, _)| x).fold(f64::INFINITY, f64::min);
    let right = points().map(|(x, _)| x).fold(f64::NEG_INFINITY, f64::max);
    let top = points().map(|(_, y)| y).fold(0.0, f64::max);
    let xs = if left < right { left..right } else { 0.0..1.0 };
    (xs, 0.0..if top > 0.0 { top * 1.08 } else { 1.0 })
}

fn finite(curve: &Series) -> impl Iterator<Item = (f64, f64)> + Clone {
    curve.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite())
}

/// Without the dust of sums of floating-point steps.
fn tick(value: &f64) -> String {
    format!("{}", (value * 1e6).round() / 1e6)
}
