//! A real Chroma that can be killed, and what its own Python client sees in it.

use std::{fs, net::SocketAddr, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    free_address,
    http::Request,
    peers::{Peer, python},
    wait,
};

/// The last byte of every whole pickle.
const PICKLE_STOP: u8 = b'.';

/// A Chroma server on data of its own.
#[derive(Debug)]
pub(crate) struct Chroma {
    running: Option<Peer>,
    address: SocketAddr,
    data: TempDir,
}

impl Chroma {
    /// One that does not run yet.
    pub(crate) fn down() -> Self {
        Self { running: None, address: free_address(), data: TempDir::new().expect("a temporary folder") }
    }

    pub(crate) fn start() -> Self {
        let mut chroma = Self::down();
        chroma.run();
        chroma
    }

    /// Starts it, on what an earlier run has left.
    pub(crate) fn run(&mut self) {
        let (port, data) = (self.address.port().to_string(), self.data.path().as_os_str().to_owned());
        let command = ["run", "--host", "127.0.0.1", "--port", &port, "--path"].map(Into::into);
        let mut peer = Peer::start([python("chroma")].into_iter().chain(command).chain([data]));
        peer.wait_for(self.address);
        let heartbeat = Request::get("/api/v2/heartbeat");
        wait::until("Chroma's heartbeat", || (heartbeat.send(self.address).status() == 200).then_some(()));
        self.running = Some(peer);
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill9(&mut self) {
        self.running = None;
    }

    /// What its operator does (see the README) after a kill that hit Chroma while it wrote an index's list of ids: Chroma
    /// writes it in place, and answers every request with 500 when it is torn. Documents and metadata are in its SQLite.
    pub(crate) fn remove_torn_indexes(&self) {
        for entry in fs::read_dir(self.data.path()).expect("its data can be listed") {
            let index = entry.expect("its data can be listed").path();
            let torn =
                fs::read(index.join("index_metadata.pickle")).is_ok_and(|list| list.last() != Some(&PICKLE_STOP));
            if torn {
                fs::remove_dir_all(index).expect("an index can be removed");
            }
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a Python program prints as JSON that has Chroma's own client as `client`, connected to this server.
    pub(crate) fn python(&self, program: &str) -> Value {
        let connect = format!(
            "import json, chromadb\nfrom chromadb.config import Settings\n\
             client = chromadb.HttpClient(host='127.0.0.1', port={}, settings=Settings(anonymized_telemetry=False))\n",
            self.address.port()
        );
        let output = Command::new(python("python"))
            .args(["-c", &format!("{connect}{program}")])
            .output()
            .expect("Python runs; tests/run sets it up");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the Python client failed:\n{errors}");
        serde_json::from_slice(&output.stdout).expect("the program prints JSON")
    }

    /// Every row of the collection, by its own client, as `{"ids", "documents", "metadatas"}`.
    pub(crate) fn rows(&self) -> Value {
        self.python("print(json.dumps(dict(client.get_collection('episodes', embedding_function=None).get())))")
    }
}
