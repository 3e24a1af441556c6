//! Debian's nginx before the service, with the configuration that comes with the project.

use std::{
    ffi::OsString,
    fmt::Write as _,
    fs,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{
    free_address,
    peers::{Peer, assert_not_quick},
    project_path,
};

/// One nginx with a certificate of its own making; it ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Nginx {
    _peer: Peer,
    address: SocketAddr,
    folder: TempDir,
}

/// What `nginx.conf` has around the file under test.
const AROUND: &str = "\
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events { worker_connections 1024; }
http {
  log_format seen '$server_protocol $connection $uri';
  access_log {folder}/access.log seen;
  client_body_temp_path {folder}/client_body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  include {folder}/generation-service.conf;
}
";

impl Nginx {
    /// Passes on to `service`.
    pub(crate) fn before(service: SocketAddr) -> Self {
        assert_not_quick();
        let (address, folder) = (free_address(), TempDir::new().expect("a temporary folder"));
        make_certificate(folder.path());
        let inside = folder.path().to_str().expect("a path in UTF-8");
        fs::write(folder.path().join("nginx.conf"), AROUND.replace("{folder}", inside)).expect("it can be written");
        let configuration = configuration(&[
            ("server 127.0.0.1:8000 ", &format!("server {service} ")),
            ("listen 443 ssl http2;", &format!("listen {address} ssl http2;")),
            ("server_name scripts.example.com;", "server_name localhost;"),
            ("/etc/ssl/certs/scripts.example.com.pem", &format!("{inside}/certificate.pem")),
            ("/etc/ssl/private/scripts.example.com.key", &format!("{inside}/key.pem")),
        ]);
        fs::write(folder.path().join("generation-service.conf"), configuration).expect("it can be written");
        let snippet = "snippets/generation-service.conf";
        fs::create_dir(folder.path().join("snippets")).expect("a folder for snippets");
        fs::copy(project_path("deploy/nginx").join(snippet), folder.path().join(snippet)).expect("it can be copied");
        let nginx = project_path(".cache/nginx/usr/sbin/nginx");
        let arguments = ["-p", inside, "-e", "stderr", "-c", &format!("{inside}/nginx.conf")].map(OsString::from);
        let mut peer = Peer::start([nginx.into()].into_iter().chain(arguments));
        peer.wait_for(address);
        Self { _peer: peer, address, folder }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// curl, as a client that speaks HTTP/2 over TLS to it, with further arguments and the path to ask for.
    pub(crate) fn curl(&self, arguments: &[&str], path: &str) -> Command {
        let mut command = Command::new("curl");
        command
            .args(["--http2", "--silent", "--no-buffer", "--include", "--max-time", "30", "--cacert"])
            .arg(self.folder.path().join("certificate.pem"))
            .args(arguments)
            .arg(self.url(path))
            .stdout(Stdio::piped());
        command
    }

    /// The requests it has answered whose path ends so, as protocol and number of the connection.
    pub(crate) fn answered(&self, ending: &str) -> Vec<(String, String)> {
        let log = fs::read_to_string(self.folder.path().join("access.log")).unwrap_or_default();
        let lines = log.lines().filter(|line| line.ends_with(ending));
        let words = lines.filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        });
        words.collect()
    }
}

/// The file under test with other values in its marked lines, and nothing else changed.
fn configuration(changes: &[(&str, &str)]) -> String {
    let file = fs::read_to_string(project_path("deploy/nginx/generation-service.conf")).expect("it is there");
    let mut result = String::new();
    for line in file.lines() {
        let change = changes.iter().find(|(from, _)| line.contains(from));
        assert_eq!(change.is_some(), line.contains("# <<<"), "{line}");
        let changed = change.map_or_else(|| line.to_owned(), |(from, to)| line.replace(from, to));
        writeln!(result, "{changed}").expect("memory");
    }
    result
}

fn make_certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(folder)
        .output()
        .expect("openssl runs; tests/run sets it up");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
