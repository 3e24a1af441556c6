//! A job's progress percentage and remaining time.

use crate::model::Step;

/// The percentage at the first word; from here to [`WRITTEN`] it follows the script's length.
const STARTED: u64 = 10;
/// The percentage held until the model reports its end; scripts longer than requested stay here.
const WRITTEN: u64 = 95;

/// The least percentage for `step`.
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

/// The percentage for a script with `words` of `target` words.
pub(super) fn written(words: u64, target: u32) -> u8 {
    if words == 0 {
        return 0;
    }
    let share = words.saturating_mul(WRITTEN - STARTED) / u64::from(target.max(1));
    (STARTED + share.min(WRITTEN - STARTED)) as u8
}

/// The remaining whole seconds of a script with `words` of `target` words at `words_per_second`; at least 1.
pub fn remaining_seconds(words: u64, target: u32, words_per_second: f64) -> u64 {
    let left = u64::from(target).saturating_sub(words) as f64;
    (left / words_per_second.max(0.01)).ceil().max(1.0) as u64
}

/// Seconds of writing after which only the job's own speed counts.
const MEASURED_AFTER: f64 = 10.0;

/// The remaining whole seconds of a script that had `before` words `seconds` ago and has `words` now. The estimate
/// moves gradually from the expected to the measured speed: the first words come in bursts, and users do not trust a
/// figure that jumps.
pub(super) fn remaining_while_writing(before: u64, words: u64, target: u32, expected: f64, seconds: f64) -> u64 {
    let seconds = seconds.max(0.0);
    let left = |words: u64| u64::from(target).saturating_sub(words) as f64;
    let by_expectation = (left(before) / expected.max(0.01) - seconds).max(0.0);
    let measured = words.saturating_sub(before) as f64 / seconds.max(0.001);
    let by_measure = left(words) / measured.max(0.01);
    let trust = (seconds / MEASURED_AFTER).min(1.0);
    ((1.0 - trust) * by_expectation + trust * by_measure).ceil().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_starts_moves_and_stops_before_the_end() {
        assert_eq!(written(0, 1000), 0);
        assert_eq!(written(1, 1000), 10);
        assert_eq!(written(500, 1000), 52);
        assert_eq!(written(1000, 1000), 95);
        assert_eq!(written(u64::MAX, 1), 95);
    }

    #[test]
    fn the_estimate_moves_from_expected_to_measured_speed_without_a_jump() {
        let expected = 1000.0 / 120.0;
        for actual in [2.0, 8.0, 40.0, 400.0] {
            let at =
                |seconds: f64| remaining_while_writing(0, (actual * seconds) as u64, 1000, expected, seconds) as f64;
            assert_eq!(at(0.0), 120.0);
            let whole = 1000.0 / actual;
            let most = (whole - 120.0_f64).abs() / MEASURED_AFTER + 3.0;
            let end = whole.min(30.0) as u64;
            for second in 0..end {
                let step = (at(second as f64 + 1.0) - at(second as f64)).abs();
                assert!(step <= most, "{actual} words a second: {step} s in second {second}");
            }
            if whole > MEASURED_AFTER {
                let truth = whole - end as f64;
                assert!(
                    (at(end as f64) - truth).abs() <= whole / 20.0 + 1.0,
                    "{actual}: {} not {truth}",
                    at(end as f64)
                );
            }
        }
    }

    #[test]
    fn the_remaining_time_is_at_least_a_second() {
        assert_eq!(remaining_seconds(0, 1000, 1000.0 / 120.0), 120);
        assert_eq!(remaining_seconds(2000, 1000, 40.0), 1);
        assert_eq!(remaining_seconds(0, 50_000, 0.0), 5_000_000);
    }
}
