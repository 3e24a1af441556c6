//! The listening socket and its HTTP server.

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

/// Connections that may wait to be accepted: after a restart, every reader reconnects within seconds.
const BACKLOG: i32 = 8192;
/// Effectively unlimited: open files limit connections, and `sse.max_connections` limits streams.
const MAX_CONNECTIONS_PER_WORKER: usize = 1_000_000;
/// How long a stop waits for requests in progress. Tasks that have taken over a socket are not among them; `shutdown`
/// waits for those first.
const ANSWER_GRACE_SECONDS: u64 = 3;

/// Binds the first address of the configured host that can be bound.
///
/// # Errors
/// None of its addresses can be bound.
pub(super) fn bind(server: &config::Server) -> Result<TcpListener, Failure> {
    let failed = |source| Failure::Listen { address: format!("{}:{}", server.host, server.port), source };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host name has no address");
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

/// Starts serving HTTP/1.1 on `listener`. HTTP/2 is left to the proxy (docs/decisions/0008).
///
/// # Errors
/// The system refuses the listener.
pub(super) fn serve(listener: TcpListener, settings: &Settings, context: Data<Context>) -> Result<Server, Failure> {
    let writers = context.writers.clone();
    let routes = http::configure(context);
    let (cors, limits, write_timeout) = (settings.cors.clone(), settings.limits, settings.sse.write_timeout);
    let app = move || {
        App::new()
            .wrap(CatchPanic::default())
            .wrap(from_fn(http::check_host))
            .wrap(from_fn(http::answer_problems))
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
        // Otherwise a disconnected reader is noticed only at the next write.
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

/// Makes the kernel disconnect a reader that reads nothing for `timeout`. Only the kernel knows what the peer has
/// received: while the peer's window is closed or it acknowledges nothing, nothing here even tries to write.
fn limit_writes(connection: &TcpStream, timeout: Duration) {
    if let Err(error) = SockRef::from(connection).set_tcp_user_timeout(Some(timeout)) {
        log::warn!("a connection has no write timeout: {error}");
    }
}
