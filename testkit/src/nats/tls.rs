//! Certificates for the servers.

use std::{path::Path, process::Command};

/// Makes `ca.pem`, and `certificate.pem` with `key.pem` under it. Two certificates, since rustls takes no authority for a server.
pub(super) fn make_certificates(folder: &Path) {
    make(folder, &["-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem"]);
    make(
        folder,
        &[
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
        ],
    );
}

fn make(folder: &Path, arguments: &[&str]) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("openssl runs; tests/run sets it up");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
