//! `[[providers]]`: who serves which models.

use std::time::Duration;

use super::document::{Document, Faulty, Refusal, Section};
use super::fault::Origin;
use super::parse::{self, duration, integer, text_of};
use super::secret::Secret;
use super::value::{Located, Value};
use super::variables::{self, Environment};
use super::web;

/// A source of scripts; providers are asked in their order, the first that serves a model gets the job.
#[derive(Debug, Clone, PartialEq)]
pub struct Provider {
    /// Unique among the providers, 1–64 of `A-Za-z0-9._-`.
    pub name: String,
    /// The models it serves, at least one.
    pub models: Vec<ModelPattern>,
    /// Whether it takes part: not so while the variable that should hold its key is unset or empty.
    pub active: bool,
    /// What it is.
    pub kind: ProviderKind,
}

impl Provider {
    /// Whether this provider is active and serves `model`.
    pub fn serves(&self, model: &str) -> bool {
        self.active && self.matches(model)
    }

    fn matches(&self, model: &str) -> bool {
        self.models.iter().any(|pattern| pattern.matches(model))
    }
}

/// What a provider is.
#[derive(Debug, Clone, PartialEq)]
pub enum ProviderKind {
    /// The generator inside the service.
    Builtin {
        /// Words a second; 0 is as fast as it can.
        words_per_second: u32,
    },
    /// A server that speaks OpenAI's chat completions.
    OpenAi(Box<OpenAi>),
}

/// How an OpenAI-compatible server is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenAi {
    /// What `/chat/completions` is appended to; without a slash at the end.
    pub base_url: String,
    /// The variable that holds the key, to be named where it is missing; `None` sends no key.
    pub api_key_env: Option<String>,
    /// The key, visible ASCII; `None` while inactive or when none is wanted.
    pub api_key: Option<Secret>,
    /// The request's field for the token limit.
    pub tokens_field: TokensField,
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

/// A model's name, or what names begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelPattern {
    /// This very name.
    Exact(String),
    /// Every name that begins so; every name at all if empty.
    Prefix(String),
}

impl ModelPattern {
    /// Whether `model` is meant.
    pub fn matches(&self, model: &str) -> bool {
        match self {
            Self::Exact(name) => name == model,
            Self::Prefix(prefix) => model.starts_with(prefix.as_str()),
        }
    }
}

impl std::fmt::Display for ModelPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Builtin,
    OpenAi,
}

const BUILTIN_KEYS: [&str; 1] = ["words_per_second"];
const OPENAI_KEYS: [&str; 10] = [
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

/// Reads all providers, the faulty ones too, so that each one's faults are found.
pub(super) fn read(document: &mut Document, environment: &Environment) -> Result<Vec<Provider>, Faulty> {
    let items = document.items("providers");
    let mut providers: Vec<Provider> = Vec::with_capacity(items.len());
    let mut result = Ok(());
    for (index, located) in items.into_iter().enumerate() {
        match read_one(document, index, located, &providers, environment) {
            Ok(provider) => providers.push(provider),
            Err(faulty) => result = Err(faulty),
        }
    }
    result.map(|()| providers)
}

fn read_one(
    document: &mut Document,
    index: usize,
    located: Located,
    before: &[Provider],
    environment: &Environment,
) -> Result<Provider, Faulty> {
    let mut section = document.item("providers", index, located)?;
    let name = section.read("name", name_beside(before));
    let models = section.read("models", patterns);
    let kinds = [("builtin", Kind::Builtin), ("openai", Kind::OpenAi)];
    let kind = section.read("kind", parse::one_of(&kinds));
    let (active, kind) = match kind {
        Ok(Kind::Builtin) => (true, read_builtin(&mut section)?),
        Ok(Kind::OpenAi) => {
            let openai = read_openai(&mut section, environment)?;
            let active = openai.api_key_env.is_none() || openai.api_key.is_some();
            (active, ProviderKind::OpenAi(Box::new(openai)))
        }
        Err(faulty) => {
            // They may well be right for the kind that was meant.
            BUILTIN_KEYS.iter().chain(&OPENAI_KEYS).for_each(|key| drop(section.take(key)));
            return Err(faulty);
        }
    };
    Ok(Provider { name: name?, models: models?, active, kind })
}

fn read_builtin(section: &mut Section<'_>) -> Result<ProviderKind, Faulty> {
    let words_per_second = section.read_or("words_per_second", 40, integer(0..=1_000_000));
    section.refuse_keys(&OPENAI_KEYS, "this key is for providers of kind \"openai\"")?;
    Ok(ProviderKind::Builtin { words_per_second: words_per_second? })
}

fn read_openai(section: &mut Section<'_>, environment: &Environment) -> Result<OpenAi, Faulty> {
    let refused = section.refuse_keys(&BUILTIN_KEYS, "this key is for providers of kind \"builtin\"");
    let base_url = read_base_url(section, environment);
    let key = variables::secret(section, "api_key_env", environment);
    let fields = [("max_tokens", TokensField::MaxTokens), ("max_completion_tokens", TokensField::MaxCompletionTokens)];
    let tokens_field = section.read_or("tokens_field", TokensField::MaxTokens, parse::one_of(&fields));
    let max_tokens = section.optional("max_tokens", integer(1..=10_000_000));
    let bounds = || duration(Duration::from_millis(10)..=Duration::from_secs(3600));
    let mut timeout = |key, seconds| section.read_or(key, Duration::from_secs(seconds), bounds());
    let connect_timeout = timeout("connect_timeout", 5);
    let head_timeout = timeout("head_timeout", 120);
    let first_token_timeout = timeout("first_token_timeout", 120);
    let idle_timeout = timeout("idle_timeout", 90);
    let retries = section.read_or("retries", 2, integer(0..=10));
    refused?;
    let (api_key_env, api_key) = key?;
    Ok(OpenAi {
        base_url: base_url?,
        api_key_env,
        api_key,
        tokens_field: tokens_field?,
        max_tokens: max_tokens?,
        connect_timeout: connect_timeout?,
        head_timeout: head_timeout?,
        first_token_timeout: first_token_timeout?,
        idle_timeout: idle_timeout?,
        retries: retries?,
    })
}

/// The URL from the variable that `base_url_env` names, else `base_url`.
fn read_base_url(section: &mut Section<'_>, environment: &Environment) -> Result<String, Faulty> {
    let written_at = section.origin_of("base_url");
    let written = section.optional("base_url", web::base_url);
    let Some(variable) = section.optional("base_url_env", variables::name)? else {
        return written?
            .ok_or_else(|| section.fault("base_url", None, written_at, "providers of kind \"openai\" need it".into()));
    };
    let Some(text) = environment.get(&variable).filter(|text| !text.trim().is_empty()) else {
        let reason = || format!("is needed while the variable {variable} is not set");
        return written?.ok_or_else(|| section.fault("base_url", None, written_at, reason()));
    };
    written?;
    let origin = Origin::Variable(variable);
    let located = Located { value: Value::Text(text.trim().into()), origin: origin.clone() };
    web::base_url(&located).map_err(|Refusal { found, reason }| section.fault("base_url", found, origin, reason))
}

fn name_beside(before: &[Provider]) -> impl Fn(&Located) -> Result<String, Refusal> {
    move |located| {
        let name = text_of(1..=64)(located)?;
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')) {
            return Err(Refusal::of(located, "must be made of letters, digits, '.', '_' and '-'"));
        }
        if before.iter().any(|provider| provider.name == name) {
            return Err(Refusal::of(located, "another provider has this name already"));
        }
        Ok(name)
    }
}

fn patterns(located: &Located) -> Result<Vec<ModelPattern>, Refusal> {
    let patterns = parse::list(pattern)(located)?;
    if patterns.is_empty() {
        return Err(Refusal::of(located, "must name a model, or \"*\" for all"));
    }
    Ok(patterns)
}

fn pattern(located: &Located) -> Result<ModelPattern, Refusal> {
    let text = text_of(1..=128)(located)?;
    match text.split_once('*') {
        None => Ok(ModelPattern::Exact(text)),
        Some((prefix, "")) => Ok(ModelPattern::Prefix(prefix.into())),
        Some(_) => Err(Refusal::of(located, "'*' may stand only at the end")),
    }
}

/// Why no active provider serves `model`, and what to do; `None` if one does.
pub(super) fn unserved(providers: &[Provider], model: &str) -> Option<String> {
    if providers.iter().any(|provider| provider.serves(model)) {
        return None;
    }
    let inactive = providers.iter().find(|provider| provider.matches(model));
    Some(match inactive {
        Some(Provider { name, kind: ProviderKind::OpenAi(openai), .. }) => {
            let variable = openai.api_key_env.as_deref().unwrap_or_default();
            format!("only the provider \"{name}\" serves it, which is inactive: set the variable {variable}")
        }
        _ => "no active provider serves it".into(),
    })
}
