//! The available models and the providers that serve them.

use std::sync::Arc;

use derive_more::{Display, Error};

use super::ScriptGenerator;

/// The available models and the providers that serve them.
pub trait ModelCatalog: Send + Sync + 'static {
    /// The model of jobs that name none; `None` if every job must name one.
    fn default_model(&self) -> Option<&str>;

    /// Finds the generator that serves `model`.
    ///
    /// # Errors
    /// No active provider serves that name.
    fn route(&self, model: &str) -> Result<Route, UnknownModel>;

    /// Lists what clients can request, in the order in which providers are tried.
    fn offer(&self) -> ModelOffer;
}

/// A model's name and the generator that serves it.
#[derive(Clone)]
pub struct Route {
    /// The model name for the brief.
    pub model: String,
    /// The generator.
    pub generator: Arc<dyn ScriptGenerator>,
}

/// Everything that active providers serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelOffer {
    /// Models by name, each once. They include the default, if there is one.
    pub models: Vec<OfferedModel>,
    /// Models by prefix (`prefix*`), each pattern once.
    pub patterns: Vec<OfferedPattern>,
}

/// A model that can be requested by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedModel {
    /// Its name.
    pub name: String,
    /// The provider that serves it.
    pub provider: String,
    /// Whether jobs that name no model use this one.
    pub is_default: bool,
}

/// Models that can be requested by any name with this prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedPattern {
    /// The pattern as configured, with its `*`.
    pub pattern: String,
    /// The provider that serves them.
    pub provider: String,
}

impl ModelOffer {
    /// All names and patterns.
    pub fn names(&self) -> Vec<String> {
        let models = self.models.iter().map(|model| model.name.clone());
        models.chain(self.patterns.iter().map(|pattern| pattern.pattern.clone())).collect()
    }
}

/// No active provider serves the model.
#[derive(Debug, Clone, PartialEq, Eq, Display, Error)]
#[display("no provider serves the model `{model}`; there are: {}", known.join(", "))]
pub struct UnknownModel {
    /// The requested model.
    pub model: String,
    /// The names and patterns (`prefix*`) that active providers serve.
    pub known: Vec<String>,
}
