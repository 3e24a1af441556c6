//! The secrets that servers ask for, as headers that no log shows.

use std::fmt;

use http::{
    HeaderName, HeaderValue,
    header::{AUTHORIZATION, HeaderMap},
};

/// What one server is shown with every request.
#[derive(Clone)]
pub(super) struct Token {
    name: HeaderName,
    value: HeaderValue,
    /// Without what stands around it in the header: servers quote it in their answers.
    secret: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Token {
    /// In `Authorization`; `None` for a token that no header can carry.
    pub(super) fn bearer(token: &str) -> Option<Self> {
        Self::new(AUTHORIZATION, &format!("Bearer {token}"), token)
    }

    /// As it is, in a header of its own.
    pub(super) fn plain(name: HeaderName, token: &str) -> Option<Self> {
        Self::new(name, token, token)
    }

    fn new(name: HeaderName, value: &str, secret: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(value).ok()?;
        value.set_sensitive(true);
        Some(Self { name, value, secret: secret.to_owned() })
    }

    pub(super) fn put_into(&self, headers: &mut HeaderMap) {
        headers.insert(&self.name, self.value.clone());
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }
}
