//! The tokens that servers require, sent in headers that no log shows.

use http::{
    HeaderName, HeaderValue,
    header::{AUTHORIZATION, HeaderMap},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::mask::mask;

/// A header sent to one server with every request. Its `Debug` shows neither the header's value nor the token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    name: HeaderName,
    value: HeaderValue,
    /// Without the scheme before it, because servers quote it that way.
    secret: SecretString,
}

impl Token {
    /// As a bearer token in `Authorization`; `None` if no header can carry it.
    pub(super) fn bearer(token: &SecretString) -> Option<Self> {
        Self::new(AUTHORIZATION, "Bearer ", token)
    }

    /// Unchanged, in a header of its own; `None` if no header can carry it.
    pub(super) fn plain(name: HeaderName, token: &SecretString) -> Option<Self> {
        Self::new(name, "", token)
    }

    fn new(name: HeaderName, scheme: &str, token: &SecretString) -> Option<Self> {
        let mut value = HeaderValue::try_from(format!("{scheme}{}", token.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(Self { name, value, secret: token.clone() })
    }

    pub(super) fn put_into(&self, headers: &mut HeaderMap) {
        headers.insert(&self.name, self.value.clone());
    }

    /// `text` from a server, with the token masked.
    pub(super) fn mask(&self, text: &str) -> String {
        mask(text, Some(self.secret.expose_secret()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_carries_the_token_and_is_marked_sensitive() {
        let secret = SecretString::from("hunter2");
        for (token, name, sent) in [
            (Token::bearer(&secret), AUTHORIZATION, "Bearer hunter2"),
            (
                Token::plain(HeaderName::from_static("x-chroma-token"), &secret),
                HeaderName::from_static("x-chroma-token"),
                "hunter2",
            ),
        ] {
            let mut headers = HeaderMap::new();
            token.unwrap().put_into(&mut headers);
            assert_eq!(headers[&name], sent);
            assert!(headers[&name].is_sensitive());
        }
    }

    #[test]
    fn no_debug_output_shows_a_token() {
        let token = Token::bearer(&SecretString::from("hunter2")).unwrap();
        let mut headers = HeaderMap::new();
        token.put_into(&mut headers);
        assert!(!format!("{token:?} {token:#?} {headers:?}").contains("hunter2"));
    }
}
