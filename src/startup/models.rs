//! Providers as configured, turned into generators.

use std::sync::Arc;

use generation_actors::ports::ScriptGenerator;
use generation_placeholder::Writer;

use super::Failure;
use crate::{
    config::{self, ProviderKind, Settings, TokensField},
    generators::{
        Catalog, OpenAiGenerator, OpenAiOptions, Pattern, PlaceholderGenerator, Prompts, Provider, TokenLimitField,
    },
};

/// All active providers, in the order they are asked.
///
/// # Errors
/// A prompt template cannot be read or does not compile, or a phrase bank of the placeholder writer is malformed.
pub(super) fn catalog(settings: &Settings) -> Result<Catalog, Failure> {
    let prompts = Arc::new(Prompts::load(settings.models.prompts_dir.as_deref())?);
    let active = settings.providers.iter().filter(|provider| provider.active);
    let providers = active.map(|provider| {
        Ok(Provider {
            name: provider.name.clone(),
            default_model: provider.default_model.as_ref().map(|default| default.name.clone()),
            models: provider.models.iter().map(pattern).collect(),
            generator: generator(provider, &prompts)?,
        })
    });
    let providers = providers.collect::<Result<_, Failure>>()?;
    Ok(Catalog::new(settings.default_model().map(str::to_owned), providers))
}

fn pattern(pattern: &config::ModelPattern) -> Pattern {
    match pattern {
        config::ModelPattern::Exact(name) => Pattern::Exact(name.clone()),
        config::ModelPattern::Prefix(prefix) => Pattern::Prefix(prefix.clone()),
    }
}

fn generator(provider: &config::Provider, prompts: &Arc<Prompts>) -> Result<Arc<dyn ScriptGenerator>, Failure> {
    Ok(match &provider.kind {
        ProviderKind::Builtin { words_per_second } => {
            Arc::new(PlaceholderGenerator::new(Writer::new()?, *words_per_second))
        }
        ProviderKind::OpenAi(openai) => {
            Arc::new(OpenAiGenerator::new(openai_options(&provider.name, openai), Arc::clone(prompts)))
        }
    })
}

fn openai_options(name: &str, openai: &config::OpenAi) -> OpenAiOptions {
    OpenAiOptions {
        name: name.to_owned(),
        base_url: openai.base_url.clone(),
        api_key: openai.api_key.as_ref().map(|key| key.expose().to_owned()),
        tokens_field: openai.tokens_field.map(|field| match field {
            TokensField::MaxTokens => TokenLimitField::MaxTokens,
            TokensField::MaxCompletionTokens => TokenLimitField::MaxCompletionTokens,
        }),
        max_tokens: openai.max_tokens,
        connect_timeout: openai.connect_timeout,
        head_timeout: openai.head_timeout,
        first_token_timeout: openai.first_token_timeout,
        idle_timeout: openai.idle_timeout,
        retries: openai.retries,
    }
}
