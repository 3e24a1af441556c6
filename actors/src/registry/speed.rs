//! The writing speed of each model, measured on its ended jobs.

use std::collections::HashMap;

use crate::job::UNMEASURED;

/// The weight of the newest job in the average.
const WEIGHT: f64 = 0.2;
/// The most models measured. Model names come from clients; beyond this number, models keep the default speed.
const MAX_MODELS: usize = 1024;

/// A moving average of words per second per model name.
#[derive(Debug, Default)]
pub(super) struct ModelSpeeds(HashMap<String, f64>);

impl ModelSpeeds {
    /// The expected words per second of `model`.
    pub(super) fn expected(&self, model: &str) -> f64 {
        self.0.get(model).copied().unwrap_or(UNMEASURED)
    }

    /// Adds the measured speed of one job.
    pub(super) fn measured(&mut self, model: &str, words_per_second: f64) {
        if !words_per_second.is_finite() || words_per_second <= 0.0 {
            return;
        }
        if let Some(average) = self.0.get_mut(model) {
            *average += WEIGHT * (words_per_second - *average);
        } else if self.0.len() < MAX_MODELS {
            self.0.insert(model.to_owned(), words_per_second);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_job_sets_the_average_and_later_ones_move_it() {
        let mut speeds = ModelSpeeds::default();
        assert_eq!(speeds.expected("m"), UNMEASURED);
        speeds.measured("m", 40.0);
        assert_eq!(speeds.expected("m"), 40.0);
        speeds.measured("m", 50.0);
        assert!((speeds.expected("m") - 42.0).abs() < 1e-9);
        speeds.measured("m", f64::NAN);
        assert!((speeds.expected("m") - 42.0).abs() < 1e-9);
    }
}
