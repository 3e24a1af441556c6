//! The dependency rule: `main → startup → {http, generators, stores, episodes} → config → actors`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::harness::project_path;

const ADAPTERS: [&str; 4] = ["http", "generators", "stores", "episodes"];

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                collect(&entry, found);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&entry).expect("a source file");
                found.push((entry, code_of(&text)));
            }
        }
    }
    let mut found = Vec::new();
    collect(&project_path(folder), &mut found);
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

/// Without comments: they may name anything.
fn code_of(text: &str) -> String {
    text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code)).collect::<Vec<_>>().join("\n")
}

/// The top-level modules that a source reaches by `crate::…` paths, also in braces: `crate::{a::X, b}`.
fn modules_used(code: &str) -> BTreeSet<String> {
    let first_word = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let path = &code[at + "crate::".len()..];
        let Some(list) = path.strip_prefix('{') else {
            used.insert(first_word(path));
            continue;
        };
        let mut depth = 0;
        let mut begin = 0;
        for (position, character) in list.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    used.insert(first_word(&list[begin..]));
                    break;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    used.insert(first_word(&list[begin..]));
                    begin = position + 1;
                }
                _ => {}
            }
        }
    }
    used
}

#[test]
fn the_reading_of_paths_is_right() {
    let code = "use crate::{config::X, http::{self, Y}, locales};\nfn f() { crate::stores::open() }";
    let used: Vec<String> = modules_used(code).into_iter().collect();
    assert_eq!(used, ["config", "http", "locales", "stores"]);
}

#[test]
fn adapters_never_import_each_other() {
    for adapter in ADAPTERS {
        for (path, code) in sources(&format!("src/{adapter}")) {
            for used in modules_used(&code) {
                let foreign = used != adapter && (ADAPTERS.contains(&used.as_str()) || used == "startup");
                assert!(!foreign, "{} uses crate::{used}", path.display());
            }
        }
    }
}

#[test]
fn settings_know_nothing_but_the_actors() {
    for (path, code) in sources("src/config") {
        for used in modules_used(&code) {
            assert_eq!(used, "config", "{} uses crate::{used}", path.display());
        }
    }
}

#[test]
fn only_clients_of_other_servers_expose_secrets() {
    for folder in ["config", "startup", "http", "stores", "client", "sqlite"] {
        for (path, code) in sources(&format!("src/{folder}")) {
            let is_test = path.components().any(|part| part.as_os_str() == "tests");
            // A store on other servers logs in there.
            let logs_in = path.ends_with("stores/nats/link.rs");
            assert!(is_test || logs_in || !code.contains("expose_secret("), "{} exposes a secret", path.display());
        }
    }
}

#[test]
fn shared_low_modules_know_no_adapter_and_no_settings() {
    for module in ["sqlite", "locales", "client", "mask"] {
        let (folder, file) = (format!("src/{module}"), format!("src/{module}.rs"));
        let files = if project_path(&folder).is_dir() {
            sources(&folder)
        } else {
            vec![(project_path(&file), code_of(&fs::read_to_string(project_path(&file)).expect("the module")))]
        };
        for (path, code) in files {
            for used in modules_used(&code) {
                let high = ADAPTERS.contains(&used.as_str()) || matches!(used.as_str(), "config" | "startup");
                assert!(!high, "{} uses crate::{used}", path.display());
            }
        }
    }
}

#[test]
fn the_actors_know_no_http_and_no_database() {
    let manifest = fs::read_to_string(project_path("actors/Cargo.toml")).expect("the manifest");
    for foreign in ["actix-web", "awc", "rusqlite", "redis", "reqwest", "hyper", "actix-http", "generation-service"] {
        let depends = manifest.lines().any(|line| line.trim_start().trim_start_matches('"').starts_with(foreign));
        assert!(!depends, "actors depends on {foreign}");
    }
    for (path, code) in sources("actors/src") {
        for foreign in ["actix_web", "awc::", "rusqlite", "std::net", "tokio::net", "std::fs"] {
            assert!(!code.contains(foreign), "{} names {foreign}", path.display());
        }
    }
}

#[test]
fn the_actors_know_no_wire_format_and_no_sentences() {
    for (path, code) in sources("actors/src") {
        let is_test = ["tests", "testing"].iter().any(|folder| path.iter().any(|part| part == *folder));
        let is_test = is_test || path.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"));
        for foreign in ["serde", "json!", "event: ", "locales"] {
            assert!(is_test || !code.contains(foreign), "{} names {foreign}", path.display());
        }
    }
}

#[test]
fn the_placeholder_writer_is_pure() {
    let manifest = fs::read_to_string(project_path("placeholder/Cargo.toml")).expect("the manifest");
    for foreign in ["actix", "tokio", "futures", "generation-actors", "generation-service"] {
        let depends = manifest.lines().any(|line| line.starts_with(foreign));
        assert!(!depends, "placeholder depends on {foreign}");
    }
    for (path, code) in sources("placeholder/src") {
        for foreign in ["std::fs", "std::net", "std::time", "std::thread", "std::env"] {
            assert!(!code.contains(foreign), "{} names {foreign}", path.display());
        }
    }
}

#[test]
fn the_pure_parts_know_no_actors() {
    let files = [
        "job/state.rs",
        "job/rhythm.rs",
        "model/script.rs",
        "registry/queue.rs",
        "registry/retention.rs",
        "registry/waits.rs",
    ];
    let mut pure: Vec<(PathBuf, String)> = files
        .iter()
        .map(|file| project_path("actors/src").join(file))
        .map(|path| (path.clone(), code_of(&fs::read_to_string(path).expect("a pure file"))))
        .collect();
    pure.extend(sources("actors/src/feed"));
    for (path, code) in pure {
        // Tests may run on an actor's runtime.
        let production = code.split("#[cfg(test)]").next().expect("some code");
        let is_test = path.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"));
        assert!(is_test || !production.contains("actix"), "{} names actix", path.display());
    }
}
