//! What tests and benchmarks share: a launcher of the real binary, a scripted model server, a reader of event streams.
//!
//! Everything here panics when it cannot do what it is asked, and says what was missing: that fails the test, or the
//! benchmark's row, which called it. Everything that is started ends when its value is dropped.

pub mod http;
pub mod model_server;
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

/// A file of the repository, by its path from the root.
pub fn project_path(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the repository");
    root.join(path)
}

/// A loopback address that nobody listens on right now.
///
/// # Panics
/// There is no port left.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("it is bound")
}

/// A program of this workspace, from the same build as the program that runs.
///
/// Cargo builds the service before its own integration tests; other packages have to be built with it.
///
/// # Panics
/// It has not been built.
pub fn program(name: &str) -> PathBuf {
    let own = env::current_exe().expect("the system knows what runs");
    // A test's own binary lies one folder below.
    let folders = own.ancestors().skip(1).take(2);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is not built: there is none beside {}", own.display()))
}
