//! Files of the repository that must agree with each other.

use std::fs;

use crate::harness::project_path;

/// What stands between `before` and `after` where they first occur in a file.
fn between(file: &str, before: &str, after: &str) -> String {
    let text = fs::read_to_string(project_path(file)).expect("the file is there");
    let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    let (found, _) = found.unwrap_or_else(|| panic!("{file} has nothing between {before:?} and {after:?}"));
    found.to_owned()
}

#[test]
fn the_image_is_built_with_the_pinned_toolchain() {
    let pinned = between("rust-toolchain.toml", "\nchannel = \"", "\"");
    assert_eq!(pinned, between("Dockerfile", "FROM rust:", "-"));
    assert_eq!(pinned.split('.').count(), 3, "{pinned} names no single version");
}

#[test]
fn the_nats_of_the_tests_is_the_one_that_is_deployed() {
    let tested = between("tests/setup/nats.sh", "\nnats_version=", "\n");
    assert_eq!(tested, between("docker-compose.yml", "image: nats:", "-"));
    assert_eq!(tested, between("deploy/kubernetes/nats-values.yaml", "\n    tag: ", "-"));
}
