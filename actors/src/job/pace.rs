//! How fast a job writes, and how much time it still needs.

use chrono::{DateTime, Utc};

use super::progress;

/// The assumed words per second before any measurement: 1,000 words in two minutes.
pub const UNMEASURED: f64 = 1000.0 / 120.0;

/// The data for estimating the remaining time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    /// Words per second of earlier jobs with the same model.
    expected: f64,
    /// The time of this attempt's first words, and the number of words before them.
    first_words: Option<(DateTime<Utc>, u64)>,
    /// The time of its newest words. Estimates refer to this time, so that an idle job has no news for readers.
    newest_words: Option<DateTime<Utc>>,
    /// When the model finished or was stopped. Time spent saving and recording after that does not count as slow
    /// writing.
    stopped: Option<DateTime<Utc>>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { expected: UNMEASURED, first_words: None, newest_words: None, stopped: None }
    }
}

impl Pace {
    /// Sets the speed of earlier jobs with the same model.
    pub(super) fn set_expected_speed(&mut self, words_per_second: f64) {
        self.expected = words_per_second;
    }

    /// Notes that more text follows the first `words` words.
    pub(super) fn writes(&mut self, words: u64, now: DateTime<Utc>) {
        self.first_words.get_or_insert((now, words));
        self.newest_words = Some(now);
    }

    /// Notes that the model finished or was stopped.
    pub(super) fn stop(&mut self, now: DateTime<Utc>) {
        self.stopped = Some(now);
    }

    /// Estimates the remaining whole seconds of a script with `words` of `target` words.
    pub(super) fn remaining_seconds(&self, words: u64, target: u32) -> u64 {
        let Some((since, before)) = self.first_words else {
            return progress::remaining_seconds(words, target, self.expected);
        };
        let seconds = seconds(since, self.newest_words.unwrap_or(since));
        progress::remaining_while_writing(before, words, target, self.expected, seconds)
    }

    /// The measured speed, once there is enough text.
    pub(super) fn words_per_second(&self, words: u64, now: DateTime<Utc>) -> Option<f64> {
        let (since, before) = self.first_words?;
        let seconds = seconds(since, self.stopped.unwrap_or(now));
        let written = words.saturating_sub(before);
        let enough = if self.stopped.is_some() { 0.1 } else { 1.0 };
        (seconds >= enough && written > 0).then(|| written as f64 / seconds)
    }
}

fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).num_milliseconds() as f64 / 1000.0
}
