//! The socket and the HTTP server on it.

use std::{
    io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    time::Duration,
};

use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, rt::net::TcpStream, web::Data};
use actix_web_lab::middleware::CatchPanic;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::Failure;
use crate::{
    config::{self, Settings},
    http::{self, Context},
};

/// Connections that may wait to be accepted: every reader of a restarted service comes back within seconds.
const BACKLOG: i32 = 8192;
/// No limit of ours: the limit of open files binds, and `sse.max_connections` for streams.
const MAX_CONNECTIONS_PER_WORKER: usize = 1_000_000;
/// How long a stop waits for requests that are being answered. Tasks that have taken a socket over are not among them:
/// `shutdown` waits for those before.
const ANSWER_GRACE_SECONDS: u64 = 3;

/// Binds the first address that the configured host stands for.
///
/// # Errors
/// None of them can be bound.
pub(super) fn bind(server: &config::Server) -> Result<TcpListener, Failure> {
    let failed = |source| Failure::Listen { address: format!("{}:{}", server.host, server.port), source };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host name stands for no address");
    for address in (server.host.as_str(), server.port).to_socket_addrs().map_err(failed)? {
        match bind_one(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(failed(last))
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Starts to serve on `listener`, over HTTP/1.1. HTTP/2 is the proxy's (docs/decisions/0008).
///
/// # Errors
/// The system refuses.
pub(super) fn serve(listener: TcpListener, settings: &Settings, context: Data<Context>) -> Result<Server, Failure> {
    let writers = context.writers.clone();
    let routes = http::configure(context);
    let (cors, limits, write_timeout) = (settings.cors.clone(), settings.limits, settings.sse.write_timeout);
    let app = move || {
        App::new()
            .wrap(CatchPanic::default())
            .wrap(from_fn(http::answer_panics))
            .wrap(from_fn(http::check_host))
            .wrap(http::cors(&cors))
            .wrap(from_fn(http::take_over))
            .configure(routes.clone())
    };
    let server = HttpServer::new(app)
        .workers(settings.server.workers)
        .client_request_timeout(limits.head_timeout)
        .keep_alive(limits.keep_alive)
        .max_connections(MAX_CONNECTIONS_PER_WORKER)
        .tcp_nodelay(true)
        // Otherwise a reader that has gone is noticed at the next write only.
        .h1_allow_half_closed(false)
        .on_connect(move |connection, extensions| {
            if let Some(connection) = connection.downcast_ref::<TcpStream>() {
                limit_writes(connection, write_timeout);
                http::watch(connection, extensions, limits, &writers);
            }
        })
        .disable_signals()
        .shutdown_timeout(ANSWER_GRACE_SECONDS)
        .listen(listener)
        .map_err(Failure::Io)?;
    Ok(server.run())
}

/// Lets the kernel disconnect a reader that takes nothing for so long. Only the kernel sees what the peer has taken: while
/// its window is closed or it does not acknowledge, nobody here even tries to write more.
fn limit_writes(connection: &TcpStream, timeout: Duration) {
    if let Err(error) = SockRef::from(connection).set_tcp_user_timeout(Some(timeout)) {
        log::warn!("a connection goes without a write timeout: {error}");
    }
}
