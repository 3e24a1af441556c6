//! How far a job is and how long it will still take.

use crate::wording::Step;

/// The share of the bar before the first word; the rest up to [`WRITTEN`] is the script's length.
const STARTED: u64 = 10;
/// Where the bar waits for the model's own end mark: scripts longer than asked for stay here.
const WRITTEN: u64 = 95;

/// The least percentage that `step` stands for.
pub(super) fn floor(step: Step) -> u8 {
    match step {
        Step::Queued => 0,
        Step::AnalyzingPrompt | Step::RetryingModel => 2,
        Step::Reasoning => 4,
        Step::OutliningScenes => 6,
        Step::WritingDialogue | Step::WritingEnding => STARTED as u8,
        Step::SavingEpisode => 98,
        Step::Done => 100,
        Step::Failed | Step::Canceled => 0,
    }
}

/// The percentage of a script with `words` of `target` words.
pub(super) fn written(words: u64, target: u32) -> u8 {
    if words == 0 {
        return 0;
    }
    let share = words.saturating_mul(WRITTEN - STARTED) / u64::from(target.max(1));
    (STARTED + share.min(WRITTEN - STARTED)) as u8
}

/// Whole seconds for the rest of `target` words at `words_per_second`; at least one while anything is left to do.
pub fn remaining_seconds(words: u64, target: u32, words_per_second: f64) -> u64 {
    let left = u64::from(target).saturating_sub(words) as f64;
    (left / words_per_second.max(0.01)).ceil().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_starts_moves_and_waits_for_the_end_mark() {
        assert_eq!(written(0, 1000), 0);
        assert_eq!(written(1, 1000), 10);
        assert_eq!(written(500, 1000), 52);
        assert_eq!(written(1000, 1000), 95);
        assert_eq!(written(u64::MAX, 1), 95);
    }

    #[test]
    fn something_left_to_do_takes_at_least_a_second() {
        assert_eq!(remaining_seconds(0, 1000, 1000.0 / 120.0), 120);
        assert_eq!(remaining_seconds(2000, 1000, 40.0), 1);
        assert_eq!(remaining_seconds(0, 50_000, 0.0), 5_000_000);
    }
}
