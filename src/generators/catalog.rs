//! Which provider serves which model.

use std::{collections::HashSet, sync::Arc};

use generation_actors::ports::{ModelCatalog, ModelOffer, OfferedModel, OfferedPattern, Route, ScriptGenerator, UnknownModel};

use crate::config::{self, ModelPattern};

/// Active providers in the order they are asked: the first one that serves a model gets the job. A provider always serves its
/// own default model, whatever patterns come before it.
pub struct Catalog {
    default_model: Option<String>,
    providers: Vec<Provider>,
}

/// One source of scripts.
pub struct Provider {
    /// Its name and the models it serves; an active one.
    pub settings: config::Provider,
    /// What writes.
    pub generator: Arc<dyn ScriptGenerator>,
}

impl Catalog {
    /// Lists `providers` in this order; jobs that name no model get `default_model`.
    pub fn new(default_model: Option<String>, providers: Vec<Provider>) -> Self {
        Self { default_model, providers }
    }

    fn server_of(&self, model: &str) -> Option<&Provider> {
        let by_default = self.providers.iter().find(|provider| provider.settings.is_default(model));
        by_default.or_else(|| self.providers.iter().find(|provider| provider.settings.serves(model)))
    }

    /// Every model named in full, by a provider or as the default, once each.
    fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for Provider { settings, .. } in &self.providers {
            names.extend(settings.default_model.as_ref().map(|default| default.name.as_str()));
            names.extend(settings.models.iter().filter_map(ModelPattern::exact));
        }
        names.extend(self.default_model.as_deref());
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(*name));
        names
    }
}

impl ModelCatalog for Catalog {
    fn default_model(&self) -> Option<&str> {
        self.default_model.as_deref()
    }

    fn route(&self, model: &str) -> Result<Route, UnknownModel> {
        match self.server_of(model) {
            Some(provider) => Ok(Route { model: model.to_owned(), generator: Arc::clone(&provider.generator) }),
            None => Err(UnknownModel { model: model.to_owned(), known: self.offer().names() }),
        }
    }

    fn offer(&self) -> ModelOffer {
        let offered = |name: &str| {
            // Not always the provider that lists it: an earlier one may match the name.
            let provider = self.server_of(name)?.settings.name.clone();
            let is_default = self.default_model.as_deref() == Some(name);
            Some(OfferedModel { name: name.to_owned(), provider, is_default })
        };
        let mut patterns: Vec<OfferedPattern> = Vec::new();
        for Provider { settings, .. } in &self.providers {
            for pattern in settings.models.iter().filter(|pattern| pattern.exact().is_none()) {
                let pattern = pattern.to_string();
                if !patterns.iter().any(|known| known.pattern == pattern) {
                    patterns.push(OfferedPattern { pattern, provider: settings.name.clone() });
                }
            }
        }
        ModelOffer { models: self.names().into_iter().filter_map(offered).collect(), patterns }
    }
}

#[cfg(test)]
mod tests {
    use generation_actors::ports::{GenerationRequest, GenerationStream};

    use super::*;
    use crate::config::{DefaultModel, ProviderKind};

    /// Not zero-sized, so that each one has an address of its own.
    struct Silent(#[expect(dead_code, reason = "gives it a size")] u8);

    impl ScriptGenerator for Silent {
        fn generate(&self, _: GenerationRequest) -> GenerationStream {
            Box::pin(futures_util::stream::empty())
        }
    }

    fn provider(name: &str, default_model: Option<&str>, models: &[&str]) -> Provider {
        let pattern = |model: &&str| match model.strip_suffix('*') {
            Some(prefix) => ModelPattern::Prefix(prefix.into()),
            None => ModelPattern::Exact((*model).into()),
        };
        let settings = config::Provider {
            name: name.into(),
            default_model: default_model.map(|name| DefaultModel { name: name.into(), variable: None }),
            default_model_env: None,
            models: models.iter().map(pattern).collect(),
            active: true,
            kind: ProviderKind::Builtin { words_per_second: 0 },
        };
        Provider { settings, generator: Arc::new(Silent(0)) }
    }

    fn catalog(default_model: &str, providers: Vec<Provider>) -> Catalog {
        Catalog::new(Some(default_model.into()), providers)
    }

    /// The name of the provider whose generator serves `model`.
    fn server<'a>(catalog: &'a Catalog, model: &str) -> Option<&'a str> {
        let route = catalog.route(model).ok()?;
        let serving =
            |provider: &&Provider| std::ptr::addr_eq(Arc::as_ptr(&provider.generator), Arc::as_ptr(&route.generator));
        catalog.providers.iter().find(serving).map(|provider| provider.settings.name.as_str())
    }

    #[test]
    fn the_first_provider_that_matches_serves() {
        let providers = vec![provider("remote", None, &["gpt-*"]), provider("builtin", None, &["*"])];
        let catalog = catalog("gpt-4", providers);
        assert_eq!(server(&catalog, "gpt-4"), Some("remote"));
        assert_eq!(server(&catalog, catalog.default_model().unwrap()), Some("remote"));
        assert_eq!(server(&catalog, "anything"), Some("builtin"));
        assert_eq!(catalog.route("anything").ok().map(|route| route.model).as_deref(), Some("anything"));
    }

    #[test]
    fn a_providers_default_model_is_its_own_whatever_patterns_say() {
        let providers = vec![
            provider("all", None, &["*"]),
            provider("remote", Some("special"), &["gpt-*"]),
            provider("builtin", Some("builtin"), &["*"]),
        ];
        let catalog = Catalog::new(None, providers);
        assert_eq!(server(&catalog, "special"), Some("remote"));
        assert_eq!(server(&catalog, "builtin"), Some("builtin"));
        assert_eq!(server(&catalog, "gpt-4"), Some("all"));
        assert_eq!(catalog.default_model(), None);
    }

    #[test]
    fn an_exact_name_is_no_prefix() {
        let catalog = catalog("small", vec![provider("local", None, &["small"])]);
        assert!(catalog.route("small").is_ok());
        assert!(catalog.route("smaller").is_err());
    }

    #[test]
    fn an_unknown_model_is_told_what_there_is_once_each() {
        let providers = vec![provider("one", None, &["gpt-*", "a"]), provider("two", Some("c"), &["a", "b", "gpt-*"])];
        let unknown = catalog("a", providers).route("llama").err().unwrap();
        let known = ["a", "c", "b", "gpt-*"].map(String::from).into();
        assert_eq!(unknown, UnknownModel { model: "llama".into(), known });
    }

    #[test]
    fn names_and_patterns_are_offered_by_whoever_serves_them() {
        let providers = vec![
            provider("openai", Some("gpt-b"), &["gpt-*", "o*"]),
            provider("local", None, &["gpt-a", "llama"]),
            provider("builtin", Some("builtin"), &["o*", "*"]),
        ];
        let offer = catalog("draft", providers).offer();
        let models: Vec<_> =
            offer.models.iter().map(|m| (m.name.as_str(), m.provider.as_str(), m.is_default)).collect();
        assert_eq!(
            models,
            [
                ("gpt-b", "openai", false),
                ("gpt-a", "openai", false),
                ("llama", "local", false),
                ("builtin", "builtin", false),
                ("draft", "builtin", true),
            ]
        );
        let patterns: Vec<_> = offer.patterns.iter().map(|p| (p.pattern.as_str(), p.provider.as_str())).collect();
        assert_eq!(patterns, [("gpt-*", "openai"), ("o*", "openai"), ("*", "builtin")]);
    }
}
