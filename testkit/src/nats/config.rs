//! The configuration file of one server.

use std::{fmt::Write as _, net::SocketAddr, path::Path};

use super::{builder::Builder, credentials};

/// Who may connect.
#[derive(Debug, Clone)]
pub(super) enum Access {
    Open,
    User(String, String),
    Token(String),
    Credentials,
}

/// Where one server listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    pub(super) client: SocketAddr,
    pub(super) monitor: SocketAddr,
    pub(super) route: SocketAddr,
}

/// The name of a server by its index.
pub(super) fn name(index: usize) -> String {
    format!("n{}", index + 1)
}

/// The text of the file for the server at `index`, whose data and certificates are in `folder`.
pub(super) fn text(builder: &Builder, index: usize, all: &[Addresses], folder: &Path) -> String {
    let (name, own, folder) = (name(index), all[index], folder.display());
    let mut text = format!(
        "server_name: {name}\nlisten: \"{}\"\nhttp: \"{}\"\nping_interval: \"5s\"\nping_max: 2\n",
        own.client, own.monitor
    );
    let mut add = |lines: std::fmt::Arguments<'_>| text.write_fmt(lines).expect("memory");
    if builder.jetstream {
        let Builder { max_file, max_memory, sync_interval, .. } = builder;
        add(format_args!(
            "jetstream {{ store_dir: \"{folder}/{name}\", max_mem: {max_memory}, max_file: {max_file}, \
             sync_interval: \"{sync_interval}\" }}\n"
        ));
    }
    if all.len() > 1 {
        let routes: Vec<String> = all.iter().map(|one| format!("\"nats://{}\"", one.route)).collect();
        // Clients must not learn addresses that bypass a test's proxy.
        add(format_args!(
            "cluster {{ name: test, listen: \"{}\", no_advertise: true, routes: [{}] }}\n",
            own.route,
            routes.join(", ")
        ));
    }
    match &builder.access {
        Access::Open => {}
        Access::User(user, password) => {
            add(format_args!("authorization {{ user: \"{user}\", password: \"{password}\" }}\n"));
        }
        Access::Credentials => add(format_args!("include \"{}\"\n", credentials::CONFIG)),
        Access::Token(token) => add(format_args!("authorization {{ token: \"{token}\" }}\n")),
    }
    if builder.tls {
        add(format_args!("tls {{ cert_file: \"{folder}/certificate.pem\", key_file: \"{folder}/key.pem\" }}\n"));
    }
    text
}
