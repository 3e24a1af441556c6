//! The key in a header.

use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

use super::Fault;

/// Builds a header value from `scheme` (such as `"Bearer "`, or nothing) and the key, marked as sensitive.
///
/// # Errors
/// The key has characters that no header can carry.
pub(in crate::generators) fn header_value(scheme: &str, key: &SecretString) -> Result<HeaderValue, Fault> {
    let value = HeaderValue::try_from(format!("{scheme}{}", key.expose_secret()));
    let mut value = value.map_err(|_| Fault::protocol("the API key has characters that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_in_the_header_and_in_nothing_that_is_printed() {
        let value = header_value("Bearer ", &"sk-hunter2".into()).expect("a value");
        assert_eq!(value.as_bytes(), b"Bearer sk-hunter2");
        assert!(!format!("{value:?}").contains("hunter2"));
        let fault = header_value("", &"sk-hunter2\n".into()).expect_err("a line end");
        assert!(!format!("{fault:?}").contains("hunter2"));
    }
}
