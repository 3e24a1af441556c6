//! The settings that all providers of chat models share.

use std::time::Duration;

use secrecy::SecretString;

use super::document::{Faulty, Refusal, Section};
use super::fault::Origin;
use super::parse::{duration, integer};
use super::value::{Located, Value};
use super::variables::{self, Environment};
use super::parse_url;

/// How a chat model server is reached and how long it may take.
#[derive(Debug, Clone)]
pub struct ChatServer {
    /// What the protocol's path is appended to; without a slash at the end.
    pub base_url: String,
    /// The variable that holds the key, named in messages when it is missing; `None` sends no key.
    pub api_key_env: Option<String>,
    /// The key, visible ASCII; `None` while the provider is inactive or needs none.
    pub api_key: Option<SecretString>,
    /// A fixed token limit; `None` derives it from the length of the script.
    pub max_tokens: Option<u32>,
    /// To connect, TLS and proxies included.
    pub connect_timeout: Duration,
    /// From the request to the response's head; servers that queue send none until it is their turn.
    pub head_timeout: Duration,
    /// From the head to the first text or reasoning.
    pub first_token_timeout: Duration,
    /// Between two reads after that; any byte counts, comments too.
    pub idle_timeout: Duration,
    /// Further attempts before the first text, 0–10.
    pub retries: u32,
}

pub(super) const KEYS: [&str; 9] = [
    "base_url",
    "base_url_env",
    "api_key_env",
    "max_tokens",
    "connect_timeout",
    "head_timeout",
    "first_token_timeout",
    "idle_timeout",
    "retries",
];

/// Reads these keys for a provider of `kind`; true if a variable replaced the server that was written.
pub(super) fn read(
    section: &mut Section<'_>,
    environment: &Environment,
    kind: &str,
) -> Result<(ChatServer, bool), Faulty> {
    let base_url = read_base_url(section, environment, kind);
    let key = variables::secret(section, "api_key_env", environment);
    let max_tokens = section.optional("max_tokens", integer(1..=10_000_000));
    let bounds = || duration(Duration::from_millis(10)..=Duration::from_secs(3600));
    let mut timeout = |key, seconds| section.read_or(key, Duration::from_secs(seconds), bounds());
    let connect_timeout = timeout("connect_timeout", 5);
    let head_timeout = timeout("head_timeout", 120);
    let first_token_timeout = timeout("first_token_timeout", 120);
    let idle_timeout = timeout("idle_timeout", 90);
    let retries = section.read_or("retries", 2, integer(0..=10));
    let (api_key_env, api_key) = key?;
    let (base_url, is_elsewhere) = base_url?;
    let server = ChatServer {
        base_url,
        api_key_env,
        api_key,
        max_tokens: max_tokens?,
        connect_timeout: connect_timeout?,
        head_timeout: head_timeout?,
        first_token_timeout: first_token_timeout?,
        idle_timeout: idle_timeout?,
        retries: retries?,
    };
    Ok((server, is_elsewhere))
}

/// The URL from the variable that `base_url_env` names, else `base_url`; true if it replaces another one.
fn read_base_url(section: &mut Section<'_>, environment: &Environment, kind: &str) -> Result<(String, bool), Faulty> {
    let written_at = section.origin_of("base_url");
    let written = section.optional("base_url", parse_url::base_url);
    let missing = |section: &mut Section<'_>, reason| section.fault("base_url", None, written_at, reason);
    let Some(variable) = section.optional("base_url_env", variables::name)? else {
        let written = written?.ok_or_else(|| missing(section, format!("providers of kind {kind:?} need it")))?;
        return Ok((written, false));
    };
    let Some(text) = variables::value(environment, &variable) else {
        let reason = format!("is needed while the variable {variable} is not set");
        return Ok((written?.ok_or_else(|| missing(section, reason))?, false));
    };
    let written = written?;
    let origin = Origin::Variable(variable);
    let located = Located { value: Value::Text(text.into()), origin: origin.clone() };
    let url = parse_url::base_url(&located)
        .map_err(|Refusal { found, reason }| section.fault("base_url", found, origin, reason))?;
    let is_elsewhere = written.is_some_and(|written| written != url);
    Ok((url, is_elsewhere))
}
