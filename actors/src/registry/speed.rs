//! How fast each model writes, measured on the jobs it finished.

use std::collections::HashMap;

use crate::job::UNMEASURED;

/// How much the newest job counts.
const WEIGHT: f64 = 0.2;
/// Model names come from clients; past this many the rest share the starting figure.
const MOST: usize = 1024;

/// A moving average of words per second for each model's name.
#[derive(Debug, Default)]
pub(super) struct Speeds(HashMap<String, f64>);

impl Speeds {
    /// What to expect of `model`.
    pub(super) fn expected(&self, model: &str) -> f64 {
        self.0.get(model).copied().unwrap_or(UNMEASURED)
    }

    /// Adds what one job achieved.
    pub(super) fn measured(&mut self, model: &str, words_per_second: f64) {
        if !words_per_second.is_finite() || words_per_second <= 0.0 {
            return;
        }
        if let Some(average) = self.0.get_mut(model) {
            *average += WEIGHT * (words_per_second - *average);
        } else if self.0.len() < MOST {
            self.0.insert(model.to_owned(), words_per_second);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_job_sets_the_figure_and_later_ones_move_it() {
        let mut speeds = Speeds::default();
        assert_eq!(speeds.expected("m"), UNMEASURED);
        speeds.measured("m", 40.0);
        assert_eq!(speeds.expected("m"), 40.0);
        speeds.measured("m", 50.0);
        assert!((speeds.expected("m") - 42.0).abs() < 1e-9);
        speeds.measured("m", f64::NAN);
        assert!((speeds.expected("m") - 42.0).abs() < 1e-9);
    }
}
