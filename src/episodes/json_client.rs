//! An HTTP client for JSON, which maps each status to what it means for an episode.

use std::sync::Arc;

use bytes::Bytes;
use generation_actors::{model::Cause, ports::EpisodeError};
use http::{Method, Request, StatusCode, header::CONTENT_TYPE};
use percent_encoding::{NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{cause::cause, timeouts::Timeouts, token::Token};
use crate::{
    client::{Connector, Pooled},
    mask::mask,
};

/// The most bytes of an answer: a page of a list, or a complete script with its vector.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// Characters of an answer quoted in a log entry.
const QUOTED_CHARACTERS: usize = 300;
/// Bytes of an answer searched for a token. Far more than are quoted, so a token cut off at this limit never appears in
/// a quote.
const SEARCHED_BYTES: usize = 64 * 1024;

/// A client of one server.
#[derive(Debug)]
pub(super) struct JsonClient {
    client: Pooled,
    token: Option<Arc<Token>>,
    /// The setting that holds the token, named in errors about it.
    setting: &'static str,
}

/// A status and its body. No `Debug`: the body may quote a token.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    body: Bytes,
    url: String,
    setting: &'static str,
    /// Sent with the request, and masked in quotes because some servers repeat it.
    token: Option<Arc<Token>>,
}

impl JsonClient {
    /// `timeouts` apply to each request; `token` is sent with all of them.
    pub(super) fn new(timeouts: Timeouts, token: Option<Token>, setting: &'static str) -> Self {
        let client = Pooled::new(Connector::new(timeouts.connect), timeouts.request, MAX_ANSWER);
        Self { client, token: token.map(Arc::new), setting }
    }

    pub(super) async fn get(&self, url: &str) -> Result<Reply, EpisodeError> {
        self.send(Method::GET, url, None, &[]).await
    }

    /// Sends `body` as JSON. The request must be safe to receive twice: if the connection breaks, it is unknown whether
    /// the server received it.
    pub(super) async fn json<T: Serialize>(
        &self,
        method: Method,
        url: &str,
        body: &T,
        headers: &[(&'static str, &str)],
    ) -> Result<Reply, EpisodeError> {
        let body = serde_json::to_vec(body).map_err(|error| EpisodeError::Refused(Cause::new(error)))?;
        self.send(method, url, Some(body.into()), headers).await
    }

    /// # Errors
    /// There is no answer. Any status counts as an answer.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &str,
        body: Option<Bytes>,
        headers: &[(&'static str, &str)],
    ) -> Result<Reply, EpisodeError> {
        let mut request = Request::builder().method(method).uri(url);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.unwrap_or_default());
        let mut request = request.map_err(|error| EpisodeError::Refused(cause(url, error)))?;
        if let Some(token) = &self.token {
            token.put_into(request.headers_mut());
        }
        let answer = self.client.send(request).await;
        let answer = answer.map_err(|error| EpisodeError::Unavailable(cause(url, error)))?;
        Ok(Reply {
            status: answer.status(),
            body: answer.into_body(),
            url: url.to_owned(),
            setting: self.setting,
            token: self.token.clone(),
        })
    }
}

impl Reply {
    /// Decodes the JSON of a successful answer.
    ///
    /// # Errors
    /// [`Reply::error`] for any other status; anything but the expected JSON means that this is the wrong server.
    pub(super) fn json<T: DeserializeOwned>(&self, asked: &str) -> Result<T, EpisodeError> {
        if !self.status.is_success() {
            return Err(self.error(asked));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| EpisodeError::Misconfigured(cause(format!("{asked}: unexpected answer"), error)))
    }

    /// A success that this API cannot have sent, so this is the wrong server.
    pub(super) fn unexpected(&self, asked: &str) -> EpisodeError {
        let (status, quoted) = (self.status, self.quoted());
        EpisodeError::Misconfigured(format!("{asked}: {status}: unexpected answer: {quoted}").into())
    }

    /// The error for an unsuccessful status: the server says "later", or it rejects us or the request, which waiting
    /// does not fix.
    pub(super) fn error(&self, asked: &str) -> EpisodeError {
        let mut text = format!("{asked}: {}: {}: {}", self.url, self.status, self.quoted());
        if matches!(self.status.as_u16(), 401 | 403) {
            text += &format!(" (the token comes from the variable named by {})", self.setting);
        }
        match self.status.as_u16() {
            // An unsupported method, version or network: waiting does not fix these either.
            501 | 505 | 511 => EpisodeError::Misconfigured(text.into()),
            408 | 409 | 421 | 425 | 429 | 500.. => EpisodeError::Unavailable(text.into()),
            _ => EpisodeError::Misconfigured(text.into()),
        }
    }

    /// Like [`Reply::error`], for a request with a script. The server may refuse a script for good: by its size, by its
    /// form, or with a plain 400 that contains one of `words` (in lower case).
    pub(super) fn error_about_script(&self, asked: &str, words: &[&str]) -> EpisodeError {
        let refused = match self.status.as_u16() {
            413 | 422 => true,
            400 => self.contains_any(words),
            _ => false,
        };
        if refused {
            return EpisodeError::Refused(format!("{asked}: {}: {}", self.status, self.quoted()).into());
        }
        self.error(asked)
    }

    /// Whether the answer is JSON, as an API's answers are and a proxy's pages are not.
    pub(super) fn is_json(&self) -> bool {
        serde_json::from_slice::<IgnoredAny>(&self.body).is_ok()
    }

    /// Whether the answer is an HTML page, such as a login form.
    pub(super) fn is_page(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"<")
    }

    /// Whether the answer is JSON, unlike a proxy's pages, and contains one of `words`.
    fn contains_any(&self, words: &[&str]) -> bool {
        let Ok(answer) = serde_json::from_slice::<serde_json::Value>(&self.body) else { return false };
        let answer = answer.to_string().to_lowercase();
        answer.split(|character: char| !character.is_alphanumeric()).any(|word| words.contains(&word))
    }

    /// The beginning of the answer, safe to log: the token is masked.
    fn quoted(&self) -> String {
        let start = String::from_utf8_lossy(&self.body[..self.body.len().min(SEARCHED_BYTES)]);
        let masked = self.token.as_ref().map_or_else(|| mask(&start, None), |token| token.mask(&start));
        masked.chars().take(QUOTED_CHARACTERS).flat_map(char::escape_debug).collect()
    }
}

/// Encodes any text as one path segment. Dots are encoded too, because `..` would change the path.
pub(super) fn segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use secrecy::SecretString;

    use super::*;

    fn reply(token: Option<Token>, body: &str) -> Reply {
        Reply {
            status: StatusCode::UNAUTHORIZED,
            body: Bytes::copy_from_slice(body.as_bytes()),
            url: "http://store/x".into(),
            setting: "episodes.token_env",
            token: token.map(Arc::new),
        }
    }

    #[test]
    fn a_token_quoted_by_the_answer_is_not_in_the_error() {
        let secret = SecretString::from("TopSecretToken99");
        let far = format!("{}TopSecretToken99", "x".repeat(QUOTED_CHARACTERS - 8));
        for body in ["bad token Bearer TopSecretToken99", "x-chroma-token: TopSecretToken99", far.as_str()] {
            let plain = Token::plain(HeaderName::from_static("x-chroma-token"), &secret);
            for token in [Token::bearer(&secret), plain] {
                let reply = reply(token, body);
                for error in [reply.error("asked"), reply.error_about_script("asked", &[])] {
                    let error = error.to_string();
                    assert!(error.contains("401") && !error.contains("TopSec"), "{error}");
                }
            }
        }
        let error = reply(None, "no").error("asked").to_string();
        assert!(error.contains("http://store/x: 401") && error.contains("episodes.token_env"), "{error}");
        let quoted = reply(Token::bearer(&secret), "bad token Bearer TopSecretToken99\n").quoted();
        assert_eq!(quoted, "bad token Bearer [key]\\n");
    }
}
