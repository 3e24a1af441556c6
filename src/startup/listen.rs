//! The socket and the HTTP server on it.

use std::{
    io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    time::Duration,
};

use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, rt::net::TcpStream, web::Data};
use actix_web_lab::middleware::CatchPanic;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::{Failure, translate};
use crate::{
    config::{self, Settings},
    http::{self, Context},
};

/// Connections that wait to be accepted: every reader of a restarted service comes back within seconds.
const BACKLOG: i32 = 8192;
/// Connections per worker; the limit of open files is what binds.
const MAX_CONNECTIONS: usize = 1_000_000;
/// How long a stop waits for requests that are being answered; event streams have been cut by then.
const LAST_ANSWERS: u64 = 3;

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
    let origins = translate::origins(settings);
    let routes = http::configure(context);
    let workers = match settings.server.workers {
        0 => translate::cores(),
        workers => workers,
    };
    let write_timeout = settings.sse.write_timeout;
    let limits = translate::connections(settings);
    let app = move || {
        App::new()
            .wrap(CatchPanic::default())
            .wrap(from_fn(http::check_host))
            .wrap(from_fn(http::answer_problems))
            .wrap(http::cors(origins.as_deref()))
            .wrap(from_fn(http::take_over))
            .configure(routes.clone())
    };
    let server = HttpServer::new(app)
        .workers(workers)
        .client_request_timeout(limits.head)
        .keep_alive(limits.keep_alive)
        .max_connections(MAX_CONNECTIONS)
        .tcp_nodelay(true)
        // Otherwise a reader that has gone is noticed at the next write only.
        .h1_allow_half_closed(false)
        .on_connect(move |connection, extensions| {
            if let Some(connection) = connection.downcast_ref::<TcpStream>() {
                limit_writes(connection, write_timeout);
                http::watch(connection, extensions, limits);
            }
        })
        .disable_signals()
        .shutdown_timeout(LAST_ANSWERS)
        .listen(listener)
        .map_err(Failure::Io)?;
    Ok(server.run())
}

/// A reader that takes nothing for so long is disconnected by the kernel, which alone sees what the peer has taken:
/// while its window is closed or it does not acknowledge, the connection's body is not even asked for more.
fn limit_writes(connection: &TcpStream, timeout: Duration) {
    if let Err(error) = SockRef::from(connection).set_tcp_user_timeout(Some(timeout)) {
        log::warn!("a connection goes without a write timeout: {error}");
    }
}
