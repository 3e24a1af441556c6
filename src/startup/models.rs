//! Builds generators from the configured providers.

use std::sync::Arc;

use generation_actors::ports::{ChatModel, ScriptGenerator};
use generation_placeholder::Writer;

use super::Failure;
use crate::{
    config::{self, ProviderKind, Settings},
    generators::{Catalog, PlaceholderGenerator, Prompts, Provider, ScriptWriter, openai},
};

/// The active providers, in the order in which they are asked.
///
/// # Errors
/// A prompt template cannot be read or does not compile, or a phrase bank of the placeholder writer is malformed.
pub(super) fn catalog(settings: &Settings) -> Result<Catalog, Failure> {
    let prompts = Arc::new(Prompts::load(settings.models.prompts_dir.as_deref())?);
    let active = settings.providers.iter().filter(|provider| provider.active);
    let providers =
        active.map(|provider| Ok(Provider { generator: generator(provider, &prompts)?, settings: provider.clone() }));
    let providers = providers.collect::<Result<_, Failure>>()?;
    Ok(Catalog::new(settings.default_model().map(str::to_owned), providers))
}

fn generator(provider: &config::Provider, prompts: &Arc<Prompts>) -> Result<Arc<dyn ScriptGenerator>, Failure> {
    let writer = |model: Arc<dyn ChatModel>| Arc::new(ScriptWriter::new(model, Arc::clone(prompts)));
    Ok(match &provider.kind {
        ProviderKind::Builtin { words_per_second } => {
            Arc::new(PlaceholderGenerator::new(Writer::new()?, *words_per_second))
        }
        ProviderKind::OpenAi(settings) => writer(openai(&provider.name, settings)),
    })
}
