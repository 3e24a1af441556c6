//! A catalog in which one generator serves every model but `gone`.

use std::sync::Arc;

use super::ScriptedGenerator;
use crate::ports::{ModelCatalog, ModelOffer, Route, UnknownModel};

pub(crate) struct OneGenerator(pub(crate) ScriptedGenerator);

impl ModelCatalog for OneGenerator {
    fn default_model(&self) -> Option<&str> {
        None
    }

    fn route(&self, model: &str) -> Result<Route, UnknownModel> {
        if model == "gone" {
            return Err(UnknownModel { model: model.into(), known: vec!["builtin".into()] });
        }
        Ok(Route { model: model.into(), generator: Arc::new(self.0.clone()) })
    }

    fn offer(&self) -> ModelOffer {
        ModelOffer { models: Vec::new(), patterns: Vec::new() }
    }
}
