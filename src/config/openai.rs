//! Providers of kind `openai`: how a server with OpenAI's chat completions is reached.

use std::time::Duration;

use super::document::{Faulty, Refusal, Section};
use super::fault::Origin;
use super::parse::{self, duration, integer};
use super::parse_url;
use super::secret::Secret;
use super::value::{Located, Value};
use super::variables::{self, Environment};

/// How an OpenAI-compatible server is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenAi {
    /// What `/chat/completions` is appended to; without a slash at the end.
    pub base_url: String,
    /// The variable that holds the key, to be named where it is missing; `None` sends no key.
    pub api_key_env: Option<String>,
    /// The key, visible ASCII; `None` while inactive or when none is wanted.
    pub api_key: Option<Secret>,
    /// The request's field for the token limit; `None` chooses it by the model.
    pub tokens_field: Option<TokensField>,
    /// A fixed token limit; `None` derives it from the length asked for.
    pub max_tokens: Option<u32>,
    /// To connect.
    pub connect_timeout: Duration,
    /// From the request to the response's head.
    pub head_timeout: Duration,
    /// From the head to the first text.
    pub first_token_timeout: Duration,
    /// Between two pieces of the response.
    pub idle_timeout: Duration,
    /// Further attempts before the first text, 0–10.
    pub retries: u32,
}

/// The request's field for the token limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokensField {
    /// `max_tokens`, which most servers know.
    MaxTokens,
    /// `max_completion_tokens`, which newer models insist on.
    MaxCompletionTokens,
}

pub(super) const KEYS: [&str; 10] = [
    "base_url",
    "base_url_env",
    "api_key_env",
    "tokens_field",
    "max_tokens",
    "connect_timeout",
    "head_timeout",
    "first_token_timeout",
    "idle_timeout",
    "retries",
];

/// Reads the keys of this kind; true if a variable names another server than the one that was written.
pub(super) fn read(section: &mut Section<'_>, environment: &Environment) -> Result<(OpenAi, bool), Faulty> {
    let base_url = read_base_url(section, environment);
    let key = variables::secret(section, "api_key_env", environment);
    let fields = [("max_tokens", TokensField::MaxTokens), ("max_completion_tokens", TokensField::MaxCompletionTokens)];
    let tokens_field = section.optional("tokens_field", parse::one_of(&fields));
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
    let openai = OpenAi {
        base_url,
        api_key_env,
        api_key,
        tokens_field: tokens_field?,
        max_tokens: max_tokens?,
        connect_timeout: connect_timeout?,
        head_timeout: head_timeout?,
        first_token_timeout: first_token_timeout?,
        idle_timeout: idle_timeout?,
        retries: retries?,
    };
    Ok((openai, is_elsewhere))
}

/// The URL from the variable that `base_url_env` names, else `base_url`; true if it replaces another one.
fn read_base_url(section: &mut Section<'_>, environment: &Environment) -> Result<(String, bool), Faulty> {
    let written_at = section.origin_of("base_url");
    let written = section.optional("base_url", parse_url::base_url);
    let missing = |section: &mut Section<'_>, reason| section.fault("base_url", None, written_at, reason);
    let Some(variable) = section.optional("base_url_env", variables::name)? else {
        let written = written?.ok_or_else(|| missing(section, "providers of kind \"openai\" need it".into()))?;
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
