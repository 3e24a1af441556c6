//! The floors of the actors crate: nobody imports what stands above, and no two files import each other in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::harness::project_path;

/// From the ground up. Each may import those before it.
const FLOORS: [&str; 11] = [
    "backoff",
    "model",
    "ports",
    "store_timeout",
    "feed",
    "directory",
    "job",
    "mirror",
    "outbox",
    "registry",
    "testing",
];

/// Which files a file imports, by their paths within the crate (`feed/state`).
type Imports = BTreeMap<String, BTreeSet<String>>;

/// Production code only: no comments, no tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    let text = text.split("#[cfg(test)]").next().expect("some code").to_owned();
    text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code)).collect::<Vec<_>>().join("\n")
}

/// The paths of all `use` declarations, each written out.
fn used_paths(code: &str) -> Vec<String> {
    let begins = |line: &str| ["use ", "pub use ", "pub(crate) use "].iter().any(|word| line.starts_with(word));
    let declarations = code.split_inclusive(';').filter_map(|statement| {
        let at = statement.match_indices('\n').map(|(at, _)| at + 1).chain([0]).find(|at| begins(&statement[*at..]))?;
        statement[at..].split_once("use ").map(|(_, path)| path.trim_end_matches(';'))
    });
    declarations.flat_map(|path| written_out(&path.split_whitespace().collect::<String>())).collect()
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn written_out(path: &str) -> Vec<String> {
    let Some((prefix, rest)) = path.split_once('{') else { return vec![path.to_owned()] };
    let list = rest.strip_suffix('}').expect("a list ends");
    let mut depth = 0;
    let items = list.split(|character| {
        depth += i32::from(character == '{') - i32::from(character == '}');
        character == ',' && depth == 0
    });
    items.filter(|item| !item.is_empty()).flat_map(|item| written_out(&format!("{prefix}{item}"))).collect()
}

/// The files of the crate, without its tests.
fn files() -> BTreeMap<String, String> {
    fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.file_stem().expect("a name").to_string_lossy().into_owned();
            if entry.is_dir() {
                if name != "tests" && name != "testing" {
                    collect(&entry, &format!("{prefix}{name}/"), found);
                }
            } else if !name.ends_with("tests") {
                found.insert(format!("{prefix}{name}"), code(&entry));
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(&project_path("actors/src"), "", &mut found);
    found
}

/// Where each name that a folder passes on comes from: `(feed, Publisher)` is in `feed/publisher`.
fn passed_on(files: &BTreeMap<String, String>) -> BTreeMap<(String, String), String> {
    let mut names = BTreeMap::new();
    for (file, code) in files {
        let Some(folder) = file.strip_suffix("/mod") else { continue };
        for path in used_paths(code) {
            if let Some((from, name)) = path.split_once("::") {
                names.insert((folder.to_owned(), name.to_owned()), format!("{folder}/{from}"));
            }
        }
    }
    names
}

fn imports() -> Imports {
    let files = files();
    let passed_on = passed_on(&files);
    let mut imports = Imports::new();
    for (file, code) in &files {
        if file.ends_with("/mod") || file == "lib" {
            continue;
        }
        let of_file = imports.entry(file.clone()).or_default();
        let own_folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        for path in used_paths(code) {
            let (folder, rest) = match path.split("::").collect::<Vec<_>>()[..] {
                ["super", ref rest @ ..] => (own_folder.to_owned(), rest.join("::")),
                ["crate", folder, ref rest @ ..] => (folder.to_owned(), rest.join("::")),
                _ => continue,
            };
            let first = rest.split("::").next().unwrap_or_default().to_owned();
            let direct = format!("{folder}/{first}");
            let target = if files.contains_key(&direct) {
                direct
            } else if let Some(from) = passed_on.get(&(folder.clone(), first)) {
                from.clone()
            } else {
                folder
            };
            of_file.insert(target);
        }
    }
    imports
}

fn floor(file: &str) -> usize {
    let room = file.split('/').next().unwrap_or(file);
    FLOORS.iter().position(|floor| *floor == room).unwrap_or_else(|| panic!("{room} has no floor"))
}

#[test]
fn the_reading_of_imports_is_right() {
    let code = "use super::{A, b::C};\nuse crate::{feed::{Feed, D}, model::E};";
    let paths = used_paths(code);
    assert_eq!(paths, ["super::A", "super::b::C", "crate::feed::Feed", "crate::feed::D", "crate::model::E"]);
    let imports = imports();
    assert!(imports["feed/publisher"].contains("feed/feed"), "{:?}", imports["feed/publisher"]);
    assert!(imports["registry/adopt"].contains("feed/publisher"), "{:?}", imports["registry/adopt"]);
}

#[test]
fn no_file_imports_a_higher_floor() {
    for (file, imported) in imports() {
        for other in imported {
            assert!(floor(&other) <= floor(&file), "{file} imports {other}");
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut left = imports();
    // Take away whoever imports nobody that is left, until nothing can be taken away.
    loop {
        let names: BTreeSet<String> = left.keys().cloned().collect();
        let before = left.len();
        left.retain(|file, imported| imported.iter().any(|other| other != file && names.contains(other)));
        if left.len() == before {
            break;
        }
    }
    assert!(left.is_empty(), "these are in a circle or import one: {left:#?}");
}
