//! Ports that stay ours while the servers on them are down.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process,
    sync::atomic::{AtomicU16, Ordering::Relaxed},
};

/// Below the ports that the kernel hands out (32768 on Linux): it would give one of those to somebody else while its server is down.
const FIRST: u16 = 20_000;
const BLOCKS: u16 = 1_000;
/// The claim, and three ports for each of three servers.
const BLOCK: u16 = 10;

/// Spreads the blocks of one process.
static TAKEN: AtomicU16 = AtomicU16::new(0);

/// A block of ports. No other `Ports` of this machine gets any of them while this one lives.
#[derive(Debug)]
pub(super) struct Ports {
    claim: TcpListener,
}

impl Ports {
    /// # Panics
    /// All blocks are taken.
    pub(super) fn take() -> Self {
        let process = u16::try_from(process::id() % u32::from(BLOCKS)).expect("it is small");
        let start = process.wrapping_mul(7).wrapping_add(TAKEN.fetch_add(1, Relaxed));
        let blocks = (0..BLOCKS).map(|offset| FIRST + (start.wrapping_add(offset) % BLOCKS) * BLOCK);
        let claims = blocks.filter_map(|first| TcpListener::bind(loopback(first)).ok().map(|claim| Self { claim }));
        let mut free = claims.filter(|ports| (0..BLOCK - 1).all(|index| TcpListener::bind(ports.get(index)).is_ok()));
        free.next().expect("some ports below those that the kernel hands out are free")
    }

    /// One of the nine ports, as an address.
    pub(super) fn get(&self, index: u16) -> SocketAddr {
        let first = self.claim.local_addr().expect("it is bound").port();
        loopback(first + 1 + index)
    }
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
