use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use generation_actors::{
    job::JobSettings,
    registry::{Bound, RegistrySettings},
};
use log::LevelFilter;

use super::super::*;
use super::*;
use crate::config::layers::DEFAULTS;
use crate::config::server::cores;
use crate::config::settings::merge;

const PRODUCTION: &str = include_str!("../../../config/production.toml");

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn defaults_are_the_documented_ones() {
    let settings = Settings::load(&Cli::default(), std::iter::empty()).unwrap();
    let expected = Settings {
        server: Server {
            host: "127.0.0.1".into(),
            port: 8000,
            workers: cores(),
            public_url: None,
            data_dir: PathBuf::from("data"),
            trusted_proxies: vec![],
            allowed_hosts: vec![],
            drain_delay: seconds(1),
            shutdown_timeout: seconds(30),
        },
        cors: Cors { allowed_origins: AllowedOrigins::Any },
        limits: Limits {
            max_body: 256 * 1024,
            head_timeout: seconds(10),
            body_timeout: seconds(30),
            keep_alive: seconds(75),
        },
        sse: Sse {
            heartbeat: seconds(30),
            keep_alive: seconds(15),
            retry: seconds(3),
            write_timeout: seconds(30),
            max_connections: 0,
        },
        jobs: Jobs {
            registry: RegistrySettings {
                max_streaming: 256,
                max_queued: 10_000,
                retention: seconds(3600),
                keep: Bound { jobs: 100_000, bytes: 4 * 1024 * 1024 * 1024 },
                resume: true,
                max_attempts: 3,
                arbiters: cores(),
                job: JobSettings {
                    preview_interval: Duration::from_millis(500),
                    checkpoint_interval: seconds(1),
                    timeout: seconds(600),
                    save_timeout: seconds(10),
                    shared: false,
                },
            },
        },
        models: Models { default: None, prompts_dir: None },
        providers: vec![
            Provider {
                name: "openai".into(),
                models: ["gpt-", "o", "chatgpt-"].map(|prefix| ModelPattern::Prefix(prefix.into())).into(),
                default_model: Some(DefaultModel { name: "gpt-5.4-mini".into(), variable: None }),
                default_model_env: Some("OPENAI_MODEL".into()),
                active: false,
                kind: ProviderKind::OpenAi(Box::new(OpenAi {
                    server: ChatServer {
                        base_url: "https://api.openai.com/v1".into(),
                        api_key_env: Some("OPENAI_API_KEY".into()),
                        api_key: None,
                        max_tokens: None,
                        connect_timeout: seconds(5),
                        head_timeout: seconds(120),
                        first_token_timeout: seconds(120),
                        idle_timeout: seconds(90),
                        retries: 2,
                    },
                    tokens_field: None,
                })),
            },
            Provider {
                name: "builtin".into(),
                models: vec![ModelPattern::Prefix(String::new())],
                default_model: Some(DefaultModel { name: "builtin".into(), variable: None }),
                default_model_env: None,
                active: true,
                kind: ProviderKind::Builtin { words_per_second: 40 },
            },
        ],
        store: Store { kind: StoreKind::Sqlite },
        episodes: Episodes { kind: EpisodesKind::Embedded, save_timeout: seconds(10) },
        log: Log { level: LevelFilter::Info },
    };
    // The settings cannot be compared as values: secrets have no equality.
    assert_eq!(format!("{settings:#?}"), format!("{expected:#?}"));
}

/// The defaults with their examples (`#key = value`) made real; `prompts_dir` names a folder that exists.
fn documented() -> String {
    let is_example = |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase()) && line.contains(" = ");
    let line = |line: &str| match line.strip_prefix('#') {
        Some(example) if is_example(example) => example.to_owned(),
        _ => line.to_owned(),
    };
    let folder = std::env::temp_dir().display().to_string();
    DEFAULTS
        .lines()
        .map(|text| line(text) + "\n")
        .collect::<String>()
        .replace("/etc/generation-service/prompts", &folder)
}

#[test]
fn every_key_is_documented_and_every_documented_key_is_known() {
    let documented = documented();
    let environment = environment(&[]);
    let mut document = merge(&Cli::default(), Some(file(documented.clone())), &environment);
    Settings::read(&mut document, &environment).unwrap();
    let table: toml::Table = toml::from_str(&documented).unwrap();
    let mut keys = BTreeSet::new();
    for (section, value) in &table {
        let tables = value.as_array().map_or_else(|| vec![value], |items| items.iter().collect());
        tables.into_iter().for_each(|table| collect(section, table, &mut keys));
    }
    assert_eq!(document.known_keys(), keys);
}

fn collect(path: &str, table: &toml::Value, keys: &mut BTreeSet<String>) {
    for (key, value) in table.as_table().unwrap() {
        let key = format!("{path}.{key}");
        if value.is_table() {
            collect(&key, value, keys);
        }
        keys.insert(key);
    }
}

#[test]
fn every_documented_key_has_a_comment_of_its_own() {
    let mut uncommented = vec![];
    let mut before = "";
    let first_builtin = DEFAULTS.find("name = \"builtin\"").unwrap();
    let mut at = 0;
    for line in DEFAULTS.lines() {
        let key = line.trim_start_matches('#').split_once(" = ").map(|(key, _)| key);
        let is_key = key.is_some_and(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        // The second provider repeats keys the first one explains.
        let repeated = at >= first_builtin && matches!(key, Some("name" | "models"));
        if is_key && !repeated && !before.starts_with("# ") {
            uncommented.push(line);
        }
        before = line;
        at += line.len() + 1;
    }
    assert_eq!(uncommented, Vec::<&str>::new());
}

#[test]
fn provider_defaults_are_those_shown_in_the_documentation() {
    let bare = "[[providers]]\nname = \"openai\"\nkind = \"openai\"\nmodels = [\"gpt-*\", \"o*\", \"chatgpt-*\"]\n\
                default_model = \"gpt-5.4-mini\"\ndefault_model_env = \"OPENAI_MODEL\"\n\
                base_url = \"https://api.openai.com/v1\"\napi_key_env = \"OPENAI_API_KEY\"\n\
                [[providers]]\nname = \"builtin\"\nkind = \"builtin\"\nmodels = [\"*\"]\n";
    let documented = Settings::load(&Cli::default(), std::iter::empty()).unwrap();
    let bare = load(bare, &[]).unwrap();
    assert_eq!(format!("{:#?}", bare.providers), format!("{:#?}", documented.providers));
}

#[test]
fn production_example_is_valid_once_its_key_is_set() {
    let settings = load(PRODUCTION, &[("OPENAI_API_KEY", "sk-test")]).unwrap();
    assert_eq!(settings.server.public_url.as_deref(), Some("https://scripts.example.com"));
    assert!(settings.server.trusted_proxies.iter().any(|network| network.contains(&IpAddr::from([127, 0, 0, 1]))));
    let default = settings.default_model().expect("a default");
    assert!(settings.providers.iter().any(|provider| provider.serves(default)));
}

#[test]
fn production_example_says_which_key_is_missing() {
    let faults = faults(PRODUCTION, &[]);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("providers (test.toml:"), "{faults:?}");
    assert!(faults[0].contains("OPENAI_API_KEY"), "{faults:?}");
}
