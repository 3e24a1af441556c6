use std::io::Write;
use std::time::Duration;

use super::super::{AllowedOrigins, ModelPattern};
use super::*;

fn cli(config: Option<&str>, port: Option<&str>) -> Cli {
    Cli { config: config.map(Into::into), port: port.map(Into::into), ..Cli::default() }
}

#[test]
fn flag_wins_over_environment_over_file_over_default() {
    let content = "[server]\nport = 1\nworkers = 3\n[sse]\nretry = \"1s\"";
    let port = |file: Option<&str>, variables: &[(&str, &str)], flag| {
        let file = file.map(super::file);
        Settings::from_layers(&cli(None, flag), file, &environment(variables)).unwrap().server.port
    };
    let variable = [("GENERATION__SERVER__PORT", "2")];
    assert_eq!(port(None, &[], None), 8000);
    assert_eq!(port(Some(content), &[], None), 1);
    assert_eq!(port(Some(content), &variable, None), 2);
    assert_eq!(port(Some(content), &variable, Some("3")), 3);
    assert_eq!(port(None, &[], Some("3")), 3);
}

#[test]
fn layers_are_merged_key_by_key() {
    let settings = load("[sse]\nretry = \"1s\"", &[("GENERATION__SSE__HEARTBEAT", "5s")]).unwrap();
    assert_eq!(settings.sse.retry, Duration::from_secs(1));
    assert_eq!(settings.sse.heartbeat, Duration::from_secs(5));
    assert_eq!(settings.sse.keep_alive, Duration::from_secs(15));
}

#[test]
fn every_flag_sets_its_key() {
    let cli = Cli { host: Some("::".into()), data_dir: Some("/srv/x".into()), ..cli(None, Some("0")) };
    let server = Settings::load(&cli, std::iter::empty()).unwrap().server;
    assert_eq!((server.host.as_str(), server.port), ("::", 0));
    assert_eq!(server.data_dir.to_str(), Some("/srv/x"));
}

#[test]
fn flag_names_the_file_and_else_the_variable() {
    let mut files = [1, 2].map(|port| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "[server]\nport = {port}").unwrap();
        file
    });
    let paths = files.each_mut().map(|file| file.path().to_str().unwrap().to_owned());
    let variable = || std::iter::once(("GENERATION_CONFIG".to_owned(), paths[1].clone()));
    assert_eq!(Settings::load(&cli(Some(&paths[0]), None), variable()).unwrap().server.port, 1);
    assert_eq!(Settings::load(&cli(None, None), variable()).unwrap().server.port, 2);
}

#[test]
fn variables_hold_plain_text_and_toml_lists() {
    let settings = load(
        "",
        &[
            ("GENERATION__SERVER__DATA_DIR", "2024"),
            ("GENERATION__SERVER__HOST", "\"0.0.0.0\""),
            ("GENERATION__SERVER__TRUSTED_PROXIES", "[\"10.1.2.3/8\", '::1']"),
            ("GENERATION__CORS__ALLOWED_ORIGINS", "[]"),
            ("GENERATION__LIMITS__MAX_BODY", "1024"),
            ("GENERATION__PROVIDERS", "[{ name = \"x\", kind = \"builtin\", models = [\"builtin\"] }]"),
            ("UNRELATED", "\u{fffd}"),
        ],
    )
    .unwrap();
    assert_eq!(settings.server.data_dir.to_str(), Some("2024"));
    assert_eq!(settings.server.host, "0.0.0.0");
    let proxies: Vec<_> = settings.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "::1/128"]);
    assert_eq!(settings.cors.allowed_origins, AllowedOrigins::These(vec![]));
    assert_eq!(settings.limits.max_body, 1024);
    assert_eq!(settings.providers.len(), 1);
    assert_eq!(settings.providers[0].models, [ModelPattern::Exact("builtin".into())]);
}

#[test]
fn empty_variable_counts_as_not_set() {
    let settings = load("[server]\nport = 7", &[("GENERATION__SERVER__PORT", ""), ("GENERATION_CONFIG", "")]).unwrap();
    assert_eq!(settings.server.port, 7);
    assert!(Settings::load(&Cli::default(), [("GENERATION_CONFIG".into(), String::new())].into_iter()).is_ok());
}
