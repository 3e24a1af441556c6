//! The secrets that servers ask for, as headers that no log shows.

use http::HeaderValue;

/// The value of `Authorization`; `None` for a token that no header can carry.
pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    plain(&format!("Bearer {token}"))
}

/// A token as it is.
pub(super) fn plain(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(token).ok()?;
    value.set_sensitive(true);
    Some(value)
}
