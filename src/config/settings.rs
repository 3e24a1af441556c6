//! All settings together, and how they are loaded.

use super::cli::Cli;
use super::document::Document;
use super::episodes::{Episodes, EpisodesKind};
use super::fault::Faults;
use super::layers::{self, File, cover};
use super::providers::{self, Provider};
use super::sections::{Jobs, Log, Models, Sse, Store, StoreKind};
use super::server::{Cors, Limits, Server};
use super::variables::Environment;

/// The service's settings, typed and within their bounds.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where and how the service listens.
    pub server: Server,
    /// Which web pages may call it.
    pub cors: Cors,
    /// Bounds of requests and connections.
    pub limits: Limits,
    /// How events reach their readers.
    pub sse: Sse,
    /// How many jobs there may be, how they run and how long they are kept.
    pub jobs: Jobs,
    /// The default model and the prompts.
    pub models: Models,
    /// Who serves which models, in order of precedence; inactive ones included.
    pub providers: Vec<Provider>,
    /// Where jobs are kept.
    pub store: Store,
    /// Where finished scripts are saved.
    pub episodes: Episodes,
    /// What is logged.
    pub log: Log,
}

impl Settings {
    /// Loads the settings: defaults, then the configuration file, then `environment`, then the flags.
    ///
    /// Variables that are not UTF-8 may be passed with replacement characters (see [`process_environment`]); they are refused
    /// if they set a key.
    ///
    /// # Errors
    /// All faults at once; none of them shows a secret.
    pub fn load(cli: &Cli, environment: impl Iterator<Item = (String, String)>) -> Result<Self, Faults> {
        let environment = environment.collect();
        let file = File::read(cli, &environment);
        Self::from_layers(cli, file, &environment)
    }

    /// The first active provider, whose default model counts.
    pub fn first_provider(&self) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.active)
    }

    /// The model for jobs that name none; `None` if every job must name one.
    pub fn default_model(&self) -> Option<&str> {
        let of_provider = || self.first_provider()?.default_model.as_ref().map(|default| default.name.as_str());
        self.models.default.as_deref().or_else(of_provider)
    }

    pub(super) fn from_layers(cli: &Cli, file: Option<File>, environment: &Environment) -> Result<Self, Faults> {
        let mut document = merge(cli, file, environment);
        Self::read(&mut document, environment)
    }

    pub(super) fn read(document: &mut Document, environment: &Environment) -> Result<Self, Faults> {
        let server = Server::read(document);
        let cors = Cors::read(document);
        let limits = Limits::read(document);
        let sse = Sse::read(document);
        let episodes = Episodes::read(document, environment);
        let preview_interval = sse.as_ref().ok().map(|(_, preview_interval)| *preview_interval);
        let save_timeout = episodes.as_ref().ok().map(|episodes| episodes.save_timeout);
        let jobs = Jobs::read(document, preview_interval, save_timeout);
        let models = Models::read(document);
        let providers = providers::read(document, environment);
        let store = Store::read(document, environment);
        let log = Log::read(document);
        document.refuse_unknown();
        if let (Ok((models, written_at)), Ok(providers)) = (&models, &providers)
            // A file that could not be read may define the missing provider.
            && !document.faults.concern("config")
            && !document.faults.concern("providers")
            && let Some(fault) =
                providers::unserved(providers, models.default.as_deref().map(|name| (name, written_at)))
        {
            document.faults.push(fault);
        }
        if let (Ok(Store { kind: StoreKind::Nats(_) }), Ok(Episodes { kind: EpisodesKind::Embedded, .. })) =
            (&store, &episodes)
        {
            let reason =
                "instances that share a store need a shared place for episodes, too; use \"chroma\" or \"remote\"";
            let mut section = document.section("episodes");
            let origin = section.origin_of("kind");
            section.fault("kind", Some("\"embedded\"".to_owned()), origin, reason.to_owned());
        }
        let read = || {
            Ok(Self {
                server: server?,
                cors: cors?,
                limits: limits?,
                sse: sse?.0,
                jobs: jobs?,
                models: models?.0,
                providers: providers?.0,
                store: store?,
                episodes: episodes?,
                log: log?,
            })
        };
        let faults = std::mem::take(&mut document.faults);
        match read() {
            Ok(settings) if faults.is_empty() => Ok(settings),
            Ok(_) | Err(super::document::Faulty) => Err(faults),
        }
    }
}

pub(super) fn merge(cli: &Cli, file: Option<File>, environment: &Environment) -> Document {
    let mut faults = Faults::default();
    let mut root = layers::defaults();
    if let Some(file) = file {
        let table = layers::file(file, &mut faults);
        cover(&mut root, table, &mut faults);
    }
    for table in layers::environment(environment, &mut faults) {
        cover(&mut root, table, &mut faults);
    }
    cover(&mut root, layers::flags(cli), &mut faults);
    Document::new(root, faults)
}

/// The process's environment for [`Settings::load`]; unlike [`std::env::vars`] it does not panic on what is not UTF-8.
pub fn process_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
}
