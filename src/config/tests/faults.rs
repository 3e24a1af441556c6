use super::*;

#[track_caller]
fn single(content: &str, variables: &[(&str, &str)], expected: &str) {
    assert_eq!(faults(content, variables), [expected]);
}

#[test]
fn all_faults_of_all_layers_are_listed_at_once() {
    let content = "[server]\nworkers = -1\n[sse]\nhearbeat = \"1s\"\n[jobs]\nretention = 60\n[[providers]]\nname = \"a\"\nkind = \"openai\"\nmodels = []\n";
    let cli = Cli { port: Some("http".into()), ..Cli::default() };
    let variables = environment(&[("GENERATION__LOG__LEVEL", "loud")]);
    let faults = Settings::from_layers(&cli, Some(file(content)), &variables).unwrap_err();
    assert_eq!(
        faults.to_string(),
        r#"the configuration has 7 errors:
  server.port = "http" (flag --port): must be a whole number from 0 to 65535
  server.workers = -1 (test.toml:2): must be a whole number from 0 to 1024
  jobs.retention = 60 (test.toml:6): a duration needs a unit, such as "500ms", "30s" or "1h"
  providers[0].models = a list of 0 (test.toml:10): must name a model, or "*" for all
  providers[0].base_url (test.toml:7): providers of kind "openai" need it
  log.level = "loud" (environment variable GENERATION__LOG__LEVEL): must be "off", "error", "warn", "info", "debug" or "trace"
  sse.hearbeat (test.toml:4): unknown key; did you mean heartbeat?"#
    );
}

#[test]
fn unknown_names_come_with_the_nearest_known_one() {
    single(
        "[server]\npreview_interval = \"1s\"",
        &[],
        "server.preview_interval (test.toml:2): unknown key; did you mean sse.preview_interval?",
    );
    single("[srever]\nport = 1", &[], "srever (test.toml:1): unknown section; did you mean server?");
    single("port = 1", &[], "port (test.toml:1): unknown key; did you mean server.port?");
    single("[server]\ncolour = 1", &[], "server.colour (test.toml:2): unknown key");
    single(
        "",
        &[("GENERATION__SSE__HEART_BEAT", "1s")],
        "sse.heart_beat (environment variable GENERATION__SSE__HEART_BEAT): unknown key; did you mean heartbeat?",
    );
    single(
        "",
        &[("GENERATION__server__port", "1")],
        "server__port (environment variable GENERATION__server__port): variable names must be in upper case: GENERATION__SERVER__PORT",
    );
}

#[test]
fn wrong_types_are_refused() {
    for wrong in [
        "[server]\nport = \"8000\"",
        "[server]\nport = 80.5",
        "[server]\nhost = 1",
        "[server]\ntrusted_proxies = \"10.0.0.1\"",
        "[server]\ntrusted_proxies = [1]",
        "[sse]\nheartbeat = true",
        "[sse]\nheartbeat = 2020-01-01",
        "[sse]\nheartbeat = {}",
        "[cors]\nallowed_origins = \"*\"",
        "[log]\nlevel = []",
        "server = 1",
        "providers = 1",
        "providers = [1]",
        "[providers]\nname = \"a\"",
    ] {
        assert_eq!(faults(wrong, &[]).len(), 1, "{wrong}: {:?}", faults(wrong, &[]));
    }
    single("server = 1", &[], "server (test.toml:1): this is a section: write [server] and its keys below");
}

#[test]
fn impossible_values_are_refused() {
    for wrong in [
        "[server]\nport = 65536",
        "[server]\nhost = \"\"",
        "[server]\nhost = \"127.0.0.1:80\"",
        "[server]\nhost = \"300.0.0.1\"",
        "[server]\nhost = \"a b\"",
        "[server]\npublic_url = \"example.com\"",
        "[server]\ndata_dir = \"\"",
        "[server]\ntrusted_proxies = [\"10.0.0.0/33\"]",
        "[server]\ndrain_delay = \"6m\"",
        "[sse]\nheartbeat = \"0s\"",
        "[sse]\nheartbeat = \"30\"",
        "[sse]\nheartbeat = \"-1s\"",
        "[sse]\nheartbeat = \"99999999999999999999h\"",
        "[sse]\npreview_interval = \"9ms\"",
        "[sse]\npreview_interval = \"61s\"",
        "[sse]\nmax_connections = -1",
        "[jobs]\nmax_streaming = 0",
        "[jobs]\non_restart = \"forget\"",
        "[limits]\nmax_body = 1023",
        "[limits]\nmax_body = 16777217",
        "[limits]\nmax_body = 99999999999999999999",
        "[cors]\nallowed_origins = [\"*\", \"https://a.example\"]",
        "[cors]\nallowed_origins = [\"https://a.example/\"]",
        "[models]\ndefault = \" \"",
        "[models]\nprompts_dir = \"/does/not/exist\"",
        "[episodes]\nsave_timeout = \"0s\"",
    ] {
        assert_eq!(faults(wrong, &[]).len(), 1, "{wrong}: {:?}", faults(wrong, &[]));
    }
}

#[test]
fn bounds_themselves_are_accepted() {
    for right in [
        "[limits]\nmax_body = 1024",
        "[limits]\nmax_body = 16777216",
        "[sse]\npreview_interval = \"10ms\"",
        "[sse]\npreview_interval = \"60s\"",
        "[server]\nhost = \"localhost\"",
        "[server]\nhost = \"[::1]\"",
        "[server]\ndrain_delay = \"0s\"",
    ] {
        assert!(load(right, &[]).is_ok(), "{right}: {:?}", load(right, &[]));
    }
}

#[test]
fn kinds_of_later_versions_are_told_apart_from_mistakes() {
    single(
        "[store]\nkind = \"redis\"",
        &[],
        r#"store.kind = "redis" (test.toml:2): is not available in this version; use "sqlite" or "nats""#,
    );
    single("[store]\nkind = \"mysql\"", &[], r#"store.kind = "mysql" (test.toml:2): must be "sqlite" or "nats""#);
}

#[test]
fn every_syntax_error_is_listed_with_its_line_and_the_other_layers_are_still_checked() {
    let faults = faults(
        "[server]\nport = = 1\nhost = \"x\n",
        &[("GENERATION__LOG__LEVEL", "loud"), ("GENERATION__MODELS__DEFAULT", "m")],
    );
    assert!(
        faults
            .iter()
            .any(|fault| fault.starts_with("config = \"test.toml\" (test.toml:2): this file is not valid TOML")),
        "{faults:?}"
    );
    assert!(faults.iter().any(|fault| fault.contains("(test.toml:3)")), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.starts_with("log.level")), "{faults:?}");
}

#[test]
fn unreadable_file_is_a_fault_that_names_who_named_it() {
    let cli = Cli { config: Some("/does/not/exist.toml".into()), ..Cli::default() };
    let faults = Settings::load(&cli, std::iter::empty()).unwrap_err().to_string();
    assert!(faults.contains("config = \"/does/not/exist.toml\" (flag --config): this file cannot be read"), "{faults}");
    let variable = ("GENERATION_CONFIG".to_owned(), "/".to_owned());
    let faults = Settings::load(&Cli::default(), std::iter::once(variable)).unwrap_err().to_string();
    assert!(faults.contains("(environment variable GENERATION_CONFIG)"), "{faults}");
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    let faults =
        Settings::from_layers(&Cli::default(), Some(file(b"[server]\n\xff".to_vec())), &environment(&[])).unwrap_err();
    assert!(faults.to_string().contains("(test.toml:2): this file is not UTF-8 text"), "{faults}");
    let faults = self::faults("", &[("GENERATION__SERVER__DATA_DIR", "d\u{fffd}ta")]);
    assert!(faults[0].contains("not UTF-8"), "{faults:?}");
}

#[test]
fn variable_for_a_whole_section_does_not_hide_its_keys() {
    let faults = faults("", &[("GENERATION__SERVER", "x"), ("GENERATION__SERVER__PORT", "y")]);
    assert_eq!(faults.len(), 2, "{faults:?}");
}

#[test]
fn folder_that_is_a_file_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display();
    assert_eq!(faults(&format!("[server]\ndata_dir = '{path}'\n[models]\nprompts_dir = '{path}'"), &[]).len(), 2);
}

#[test]
fn names_with_line_breaks_do_not_forge_lines_of_the_list() {
    for faults in [
        load("[server]\n\"a\\n  b\" = 1\n[\"c\\n\"]", &[]).unwrap_err(),
        load("", &[("GENERATION__SSE__A\nB", "1"), ("GENERATION__a\n", "1")]).unwrap_err(),
    ] {
        assert_eq!(faults.to_string().lines().count(), 3, "{faults}");
    }
}

#[test]
fn deep_nesting_is_a_fault_and_does_not_exhaust_the_stack() {
    let deep = "[".repeat(100_000);
    assert!(load(&format!("a = {deep}"), &[]).is_err());
    assert!(load("", &[("GENERATION__PROVIDERS", &deep)]).is_err());
    assert!(load(&format!("a{} = 1", ".a".repeat(100_000)), &[]).is_err());
}
