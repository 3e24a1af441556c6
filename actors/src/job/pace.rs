//! How fast a job writes, and how long it will still take.

use chrono::{DateTime, Utc};

use super::progress;

/// Words per second while nothing has been measured: 1,000 words in two minutes.
pub const UNMEASURED: f64 = 1000.0 / 120.0;

/// What remaining times are computed from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    /// Words per second of earlier jobs with this model.
    expected: f64,
    /// When this attempt wrote its first words, and how many there were before.
    first_words: Option<(DateTime<Utc>, u64)>,
    /// When it wrote the newest ones. Estimates are of that moment: what nothing has happened to is not news for readers.
    newest_words: Option<DateTime<Utc>>,
    /// When the model was done or stopped: what is saved and recorded after it is not its slowness.
    stopped: Option<DateTime<Utc>>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { expected: UNMEASURED, first_words: None, newest_words: None, stopped: None }
    }
}

impl Pace {
    /// Sets what earlier jobs with its model achieved.
    pub(super) fn expect(&mut self, words_per_second: f64) {
        self.expected = words_per_second;
    }

    /// More words come, after the `words` that there are.
    pub(super) fn writes(&mut self, words: u64, now: DateTime<Utc>) {
        self.first_words.get_or_insert((now, words));
        self.newest_words = Some(now);
    }

    /// The model is done or has been stopped.
    pub(super) fn stop(&mut self, now: DateTime<Utc>) {
        self.stopped = Some(now);
    }

    /// Whole seconds for the rest of `target` words of which `words` are written.
    pub(super) fn remaining_seconds(&self, words: u64, target: u32) -> u64 {
        let Some((since, before)) = self.first_words else {
            return progress::remaining_seconds(words, target, self.expected);
        };
        let seconds = seconds(since, self.newest_words.unwrap_or(since));
        progress::remaining_while_writing(before, words, target, self.expected, seconds)
    }

    /// What has been achieved, once that can be told.
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
