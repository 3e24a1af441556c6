use std::{ffi::OsString, net::SocketAddr};

pub(crate) use generation_testkit::peer::{Peer, assert_not_quick};
use serde_json::Value;

use super::{
    free_address,
    http::{Request, Response},
    project_path, wait,
};

/// A Python program of the environment that the setup made.
#[track_caller]
pub(crate) fn python(program: &str) -> OsString {
    assert_not_quick();
    project_path(".cache/venv/bin").join(program).into()
}

/// llama.cpp's own server.
#[derive(Debug)]
pub(crate) struct LlamaServer {
    _peer: Peer,
    address: SocketAddr,
    model: &'static str,
}

impl LlamaServer {
    /// With a tiny model of random weights: the real protocol, gibberish, thousands of tokens a second.
    pub(crate) fn tiny() -> Self {
        Self::start("tiny", 4096, 1)
    }

    /// With a larger model of random weights, which writes about a hundred tokens a second for a minute.
    pub(crate) fn slow() -> Self {
        Self::start("slow", 8192, 1)
    }

    /// With SmolLM2-135M-Instruct: fluent English.
    pub(crate) fn smollm2() -> Self {
        Self::start("smollm2", 4096, 2)
    }

    fn start(model: &'static str, context: u32, threads: u32) -> Self {
        let address = free_address();
        let script = project_path("tests/peers/llama_server.py");
        let weights = project_path(".cache/models").join(model).with_extension("gguf");
        let port = address.port().to_string();
        let mut peer = Peer::start([
            python("python"),
            script.into(),
            weights.into(),
            port.into(),
            model.into(),
            context.to_string().into(),
            threads.to_string().into(),
        ]);
        peer.wait_for(address);
        wait::until("the model to be loaded", || (Request::get("/health").send(address).status() == 200).then_some(()));
        Self { _peer: peer, address, model }
    }

    /// The name of its model.
    pub(crate) fn model(&self) -> &str {
        self.model
    }

    /// What `/chat/completions` is appended to.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// A provider of the service, as TOML.
    pub(crate) fn provider(&self) -> String {
        let (url, model) = (self.base_url(), self.model);
        format!(r#"{{ name = "{model}", kind = "openai", models = ["{model}"], base_url = "{url}" }}"#)
    }

    /// One of its counters.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let metrics = Request::get("/metrics").send(self.address);
        let line = metrics
            .text()
            .lines()
            .find_map(|line| line.strip_prefix("llamacpp:")?.strip_prefix(name)?.strip_prefix(' '));
        line.expect("the metric is there").parse().expect("a number")
    }

    /// Whether it works on a request.
    pub(crate) fn is_generating(&self) -> bool {
        Request::get("/slots").send(self.address).json()[0]["is_processing"] == true
    }
}

/// `llmock`: plays scripted faults, then judges how its client behaved.
#[derive(Debug)]
pub(crate) struct LlMock {
    _peer: Peer,
    address: SocketAddr,
}

impl LlMock {
    pub(crate) fn start() -> Self {
        let address = free_address();
        let port = address.port().to_string();
        // It judges by whether it was left while it still had something to send: a busy machine needs time for that.
        let arguments = ["serve", "--host", "127.0.0.1", "--port", &port, "--stream-chunk-delay-ms", "50"];
        let mut peer = Peer::start([python("llmock")].into_iter().chain(arguments.map(OsString::from)));
        peer.wait_for(address);
        Self { _peer: peer, address }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What it does with the next requests.
    pub(crate) fn behave(&self, behaviors: Value) {
        let scenario = serde_json::json!({ "behaviors": behaviors });
        self.post("/_llmock/scenario").json(&scenario).send(self.address).expect(201);
    }

    fn post(&self, path: &str) -> Request {
        Request::new("POST", path)
    }

    /// What it thinks of its client.
    pub(crate) fn verdict(&self) -> Response {
        Request::get("/_llmock/verdict").send(self.address).expect(200)
    }
}
