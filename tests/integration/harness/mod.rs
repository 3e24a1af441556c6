//! What the tests are written with: the real binary, clients that see every byte, servers that misbehave on demand, all of
//! them from `testkit`, and here the real servers and browsers that only these tests need.

pub(crate) mod browser;
pub(crate) mod chroma;
pub(crate) mod nginx;
pub(crate) mod peers;
pub(crate) mod proxy;

use std::{fs, sync::Arc};

pub(crate) use generation_testkit::{free_address, http, project_path, service, sse, wait};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A model server that answers as a test scripts it.
pub(crate) mod upstream {
    pub(crate) use generation_testkit::model_server::{Gate, ModelServer as Upstream, Script, Step, complete, refuse};
}

/// Any server, which answers with any bytes.
pub(crate) mod raw {
    pub(crate) use generation_testkit::server::{Act, Asked, Server as RawServer, answer, send};
}

/// A client that reconnects as `EventSource` does, and watches over what it is sent.
pub(crate) mod reader {
    pub(crate) use generation_testkit::sse::{Connected, Reader};
}

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

/// A folder whose `data` the program of database format 1 has left behind.
pub(crate) fn data_of_the_first_format() -> Arc<TempDir> {
    let folder = TempDir::new().expect("a temporary folder");
    let data = folder.path().join("data");
    fs::create_dir(&data).expect("a data folder");
    fs::copy(project_path("tests/fixtures/format-1.db"), data.join("generation.db")).expect("the fixture is there");
    Arc::new(folder)
}
