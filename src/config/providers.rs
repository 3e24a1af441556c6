//! `[[providers]]`: who serves which models.

use super::document::{Document, Faulty, Refusal, Section};
use super::fault::{Fault, Origin};
use super::model_pattern::{self, ModelPattern};
use super::parse::text_of;
use super::provider_kind::{Kind, ProviderKind};
use super::value::{Located, Value};
use super::variables::{self, Environment};

/// A source of scripts; providers are asked in their order, the first that serves a model gets the job.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Unique among the providers, 1–64 of `A-Za-z0-9._-`.
    pub name: String,
    /// The models it serves, at least one.
    pub models: Vec<ModelPattern>,
    /// The model of jobs that name none while this provider is the first active one; served whatever `models` says.
    pub default_model: Option<DefaultModel>,
    /// The variable that may name the default model.
    pub default_model_env: Option<String>,
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

    /// Whether `model` is its default model.
    pub fn is_default(&self, model: &str) -> bool {
        self.default_model.as_ref().is_some_and(|default| default.name == model)
    }

    fn matches(&self, model: &str) -> bool {
        self.is_default(model) || self.models.iter().any(|pattern| pattern.matches(model))
    }
}

/// A provider's default model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultModel {
    /// 1–128 characters.
    pub name: String,
    /// The variable that names it; `None` if the key `default_model` does.
    pub variable: Option<String>,
}

/// The default model of the kind `builtin`.
const BUILTIN_MODEL: &str = "builtin";

/// Reads all providers, the faulty ones too, so that each one's faults are found; and where their list was written.
pub(super) fn read(document: &mut Document, environment: &Environment) -> Result<(Vec<Provider>, Origin), Faulty> {
    let (items, written_at) = document.items("providers");
    let mut providers: Vec<Provider> = Vec::with_capacity(items.len());
    let mut result = Ok(());
    for (index, located) in items.into_iter().enumerate() {
        match read_one(document, index, located, &providers, environment) {
            Ok(provider) => providers.push(provider),
            Err(faulty) => result = Err(faulty),
        }
    }
    result.map(|()| (providers, written_at))
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
    let models = section.read("models", model_pattern::patterns);
    let written_default = section.optional("default_model", model_name);
    let named_default = read_named_default(&mut section, environment);
    let kind = Kind::read(&mut section)?;
    let refused = kind.refuse_others(&mut section);
    let (kind, is_elsewhere) = (kind.read)(&mut section, environment)?;
    refused?;
    let (mut models, mut written) = (models?, written_default?);
    if is_elsewhere {
        // They were written for another server; what this one serves only its operator knows.
        (models, written) = (vec![ModelPattern::Prefix(String::new())], None);
    }
    if matches!(kind, ProviderKind::Builtin { .. }) {
        written.get_or_insert_with(|| BUILTIN_MODEL.into());
    }
    let (default_model_env, named) = named_default?;
    let default_model = named.or_else(|| written.map(|name| DefaultModel { name, variable: None }));
    let active = kind.server().is_none_or(|server| server.api_key_env.is_none() || server.api_key.is_some());
    Ok(Provider { name: name?, models, default_model, default_model_env, active, kind })
}

/// The variable that `default_model_env` names, and the model that it names if it is set.
fn read_named_default(
    section: &mut Section<'_>,
    environment: &Environment,
) -> Result<(Option<String>, Option<DefaultModel>), Faulty> {
    let Some(variable) = section.optional("default_model_env", variables::name)? else { return Ok((None, None)) };
    let Some(text) = variables::value(environment, &variable) else { return Ok((Some(variable), None)) };
    let origin = Origin::Variable(variable.clone());
    let located = Located { value: Value::Text(text.into()), origin: origin.clone() };
    let name = model_name(&located)
        .map_err(|Refusal { found, reason }| section.fault("default_model", found, origin, reason))?;
    Ok((Some(variable.clone()), Some(DefaultModel { name, variable: Some(variable) })))
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

/// A model's whole name.
pub(super) fn model_name(located: &Located) -> Result<String, Refusal> {
    text_of(1..=128)(located)
}

/// What is wrong with who serves what, read as a whole: a default model that nobody serves, or nobody who serves at all.
pub(super) fn unserved(
    (providers, providers_at): &(Vec<Provider>, Origin),
    default: Option<(&str, &Origin)>,
) -> Option<Fault> {
    let Some((model, origin)) = default else {
        let reason = nobody_is_active(providers)?;
        return Some(Fault { key: "providers".into(), found: None, origin: providers_at.clone(), reason });
    };
    let reason = nobody_serves(providers, model)?;
    let found = Some(Value::Text(model.into()).shown());
    Some(Fault { key: "models.default".into(), found, origin: origin.clone(), reason })
}

/// Why no active provider serves `model`, and what to do; `None` if one does.
fn nobody_serves(providers: &[Provider], model: &str) -> Option<String> {
    if providers.iter().any(|provider| provider.serves(model)) {
        return None;
    }
    let inactive = providers.iter().find(|provider| provider.matches(model));
    Some(match inactive.and_then(Provider::key_variable) {
        Some((name, variable)) => {
            format!("only the provider \"{name}\" serves it, which is inactive: set the variable {variable}")
        }
        None => "no active provider serves it".into(),
    })
}

/// What to do where no provider is active; `None` if one is.
fn nobody_is_active(providers: &[Provider]) -> Option<String> {
    if providers.iter().any(|provider| provider.active) {
        return None;
    }
    Some(match providers.iter().find_map(Provider::key_variable) {
        Some((_, variable)) => format!("no provider is active: set the variable {variable}"),
        None => "there must be at least one provider".into(),
    })
}

impl Provider {
    /// Its name and the variable that holds its key, if it needs one.
    fn key_variable(&self) -> Option<(&str, &str)> {
        Some((&self.name, self.kind.server()?.api_key_env.as_deref()?))
    }
}
