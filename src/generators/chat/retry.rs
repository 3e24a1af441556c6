//! When to try again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use generation_actors::backoff::Backoff;
use http::header::{HeaderMap, RETRY_AFTER};

/// The pause between two attempts, unless the provider asks for one.
pub(super) const BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(8) };

/// Reads how long the provider asks to wait: `retry-after-ms`, else `Retry-After` as seconds or a date in any of HTTP's three
/// forms.
/// Values that make no sense (Azure has sent -1 and 0) are ignored.
pub(super) fn asked_for(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim());
    let seconds = |text: &str, unit: f64| {
        let seconds = text.parse::<f64>().ok()? * unit;
        (seconds > 0.0).then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()
    };
    let in_milliseconds = text("retry-after-ms").and_then(|text| seconds(text, 0.001));
    in_milliseconds.or_else(|| {
        let text = text(RETRY_AFTER.as_str())?;
        seconds(text, 1.0).or_else(|| {
            let date = DateTime::<Utc>::from(httpdate::parse_http_date(text).ok()?);
            (date - now).to_std().ok()
        })
    })
}

#[cfg(test)]
mod tests {
    use http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_jitter_shortens_them() {
        let pauses: Vec<u128> = (1..8).map(|attempt| BACKOFF.pause(attempt, 0.0).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(BACKOFF.pause(u32::MAX, 1.0), Duration::from_secs(4));
    }

    #[test]
    fn providers_say_how_long_in_milliseconds_seconds_or_a_date() {
        let now = DateTime::parse_from_rfc2822("Wed, 21 Oct 2026 07:28:00 GMT").unwrap().to_utc();
        let asked = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            asked_for(&headers, now)
        };
        assert_eq!(asked(&[("retry-after", "2")]), Some(Duration::from_secs(2)));
        assert_eq!(asked(&[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
        assert_eq!(asked(&[("retry-after", "20"), ("retry-after-ms", "1500")]), Some(Duration::from_millis(1500)));
        for date in ["Wed, 21 Oct 2026 07:28:09 GMT", "Wednesday, 21-Oct-26 07:28:09 GMT", "Wed Oct 21 07:28:09 2026"] {
            assert_eq!(asked(&[("retry-after", date)]), Some(Duration::from_secs(9)), "{date}");
        }
        for nonsense in ["-1", "0", "soon", "", "NaN", "inf", "1e300", "Wed, 21 Oct 2026 07:27:00 GMT"] {
            assert_eq!(asked(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
        assert_eq!(asked(&[]), None);
    }
}
