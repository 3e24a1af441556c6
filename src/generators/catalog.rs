//! Who serves which model.

use std::{fmt, sync::Arc};

use generation_actors::ports::{ModelCatalog, Route, ScriptGenerator, UnknownModel};

/// Providers in the order in which they are asked: the first that serves a model gets the job.
pub struct Catalog {
    default_model: String,
    providers: Vec<Provider>,
}

/// One source of scripts and the models it serves.
pub struct Provider {
    /// As it appears in logs.
    pub name: String,
    /// The models it serves.
    pub models: Vec<Pattern>,
    /// What writes.
    pub generator: Arc<dyn ScriptGenerator>,
}

/// A model's name, or what names begin with; displayed as in the configuration (`name`, `prefix*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// This very name.
    Exact(String),
    /// Every name that begins so; every name at all if empty.
    Prefix(String),
}

impl Catalog {
    /// A catalogue of active providers; `default_model` is for jobs that name no model.
    pub fn new(default_model: impl Into<String>, providers: Vec<Provider>) -> Self {
        Self { default_model: default_model.into(), providers }
    }

    /// For each provider, in the order in which they are asked, its name and the models it serves.
    pub fn served(&self) -> impl Iterator<Item = (&str, &[Pattern])> {
        self.providers.iter().map(|provider| (provider.name.as_str(), provider.models.as_slice()))
    }

    fn known(&self) -> Vec<String> {
        let mut known: Vec<String> = Vec::new();
        for pattern in self.providers.iter().flat_map(|provider| &provider.models) {
            let pattern = pattern.to_string();
            if !known.contains(&pattern) {
                known.push(pattern);
            }
        }
        known
    }
}

/// One line for the start: `openai: gpt-*, o*; builtin: *; default builtin`.
impl fmt::Display for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, models) in self.served() {
            let models: Vec<String> = models.iter().map(Pattern::to_string).collect();
            write!(f, "{name}: {}; ", models.join(", "))?;
        }
        write!(f, "default {}", self.default_model)
    }
}

impl ModelCatalog for Catalog {
    fn route(&self, model: Option<&str>) -> Result<Route, UnknownModel> {
        let model = model.unwrap_or(&self.default_model);
        let serves = |provider: &&Provider| provider.models.iter().any(|pattern| pattern.matches(model));
        match self.providers.iter().find(serves) {
            Some(provider) => Ok(Route { model: model.to_owned(), generator: Arc::clone(&provider.generator) }),
            None => Err(UnknownModel { model: model.to_owned(), known: self.known() }),
        }
    }
}

impl Pattern {
    /// Whether `model` is meant.
    pub fn matches(&self, model: &str) -> bool {
        match self {
            Self::Exact(name) => name == model,
            Self::Prefix(prefix) => model.starts_with(prefix.as_str()),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use generation_actors::ports::{GenerationRequest, GenerationStream};

    use super::*;

    /// Not zero-sized, so that each one has an address of its own.
    struct Silent(#[expect(dead_code, reason = "gives it a size")] u8);

    impl ScriptGenerator for Silent {
        fn generate(&self, _: GenerationRequest) -> GenerationStream {
            Box::pin(futures_util::stream::empty())
        }
    }

    fn provider(name: &str, models: &[&str]) -> Provider {
        let pattern = |model: &&str| match model.strip_suffix('*') {
            Some(prefix) => Pattern::Prefix(prefix.into()),
            None => Pattern::Exact((*model).into()),
        };
        Provider { name: name.into(), models: models.iter().map(pattern).collect(), generator: Arc::new(Silent(0)) }
    }

    /// The name of the provider whose generator serves `model`.
    fn server<'a>(catalog: &'a Catalog, model: Option<&str>) -> Option<&'a str> {
        let route = catalog.route(model).ok()?;
        let serving =
            |provider: &&Provider| std::ptr::addr_eq(Arc::as_ptr(&provider.generator), Arc::as_ptr(&route.generator));
        catalog.providers.iter().find(serving).map(|provider| provider.name.as_str())
    }

    #[test]
    fn the_first_provider_that_matches_serves() {
        let catalog = Catalog::new("gpt-4", vec![provider("remote", &["gpt-*"]), provider("builtin", &["*"])]);
        assert_eq!(server(&catalog, Some("gpt-4")), Some("remote"));
        assert_eq!(server(&catalog, None), Some("remote"));
        assert_eq!(server(&catalog, Some("anything")), Some("builtin"));
        assert_eq!(catalog.route(None).ok().map(|route| route.model).as_deref(), Some("gpt-4"));
        assert_eq!(catalog.route(Some("anything")).ok().map(|route| route.model).as_deref(), Some("anything"));
    }

    #[test]
    fn an_exact_name_is_no_prefix() {
        let catalog = Catalog::new("small", vec![provider("local", &["small"])]);
        assert!(catalog.route(Some("small")).is_ok());
        assert!(catalog.route(Some("smaller")).is_err());
    }

    #[test]
    fn an_unknown_model_is_told_what_there_is_once_each() {
        let catalog = Catalog::new("a", vec![provider("one", &["gpt-*", "a"]), provider("two", &["a", "b"])]);
        let unknown = catalog.route(Some("llama")).err().unwrap();
        assert_eq!(
            unknown,
            UnknownModel { model: "llama".into(), known: vec!["gpt-*".into(), "a".into(), "b".into()] }
        );
    }

    #[test]
    fn says_in_a_line_who_serves_what() {
        let catalog = Catalog::new("builtin", vec![provider("openai", &["gpt-*", "o*"]), provider("builtin", &["*"])]);
        assert_eq!(catalog.to_string(), "openai: gpt-*, o*; builtin: *; default builtin");
    }
}
