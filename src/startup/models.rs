//! Providers as configured, turned into generators.

use std::sync::Arc;

use generation_actors::ports::{ChatModel, ScriptGenerator};

use super::Failure;
use crate::{
    config::{self, ProviderKind, Settings},
    generators::{BuiltinGenerator, Catalog, Prompts, Provider, ScriptWriter, openai},
};

/// All active providers, in the order they are asked.
///
/// # Errors
/// A prompt template cannot be read or does not compile.
pub(super) fn catalog(settings: &Settings) -> Result<Catalog, Failure> {
    let prompts = Arc::new(Prompts::load(settings.models.prompts_dir.as_deref())?);
    let active = settings.providers.iter().filter(|provider| provider.active);
    let providers =
        active.map(|provider| Provider { generator: generator(provider, &prompts), settings: provider.clone() });
    Ok(Catalog::new(settings.default_model().map(str::to_owned), providers.collect()))
}

fn generator(provider: &config::Provider, prompts: &Arc<Prompts>) -> Arc<dyn ScriptGenerator> {
    let writer = |model: Arc<dyn ChatModel>| Arc::new(ScriptWriter::new(model, Arc::clone(prompts)));
    match &provider.kind {
        ProviderKind::Builtin { words_per_second } => Arc::new(BuiltinGenerator::new(*words_per_second)),
        ProviderKind::OpenAi(settings) => writer(openai(&provider.name, settings)),
    }
}
