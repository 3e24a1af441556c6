//! The servers that the service is measured beside.

use std::{
    ffi::OsString,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, Result, ensure};
use generation_testkit::{free_address, peer::Peer, program, project_path};
use tempfile::TempDir;

use super::{Contender, text};
use crate::{http::Connection, process::Process};

/// The most channels that nchan publishes to with one request.
const CHANNELS_A_REQUEST: usize = 255;
/// About what the peers put around an event's data: `id`, `event`, `data` and the empty line.
const FRAMING: usize = 36;
/// What names the event to nchan is ignored by the others.
const HEADERS: &str = "Content-Type: text/plain\r\nX-EventSource-Event: preview\r\n";

/// A peer that takes `POST /publish/{channels}` and streams `GET /events/{channel}`.
#[derive(Debug)]
pub struct HttpPeer {
    name: &'static str,
    // Before its folder, which it writes to.
    peer: Peer,
    address: SocketAddr,
    publisher: Connection,
    /// The path of each request that together publish to all channels.
    paths: Vec<String>,
    /// Of an event's data, in bytes.
    size: usize,
    _folder: Option<TempDir>,
}

impl HttpPeer {
    /// One thread that accepts and writes: the physical limit.
    ///
    /// # Errors
    /// It does not start.
    pub fn bare() -> Result<Self> {
        let address = free_address();
        Self::start("bare loop", rust_peer("bare", address), address, None)
    }

    /// A minimal axum server.
    ///
    /// # Errors
    /// It does not start.
    pub fn axum() -> Result<Self> {
        let address = free_address();
        Self::start("axum", rust_peer("axum", address), address, None)
    }

    /// nchan on nginx, a worker for each core.
    ///
    /// # Errors
    /// It is not there or does not start.
    pub fn nchan() -> Result<Self> {
        let address = free_address();
        let nginx = installed("nginx/usr/sbin/nginx")?;
        let folder = tempfile::tempdir()?;
        let configuration = folder.path().join("nginx.conf");
        fs::write(&configuration, nchan_configuration(address, folder.path())?)?;
        let inside = folder.path().as_os_str().to_owned();
        let command =
            [nginx.into(), "-p".into(), inside, "-e".into(), "stderr".into(), "-c".into(), configuration.into()];
        Self::start("nchan", command.into(), address, Some(folder))
    }

    /// The original's design on FastAPI: each connection polls its job every 500 ms.
    ///
    /// # Errors
    /// It is not there or does not start.
    pub fn polling() -> Result<Self> {
        let address = free_address();
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let mut command: Vec<OsString> = vec![installed("bench-venv/bin/python")?.into()];
        // `-B`: nothing is compiled into the repository.
        let options =
            ["-B", "-m", "uvicorn", "polling:app", "--loop", "uvloop", "--http", "httptools", "--workers", "1"];
        command.extend(options.map(OsString::from));
        let options =
            ["--backlog", "4096", "--no-access-log", "--log-level", "warning", "--host", &host, "--port", &port];
        command.extend(options.map(OsString::from));
        command.extend(["--app-dir".into(), project_path("benches/peers").into()]);
        Self::start("FastAPI polling", command, address, None)
    }

    fn start(name: &'static str, command: Vec<OsString>, address: SocketAddr, folder: Option<TempDir>) -> Result<Self> {
        let mut peer = Peer::start(command);
        peer.wait_for(address);
        let publisher = Connection::open(address)?;
        Ok(Self { name, peer, address, publisher, paths: Vec::new(), size: 0, _folder: folder })
    }
}

impl Contender for HttpPeer {
    fn name(&self) -> &'static str {
        self.name
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn process(&self) -> Process {
        Process::new(self.peer.pid())
    }

    fn open(&mut self, count: usize, size: usize) -> Result<Vec<String>> {
        let channels: Vec<_> = (0..count).map(|number| format!("c{number}")).collect();
        self.paths = channels.chunks(CHANNELS_A_REQUEST).map(|some| format!("/publish/{}", some.join(","))).collect();
        self.size = size.saturating_sub(FRAMING);
        self.publish(0)?;
        Ok(channels.iter().map(|channel| format!("/events/{channel}")).collect())
    }

    fn publish(&mut self, mark: u64) -> Result<()> {
        let data = data(self.size, mark);
        for path in &self.paths {
            self.publisher.send("POST", path, HEADERS, &data).with_context(|| self.name)?;
        }
        Ok(())
    }
}

/// Starts the actix-web server that answers `POST /api/v1/generations` with the request, parsed.
pub fn start_echo() -> (Peer, SocketAddr) {
    let address = free_address();
    let mut peer = Peer::start(rust_peer("echo", address));
    peer.wait_for(address);
    (peer, address)
}

/// The peers written in Rust are one binary, built with this one.
fn rust_peer(which: &str, address: SocketAddr) -> Vec<OsString> {
    vec![program("bench-peer").into(), which.into(), "--address".into(), address.to_string().into()]
}

/// What the setup has put into the folder of made things.
fn installed(path: &str) -> Result<PathBuf> {
    let path = project_path(".cache").join(path);
    ensure!(path.exists(), "{} is missing: run `benches/run --setup`", path.display());
    Ok(path)
}

fn nchan_configuration(address: SocketAddr, folder: &Path) -> Result<String> {
    let module = installed("nginx/usr/lib/nginx/modules/ngx_nchan_module.so")?;
    let template = fs::read_to_string(project_path("benches/peers/nchan.conf"))?;
    Ok(template
        .replace("{address}", &address.to_string())
        .replace("{folder}", &folder.to_string_lossy())
        .replace("{module}", &module.to_string_lossy())
        .replace("{workers}", &thread::available_parallelism()?.to_string()))
}

/// JSON of `size` bytes, if it needs no more, whose text ends in the mark.
fn data(size: usize, mark: u64) -> String {
    const BEGIN: &str = r#"{"type":"preview","text":""#;
    let end = format!(r##"#{mark}"}}"##);
    let padding = size.saturating_sub(BEGIN.len() + end.len());
    let mut data = String::with_capacity(size);
    data.push_str(BEGIN);
    data.push_str(&text(padding));
    data.push_str(&end);
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_has_its_size_whatever_the_mark() {
        for mark in [0, 7, 123_456, u64::MAX] {
            assert_eq!(data(400, mark).len(), 400);
        }
    }

    #[test]
    fn data_is_json_whose_text_ends_in_its_only_mark() {
        let data: serde_json::Value = serde_json::from_str(&data(400, 42)).expect("JSON");
        let text = data["text"].as_str().expect("a text");
        assert!(text.ends_with("#42"), "{text}");
        assert_eq!(text.matches('#').count(), 1);
    }
}
