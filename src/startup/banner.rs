//! What the service says once it listens.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
};

use crate::config::{EpisodesKind, Provider, ProviderKind, Settings};

/// Where it listens, what it keeps where, who writes, and how to try it.
pub(super) fn print(address: SocketAddr, settings: &Settings) {
    let _nobody_reads = io::stdout().write_all(text(address, settings).as_bytes());
}

fn text(address: SocketAddr, settings: &Settings) -> String {
    let data = &settings.server.data_dir;
    let data = data.canonicalize().unwrap_or_else(|_| data.clone());
    let models: String = settings.providers.iter().map(|provider| format!("  {}\n", model_line(provider))).collect();
    // An address for a browser: nobody can open 0.0.0.0.
    let here =
        if address.ip().is_unspecified() { format!("127.0.0.1:{}", address.port()) } else { address.to_string() };
    format!(
        "generation-service {version} listens on http://{address}\n\
         Jobs: SQLite in {data}\n\
         Episodes: {episodes}\n\
         Models (default {default}):\n{models}\
         Open http://{here}/ or paste:\n  \
         curl -X POST http://{here}/api/v1/generations -H 'Content-Type: application/json' \
         -d '{{\"projectId\":\"demo\",\"description\":\"비 오는 밤의 카페\"}}'\n",
        version = env!("CARGO_PKG_VERSION"),
        data = data.display(),
        episodes = episodes_line(&settings.episodes.kind),
        default = settings.models.default,
    )
}

fn episodes_line(kind: &EpisodesKind) -> String {
    match kind {
        EpisodesKind::Embedded => "in the same database".to_owned(),
        EpisodesKind::Chroma(chroma) => format!("Chroma at {}, collection {}", chroma.url, chroma.collection),
        EpisodesKind::Remote { url, .. } => format!("the Episode API at {url}"),
    }
}

fn model_line(provider: &Provider) -> String {
    let patterns: Vec<String> = provider.models.iter().map(ToString::to_string).collect();
    let patterns = patterns.join(", ");
    let name = &provider.name;
    match &provider.kind {
        ProviderKind::Builtin { .. } => format!("{name}: {patterns} (built-in placeholder drafts)"),
        ProviderKind::OpenAi(openai) if provider.active => format!("{name}: {patterns} at {}", openai.base_url),
        ProviderKind::OpenAi(openai) => {
            let variable = openai.api_key_env.as_deref().unwrap_or_default();
            format!("{name}: {patterns} once {variable} is set")
        }
    }
}
