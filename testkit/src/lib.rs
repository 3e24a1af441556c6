//! What tests and benchmarks share: a launcher of the real binary, a scripted model server, an event-stream reader.
//!
//! Everything here panics with a clear message if it cannot do its task, which fails the calling test or benchmark row.
//! Everything started here ends when its value is dropped.

pub mod http;
pub mod model_server;
pub mod nats;
pub mod peer;
pub mod server;
pub mod service;
pub mod sse;
pub mod wait;

use std::{
    env,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

/// The path of a file in the repository, given its path from the root.
pub fn project_path(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the repository");
    root.join(path)
}

/// A loopback address that is currently unused.
///
/// # Panics
/// No port is free.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("it is bound")
}

/// The path of a program of this workspace, from the same build as the running one.
///
/// Cargo builds the service before its own integration tests; for other packages, build it explicitly.
///
/// # Panics
/// It is not built.
pub fn program(name: &str) -> PathBuf {
    let own = env::current_exe().expect("the system knows what runs");
    // A test binary is one folder deeper.
    let folders = own.ancestors().skip(1).take(2);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is not built: there is none beside {}", own.display()))
}
