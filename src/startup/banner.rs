//! What the service prints once it listens.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
};

use crate::config::{EpisodesKind, Provider, Settings, StoreKind};

/// Prints the address, the storage, the models, and how to try the service.
pub(super) fn print(address: SocketAddr, settings: &Settings) {
    let _nobody_reads = io::stdout().write_all(text(address, settings).as_bytes());
}

fn text(address: SocketAddr, settings: &Settings) -> String {
    let models: String = settings.providers.iter().map(|provider| format!("  {}\n", model_line(provider))).collect();
    // An address that a browser can open, unlike 0.0.0.0.
    let here =
        if address.ip().is_unspecified() { format!("127.0.0.1:{}", address.port()) } else { address.to_string() };
    let (default, named) = match settings.default_model() {
        Some(_) => (default_line(settings), ""),
        None => (no_default_line(settings), ",\"model\":\"…\""),
    };
    format!(
        "generation-service {version} listens on http://{address}\n\
         Jobs: {jobs}\n\
         Episodes: {episodes}\n\
         Models:\n{models}\
         Default model: {default}\n\
         Open http://{here}/ or paste:\n  \
         curl -X POST http://{here}/api/v1/generations -H 'Content-Type: application/json' \
         -d '{{\"projectId\":\"demo\",\"description\":\"비 오는 밤의 카페\"{named}}}'\n",
        version = env!("CARGO_PKG_VERSION"),
        jobs = jobs_line(settings),
        episodes = episodes_line(&settings.episodes.kind),
    )
}

/// The model of jobs that name none, and where it comes from.
fn default_line(settings: &Settings) -> String {
    if let Some(name) = &settings.models.default {
        return format!("{name} (models.default)");
    }
    let Some((provider, default)) = settings.first_provider().and_then(|p| Some((p, p.default_model.as_ref()?))) else {
        return no_default_line(settings);
    };
    match &default.variable {
        Some(variable) => format!("{} ({variable})", default.name),
        None => format!("{} (default_model of {}, the first active provider)", default.name, provider.name),
    }
}

/// What to set for a default model.
fn no_default_line(settings: &Settings) -> String {
    let provider = settings.first_provider();
    let how = match provider.and_then(|provider| Some((provider, provider.default_model_env.as_deref()?))) {
        Some((provider, variable)) => match provider.kind.server() {
            Some(server) => format!("set {variable} to one that {} serves", server.base_url),
            None => format!("set {variable}"),
        },
        None => "set models.default, or default_model of the first active provider".to_owned(),
    };
    format!("NONE, jobs that name no model are refused; {how}")
}

fn jobs_line(settings: &Settings) -> String {
    match &settings.store.kind {
        StoreKind::Sqlite => {
            let data = &settings.server.data_dir;
            let data = data.canonicalize().unwrap_or_else(|_| data.clone());
            format!("SQLite in {}", data.display())
        }
        StoreKind::Nats(nats) => format!("NATS at {}, prefix {}", nats.addresses(), nats.prefix),
    }
}

fn episodes_line(kind: &EpisodesKind) -> String {
    match kind {
        EpisodesKind::Embedded => "in the same database".to_owned(),
        EpisodesKind::Chroma(chroma) => format!("Chroma at {}, collection {}", chroma.url, chroma.collection),
        EpisodesKind::Remote(api) => format!("the Episode API at {}", api.url),
    }
}

fn model_line(provider: &Provider) -> String {
    let patterns: Vec<String> = provider.models.iter().map(ToString::to_string).collect();
    let patterns = patterns.join(", ");
    let name = &provider.name;
    match provider.kind.server() {
        None => format!("{name}: {patterns} (built-in placeholder drafts)"),
        Some(server) if provider.active => format!("{name}: {patterns} at {}", server.base_url),
        Some(server) => {
            let variable = server.api_key_env.as_deref().unwrap_or_default();
            format!("{name}: {patterns} once {variable} is set")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Cli;

    fn default_of(variables: &[(&str, &str)]) -> String {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::load(&Cli::default(), variables).expect("valid");
        let text = text(([127, 0, 0, 1], 8000).into(), &settings);
        text.lines().find_map(|line| line.strip_prefix("Default model: ")).expect("a line about it").to_owned()
    }

    #[test]
    fn the_default_model_is_shown_with_its_origin_or_with_what_to_set() {
        let key = ("OPENAI_API_KEY", "x");
        let elsewhere = ("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1");
        assert_eq!(default_of(&[]), "builtin (default_model of builtin, the first active provider)");
        assert!(default_of(&[key]).ends_with(" (default_model of openai, the first active provider)"));
        assert!(default_of(&[key]).starts_with("gpt-"));
        assert_eq!(default_of(&[key, elsewhere, ("OPENAI_MODEL", "qwen3")]), "qwen3 (OPENAI_MODEL)");
        assert_eq!(default_of(&[key, ("GENERATION__MODELS__DEFAULT", "gpt-4o")]), "gpt-4o (models.default)");
        assert_eq!(
            default_of(&[key, elsewhere]),
            "NONE, jobs that name no model are refused; set OPENAI_MODEL to one that http://127.0.0.1:11434/v1 serves"
        );
        let unnamed = r#"[{ name = "a", kind = "openai", models = ["m"], base_url = "http://localhost" }]"#;
        assert!(default_of(&[("GENERATION__PROVIDERS", unnamed)]).contains("set models.default"));
    }
}
