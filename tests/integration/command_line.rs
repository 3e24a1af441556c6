//! What a person meets who starts the service by hand.

use std::process::Command;

use crate::harness::service::Service;

fn run(argument: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_generation-service")).arg(argument).output().expect("it runs");
    assert!(output.status.success(), "{argument}: {}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn help_names_every_flag_and_the_order_of_settings() {
    let help = run("--help");
    for expected in ["--config", "--host", "--port", "--data-dir", "--check", "GENERATION__SECTION__KEY"] {
        assert!(help.contains(expected), "{expected} is missing in: {help}");
    }
}

#[test]
fn the_version_is_told() {
    assert_eq!(run("--version").trim(), format!("generation-service {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_first_lines_say_where_it_listens_what_writes_and_how_to_try() {
    let service = Service::start();
    let log = service.log();
    for expected in [&service.url("/"), "SQLite", "builtin", "curl "] {
        assert!(log.contains(expected), "{expected} is missing in: {log}");
    }
}

#[test]
fn a_check_names_variables_and_shows_no_secret() {
    let builder = Service::builder()
        .providers(r#"[{ name = "p", kind = "openai", models = ["*"], base_url = "http://p", api_key_env = "P_KEY" }]"#)
        .env("P_KEY", "hunter2-provider")
        .env("GENERATION__EPISODES__KIND", "chroma")
        .env("GENERATION__EPISODES__URL", "http://c")
        .env("GENERATION__EPISODES__TOKEN_ENV", "C_TOKEN")
        .env("C_TOKEN", "hunter2-chroma")
        .arg("--check");
    let (status, said) = builder.clone().start_in_vain();
    assert!(status.success() && said.contains("valid"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    for (variable, wrong) in [("C_TOKEN", "hunter2 with blanks"), ("GENERATION__EPISODES__TOKEN_ENV", "hunter2")] {
        let (status, said) = builder.clone().env(variable, wrong).start_in_vain();
        assert!(!status.success() && said.contains("episodes.token_env"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn an_unknown_flag_is_refused_with_usage() {
    let (status, log) = Service::builder().arg("--prot").arg("9000").start_in_vain();
    assert!(!status.success());
    assert!(log.contains("--prot") && log.contains("--port"), "{log}");
}
