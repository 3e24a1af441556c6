//! The service itself: the real binary, with a model that writes what the benchmark wants.

use std::{net::SocketAddr, thread};

use anyhow::{Context, Result, anyhow};
use generation_testkit::service::{self, Builder};
use serde_json::{Value, json};

use super::{Contender, upstream::Upstream};
use crate::{http::Connection, process::Process};

/// A full preview's frame without its text.
const FULL_FRAME: usize = 215;
/// A delta's frame without its text.
const DELTA_FRAME: usize = 220;
/// A mark with the blank before it, see [`Contender::publish`].
const MARK: usize = 9;
/// Who create many jobs together.
const CLIENTS: usize = 16;
/// Where jobs are created.
const JOBS: &str = "/api/v1/generations";

/// How previews are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Previews {
    /// The whole text each time.
    Full,
    /// What is new.
    Delta,
}

/// The running service. Dropping it kills it: a benchmark leaves thousands of streams open, which nobody waits for.
pub struct Service {
    running: service::Service,
    upstream: Upstream,
    previews: Previews,
    /// How much of a published event is text.
    more: usize,
}

/// How it is started, beyond what every benchmark needs.
#[derive(Debug, Clone, Default)]
pub struct Settings(Vec<(&'static str, String)>);

impl Settings {
    /// Sets a key by the name of its environment variable without the prefix, such as `SSE__PREVIEW_INTERVAL`.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.0.push((key, value.to_string()));
        self
    }
}

impl Service {
    /// Starts it on an empty data folder.
    ///
    /// # Panics
    /// The binary is not built, or does not start.
    pub fn start(previews: Previews, settings: &Settings) -> Self {
        let upstream = Upstream::start();
        let providers = format!(
            "[{{ name = 'bench', kind = 'openai', models = ['bench'], base_url = '{}', idle_timeout = '1h', \
             first_token_timeout = '1h', head_timeout = '1h' }}, {{ name = 'builtin', kind = 'builtin', models = ['*'] }}]",
            upstream.url()
        );
        let plain = Builder::plain()
            .providers(&providers)
            .env("GENERATION__JOBS__MAX_STREAMING", "20000")
            .env("GENERATION__JOBS__MAX_QUEUED", "1000000")
            .env("GENERATION__JOBS__TIMEOUT", "1h")
            .env("GENERATION__LOG__LEVEL", "warn");
        let set = |builder: Builder, (key, value): &(&str, String)| builder.env(&format!("GENERATION__{key}"), value);
        let running = settings.0.iter().fold(plain, set).start();
        Self { running, upstream, previews, more: 0 }
    }

    /// Its model.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Creates a job that `model` writes, and says the path of its stream.
    ///
    /// # Errors
    /// It is refused.
    pub fn create(&self, connection: &mut Connection, model: &str, words: u32) -> Result<String> {
        let body = json!({
            "projectId": "bench", "title": "Bench", "description": "A café at night, in the rain.", "model": model,
            "lengthTarget": words,
        });
        let created = connection.send("POST", JOBS, "Content-Type: application/json\r\n", &body.to_string())?;
        let created: Value = serde_json::from_slice(created)?;
        let id = created["jobId"].as_str().context("an answer without jobId")?;
        Ok(self.stream_of(id))
    }

    /// Creates `count` jobs at a time as many clients would, and says the paths of their streams.
    ///
    /// # Errors
    /// One is refused.
    pub fn create_many(&self, count: usize, model: &str, words: u32) -> Result<Vec<String>> {
        let client = |share: usize| -> Result<Vec<String>> {
            let mut connection = self.connect()?;
            (0..share).map(|_| self.create(&mut connection, model, words)).collect()
        };
        thread::scope(|scope| {
            let share = |index| count / CLIENTS + usize::from(index < count % CLIENTS);
            let clients: Vec<_> = (0..CLIENTS).map(|index| scope.spawn(move || client(share(index)))).collect();
            let mut paths = Vec::with_capacity(count);
            for client in clients {
                paths.extend(client.join().map_err(|_| anyhow!("a client panicked"))??);
            }
            Ok(paths)
        })
    }

    /// The path of a job's event stream.
    pub fn stream_of(&self, id: &str) -> String {
        let preview = if self.previews == Previews::Delta { "?preview=delta" } else { "" };
        format!("{JOBS}/{id}/events{preview}")
    }

    /// A kept-alive connection for requests.
    ///
    /// # Errors
    /// It is refused.
    pub fn connect(&self) -> Result<Connection> {
        Connection::open(self.running.address())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.running.kill9();
        }
    }
}

impl Contender for Service {
    fn name(&self) -> &'static str {
        "this service"
    }

    fn address(&self) -> SocketAddr {
        self.running.address()
    }

    fn process(&self) -> Process {
        Process::new(self.running.pid())
    }

    /// A job each, all written by the scripted model.
    fn open(&mut self, count: usize, size: usize) -> Result<Vec<String>> {
        let first = match self.previews {
            Previews::Full => size.saturating_sub(FULL_FRAME),
            Previews::Delta => size,
        };
        self.more = match self.previews {
            Previews::Full => MARK,
            Previews::Delta => 400 - DELTA_FRAME,
        };
        self.upstream.begin_with(text(first));
        let paths = self.create_many(count, "bench", 50_000)?;
        self.upstream.wait_for(count)?;
        Ok(paths)
    }

    fn publish(&mut self, mark: u64) -> Result<()> {
        self.upstream.write(&format!("{} #{mark:07}", text(self.more - MARK)))
    }
}

/// Lower-case words of so many bytes.
pub fn text(bytes: usize) -> String {
    "rain on the window ".chars().cycle().take(bytes).collect()
}
