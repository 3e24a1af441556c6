//! The peers that are written in Rust: servers that do no more than what the service is compared in.

mod axum;
mod bare;
mod echo;

use std::net::{SocketAddr, TcpListener};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait to be accepted, as many as Linux lets wait by default.
const BACKLOG: i32 = 4096;

/// A server to compare the service with.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    peer: Peer,
}

#[derive(Debug, Subcommand)]
enum Peer {
    /// Event streams from one thread that accepts and writes: the physical limit.
    Bare(Listen),
    /// Event streams from a minimal axum server.
    Axum(Listen),
    /// An actix-web handler that parses a generation request and answers it as it came.
    Echo(Listen),
}

#[derive(Debug, Args)]
struct Listen {
    /// Where to listen, such as 127.0.0.1:8080.
    #[arg(long)]
    address: SocketAddr,
}

impl Listen {
    fn listener(&self) -> Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        // On Linux what is accepted inherits it, so no connection pays a call for it.
        socket.set_tcp_nodelay(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&self.address.into()).with_context(|| format!("binding {}", self.address))?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    }
}

fn main() -> Result<()> {
    match Cli::parse().peer {
        Peer::Bare(listen) => bare::run(listen.listener()?),
        Peer::Axum(listen) => axum::run(listen.listener()?),
        Peer::Echo(listen) => echo::run(listen.listener()?),
    }
}
