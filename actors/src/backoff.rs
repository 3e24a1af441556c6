//! Exponential backoff with jitter.

use std::time::Duration;

/// Pauses that double from `first` up to `longest`.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The pause after the first failure.
    pub first: Duration,
    /// The longest pause, before jitter.
    pub longest: Duration,
}

impl Backoff {
    /// Returns the pause after `failures` failed attempts (1 and up). `jitter` (0–1) shortens it by up to half, so that
    /// operations that failed together do not retry together.
    pub fn pause(&self, failures: u32, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        doubled.min(self.longest).mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_jitter_shortens_them() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
        let seconds: Vec<u64> = (1..9).map(|failures| backoff.pause(failures, 0.0).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff.pause(u32::MAX, 1.0), Duration::from_secs(30));
    }
}
