//! Figures in words.

use crate::results::{Column, Direction, Goal, Machine, Results, Scale};

/// What stands where there is no figure.
pub(super) const NONE: &str = "—";

/// Digits that a measurement on a shared machine can be trusted with.
const DIGITS: usize = 3;

/// A figure as it stands in a table.
pub(super) fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| rounded(value, DIGITS))
}

/// A column's head, with the unit.
pub(super) fn head(column: &Column) -> String {
    if column.unit.is_empty() { column.name.clone() } else { format!("{} ({})", column.name, column.unit) }
}

/// A goal's value and its bound, with the unit.
///
/// Both get as many digits as it takes to tell them apart: a bound missed by little must not look reached.
pub(super) fn held_against(goal: &Goal) -> (String, String) {
    let texts = |digits| (rounded(goal.value, digits), rounded(goal.bound, digits));
    let (value, bound) = (DIGITS..=f64::DIGITS as usize)
        .map(texts)
        .find(|(value, bound)| value != bound || goal.value == goal.bound)
        .unwrap_or_else(|| texts(DIGITS));
    let sign = match goal.direction {
        Direction::AtMost => '≤',
        Direction::AtLeast => '≥',
    };
    let unit = if goal.unit.is_empty() { String::new() } else { format!(" {}", goal.unit) };
    (format!("{value}{unit}"), format!("{sign} {bound}{unit}"))
}

/// Whether a goal was reached, as a sign.
pub(super) fn verdict(goal: &Goal) -> char {
    if goal.is_met() { '✓' } else { '✗' }
}

/// How many of a run's goals were reached.
pub(super) fn reached(results: &Results) -> String {
    let goals: Vec<_> = results.rows.iter().flat_map(|row| &row.goals).collect();
    let met = goals.iter().filter(|goal| goal.is_met()).count();
    format!("{met} of {} targets met", goals.len())
}

/// The machine in a line.
pub(super) fn machine(machine: &Machine) -> String {
    let memory = machine.memory as f64 / f64::from(1 << 30);
    format!("{}, {} cores, {memory:.1} GiB, {}", machine.processor, machine.cores, machine.system)
}

/// What the reader of a small run must be told.
pub(super) fn caveat(scale: Scale) -> Option<&'static str> {
    match scale {
        Scale::Full => None,
        Scale::Smoke => Some("A small run that only shows that the harness works. Its figures mean nothing."),
    }
}

/// The value to so many significant digits. What stands before the point is never cut, and whole numbers stay whole:
/// they are mostly counts.
fn rounded(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    if value.fract() == 0.0 {
        return format!("{value:.0}");
    }
    // The exponent of the rounded value: 9.996 becomes 10.0, not 10.00.
    let scientific = format!("{value:.*e}", digits - 1);
    let exponent: i32 = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_significant_digits_and_whole_numbers_stay_whole() {
        let cases = [
            (0.0, "0"),
            (0.012_345, "0.0123"),
            (0.999_6, "1.00"),
            (1.5, "1.50"),
            (9.996, "10.0"),
            (41.26, "41.3"),
            (412.6, "413"),
            (4_997.0, "4997"),
            (123_456.7, "123457"),
            (-5.234, "-5.23"),
            (f64::NAN, NONE),
        ];
        for (value, text) in cases {
            assert_eq!(figure(Some(value)), text);
        }
        assert_eq!(figure(None), NONE);
    }

    #[test]
    fn a_bound_missed_by_little_does_not_look_reached() {
        let goal = Goal {
            what: "CPU per event".to_owned(),
            value: 1.5003,
            bound: 1.5,
            direction: Direction::AtMost,
            unit: "×".to_owned(),
        };

        assert_eq!(held_against(&goal), ("1.5003 ×".to_owned(), "≤ 1.5000 ×".to_owned()));
        assert_eq!(verdict(&goal), '✗');
    }

    #[test]
    fn a_bound_just_met_keeps_its_few_digits() {
        let goal = Goal {
            what: "created".to_owned(),
            value: 0.5,
            bound: 0.5,
            direction: Direction::AtLeast,
            unit: String::new(),
        };

        assert_eq!(held_against(&goal), ("0.500".to_owned(), "≥ 0.500".to_owned()));
        assert_eq!(verdict(&goal), '✓');
    }
}
