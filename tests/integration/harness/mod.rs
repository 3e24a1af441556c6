//! What the tests are written with: the real binary, clients that see every byte, peers that misbehave on demand.

pub(crate) mod browser;
pub(crate) mod chroma;
pub(crate) mod http;
pub(crate) mod nginx;
pub(crate) mod peers;
pub(crate) mod proxy;
pub(crate) mod raw;
pub(crate) mod reader;
pub(crate) mod service;
pub(crate) mod sse;
pub(crate) mod upstream;
pub(crate) mod wait;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    rc::Rc,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A request for a short script; tests change what they are about.
pub(crate) fn brief() -> Value {
    json!({ "projectId": "project-1", "description": "두 사람이 비 오는 밤 카페에서 비밀을 나눈다", "lengthTarget": 60 })
}

/// [`brief`] with other fields.
pub(crate) fn brief_with(changes: Value) -> Value {
    let mut brief = brief();
    let (Value::Object(fields), Value::Object(changes)) = (&mut brief, changes) else {
        panic!("changes to a brief are an object")
    };
    fields.extend(changes);
    brief
}

/// A file of the project.
pub(crate) fn project_path(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// An address nobody listens on right now.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("it is bound")
}

/// A folder whose `data` the program of database format 1 has left behind.
pub(crate) fn data_of_the_first_format() -> Rc<TempDir> {
    let folder = TempDir::new().expect("a temporary folder");
    let data = folder.path().join("data");
    fs::create_dir(&data).expect("a data folder");
    fs::copy(project_path("tests/fixtures/format-1.db"), data.join("generation.db")).expect("the fixture is there");
    Rc::new(folder)
}
