//! Which models there are, and who serves each.

use std::sync::Arc;

use derive_more::{Display, Error};

use super::ScriptGenerator;

/// The models there are, and who serves each.
pub trait ModelCatalog: Send + Sync + 'static {
    /// The model of jobs that name none; `None` where each must name one.
    fn default_model(&self) -> Option<&str>;

    /// Who serves `model`.
    ///
    /// # Errors
    /// No active provider serves that name.
    fn route(&self, model: &str) -> Result<Route, UnknownModel>;

    /// What can be asked for, in the order in which providers are asked.
    fn offer(&self) -> ModelOffer;
}

/// A model's name and the generator that serves it.
#[derive(Clone)]
pub struct Route {
    /// The name to write into the brief.
    pub model: String,
    /// Who writes.
    pub generator: Arc<dyn ScriptGenerator>,
}

/// All that active providers serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelOffer {
    /// By name, each once; the default is one of them if there is one.
    pub models: Vec<OfferedModel>,
    /// By beginning (`prefix*`), each once.
    pub patterns: Vec<OfferedPattern>,
}

/// A model that can be asked for by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedModel {
    /// Its name.
    pub name: String,
    /// Who serves it.
    pub provider: String,
    /// Whether jobs that name no model get it.
    pub is_default: bool,
}

/// Models that can be asked for by any name that begins so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedPattern {
    /// As configured, with its `*`.
    pub pattern: String,
    /// Who serves them.
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
    /// What was asked for.
    pub model: String,
    /// The names and patterns (`prefix*`) that active providers serve.
    pub known: Vec<String>,
}
