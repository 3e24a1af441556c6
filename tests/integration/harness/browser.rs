//! A real browser: headless Chromium behind its own driver.

use std::{ffi::OsString, path::Path, time::Duration};

use fantoccini::{Client, ClientBuilder, Locator, wd::WebDriverCompatibleCommand};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{runtime::Runtime, time::timeout};

use super::{
    free_address,
    peers::{Peer, assert_not_quick},
    wait,
};

/// One browser with one window and a fresh profile; everything of it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    runtime: Runtime,
    client: Client,
    _driver: Peer,
    _profile: TempDir,
}

impl Browser {
    pub(crate) fn start() -> Self {
        assert_not_quick();
        let address = free_address();
        let profile = TempDir::new().expect("a temporary folder");
        let mut driver = Peer::start(["chromedriver".into(), OsString::from(format!("--port={}", address.port()))]);
        driver.wait_for(address);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let capabilities = capabilities(profile.path());
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(hyper_connector());
            builder.capabilities(capabilities);
            timeout(wait::TIMEOUT, builder.connect(&format!("http://{address}"))).await
        });
        let client = client.expect("the browser starts in time").expect("the browser starts");
        Self { runtime, client, _driver: driver, _profile: profile }
    }

    fn wait<T, E: std::fmt::Debug>(&self, what: &str, work: impl Future<Output = Result<T, E>>) -> T {
        let done = self.runtime.block_on(async { timeout(wait::TIMEOUT, work).await });
        done.unwrap_or_else(|_| panic!("no answer from the browser: {what}"))
            .unwrap_or_else(|error| panic!("{what}: {error:?}"))
    }

    pub(crate) fn open(&self, url: &str) {
        self.wait(url, self.client.goto(url));
    }

    /// Gives the window another size.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        self.wait("resize", self.client.set_window_size(width, height));
    }

    pub(crate) fn reload(&self) {
        self.wait("reload", self.client.refresh());
    }

    /// Runs a function body in the page; `arguments` are in `arguments`.
    pub(crate) fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.wait(script, self.client.execute(script, arguments))
    }

    /// Waits until an expression in the page is neither false nor null nor empty, and returns it.
    pub(crate) fn wait_until(&self, expression: &str) -> Value {
        self.wait_until_within(wait::TIMEOUT, expression)
    }

    /// [`Browser::wait_until`] with its own limit.
    pub(crate) fn wait_until_within(&self, limit: Duration, expression: &str) -> Value {
        wait::until_within(limit, expression, || {
            let value = self.run(&format!("return {expression}"), Vec::new());
            (value != Value::Null && value != json!(false) && value != json!("") && value != json!(0)).then_some(value)
        })
    }

    pub(crate) fn click(&self, selector: &str) {
        let found = self.wait(selector, self.client.find(Locator::Css(selector)));
        self.wait(selector, found.click());
    }

    /// Replaces what a field holds, as somebody does who types.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let found = self.wait(selector, self.client.find(Locator::Css(selector)));
        self.wait(selector, found.clear());
        self.wait(selector, found.send_keys(text));
    }

    /// Whether one sees the element.
    pub(crate) fn is_shown(&self, selector: &str) -> bool {
        let found = self.wait(selector, self.client.find(Locator::Css(selector)));
        self.wait(selector, found.is_displayed())
    }

    /// A command of the DevTools protocol.
    pub(crate) fn dev_tools(&self, name: &'static str, parameters: Value) {
        self.wait(name, self.client.issue_cmd(DevTools { name, parameters }));
    }

    /// Runs a script in every page that is opened from now on, before any of its own.
    pub(crate) fn prepare_pages(&self, script: &str) {
        self.dev_tools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
    }

    /// Takes the network away from the pages, or gives it back.
    pub(crate) fn set_offline(&self, offline: bool) {
        let conditions = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.dev_tools("Network.enable", json!({}));
        self.dev_tools("Network.emulateNetworkConditions", conditions);
    }

    /// The text that one sees.
    pub(crate) fn text(&self, selector: &str) -> String {
        let found = self.wait(selector, self.client.find(Locator::Css(selector)));
        self.wait(selector, found.text())
    }
}

/// What the driver passes on to the browser's own protocol.
#[derive(Debug)]
struct DevTools {
    name: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.name, "params": self.parameters });
        (http::Method::POST, Some(body.to_string()))
    }
}

fn hyper_connector() -> hyper_util::client::legacy::connect::HttpConnector {
    hyper_util::client::legacy::connect::HttpConnector::new()
}

fn capabilities(profile: &Path) -> serde_json::Map<String, Value> {
    let mut arguments: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,1000",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    let capabilities =
        json!({ "browserName": "chrome", "acceptInsecureCerts": true, "goog:chromeOptions": { "args": arguments } });
    let Value::Object(capabilities) = capabilities else { unreachable!("it is one") };
    capabilities
}
