//! What we keep of each connection beside actix-http: a second handle of its socket, and the deadline by which it must be
//! used again or closed.
//!
//! actix-http has a deadline for the head of a connection's *first* request, and one for an idle connection. Neither runs
//! while a later request has been sent by half, after a stray line end, or while a client takes its answer byte by byte.
//! So each worker checks its own connections a few times a second and shuts down those that are overdue.

use std::{
    cell::{Cell, RefCell},
    net::Shutdown,
    os::fd::{AsFd, OwnedFd},
    rc::{Rc, Weak},
    time::Duration,
};

use actix_web::{body::BodySize, dev::Extensions, rt, rt::net::TcpStream};
use socket2::SockRef;
use tokio::time::{Instant, interval};
use tokio_util::task::TaskTracker;


use crate::config::Limits;

/// A client must take its answer at this rate: a phone at the edge of its cell does.
const MIN_BYTES_PER_SECOND: u64 = 8 * 1024;

/// One connection of this worker. actix-http's dispatcher owns it, and drops it when it ends.
pub(super) struct Connection {
    socket: Cell<Option<OwnedFd>>,
    limits: Limits,
    writers: TaskTracker,
    requests: Cell<u64>,
    /// `None` while a request is being worked on, which has deadlines of its own.
    overdue_at: Cell<Option<Instant>>,
}

thread_local! {
    /// The connections of this worker, with those that have ended since the last check.
    static WATCHED: RefCell<Vec<Weak<Connection>>> = const { RefCell::new(Vec::new()) };
}

/// Keeps a second handle of the socket with its connection, and enforces its deadlines. A task that takes the socket over is
/// spawned on `writers`. If no file descriptor is left, the connection is closed.
pub fn watch(stream: &TcpStream, extensions: &mut Extensions, limits: Limits, writers: &TaskTracker) {
    let Ok(socket) = stream.as_fd().try_clone_to_owned() else {
        log::warn!("a connection is closed: no file descriptor is left for it");
        let _closed_anyway = SockRef::from(stream).shutdown(Shutdown::Both);
        return;
    };
    let connection = Rc::new(Connection {
        socket: Cell::new(Some(socket)),
        limits,
        writers: writers.clone(),
        requests: Cell::new(0),
        // actix-http has a deadline for the first head, and answers 408.
        overdue_at: Cell::new(None),
    });
    let first = WATCHED.with_borrow_mut(|watched| {
        watched.push(Rc::downgrade(&connection));
        watched.len() == 1
    });
    if first {
        rt::spawn(close_overdue(limits));
    }
    extensions.insert(connection);
}

/// Shuts down overdue connections, as long as this worker has any connection. The worker's runtime owns it.
async fn close_overdue(limits: Limits) {
    let mut check = interval((limits.head_timeout.min(limits.keep_alive) / 4).min(Duration::from_secs(1)));
    loop {
        let now = check.tick().await;
        let left = WATCHED.with_borrow_mut(|watched| {
            watched.retain(|connection| connection.upgrade().is_some_and(|open| !open.close_if_overdue(now)));
            watched.len()
        });
        if left == 0 {
            return;
        }
    }
}

impl Connection {
    /// Notes that a request has arrived. Returns whether it is the connection's first.
    pub(super) fn begin(&self) -> bool {
        self.overdue_at.set(None);
        self.requests.replace(self.requests.get() + 1) == 0
    }

    /// Notes that the request has been answered with a body of that size.
    pub(super) fn answered(&self, size: BodySize) {
        let bytes = if let BodySize::Sized(bytes) = size { bytes } else { 0 };
        let transfer = Duration::from_secs(bytes / MIN_BYTES_PER_SECOND);
        self.overdue_at.set(Some(Instant::now() + transfer + self.limits.keep_alive + self.limits.head_timeout));
    }

    /// What every task that takes the socket has to be spawned on.
    pub(super) fn writers(&self) -> &TaskTracker {
        &self.writers
    }

    /// The socket, for a task that answers instead of actix-http; `None` once it was taken or shut down.
    pub(super) fn take_socket(&self) -> Option<TcpStream> {
        // It is non-blocking, as the handle that it was duplicated from.
        TcpStream::from_std(std::net::TcpStream::from(self.socket.take()?)).ok()
    }

    /// Shuts the connection down if it is overdue, and says whether it was; actix-http then reads its end.
    fn close_if_overdue(&self, now: Instant) -> bool {
        if self.overdue_at.get().is_none_or(|overdue_at| now < overdue_at) {
            return false;
        }
        if let Some(socket) = self.socket.take() {
            let _gone_already = SockRef::from(&socket).shutdown(Shutdown::Both);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn connection() -> Connection {
        Connection {
            socket: Cell::new(None),
            limits: Limits { max_body: 1024, head_timeout: SECOND, body_timeout: SECOND, keep_alive: 2 * SECOND },
            writers: TaskTracker::new(),
            requests: Cell::new(0),
            overdue_at: Cell::new(None),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_worked_on_is_never_overdue() {
        let connection = connection();
        assert!(connection.begin());
        advance(3600 * SECOND).await;
        assert!(!connection.close_if_overdue(Instant::now()));
        connection.answered(BodySize::None);
        assert!(!connection.begin(), "the second one");
        advance(3600 * SECOND).await;
        assert!(!connection.close_if_overdue(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_has_time_to_be_taken_and_the_next_request_to_come() {
        let connection = connection();
        for (size, seconds) in [(BodySize::None, 3), (BodySize::Sized(0), 3), (BodySize::Sized(80 * 1024), 13)] {
            connection.begin();
            connection.answered(size);
            advance(seconds * SECOND - Duration::from_millis(1)).await;
            assert!(!connection.close_if_overdue(Instant::now()), "{size:?}");
            advance(Duration::from_millis(1)).await;
            assert!(connection.close_if_overdue(Instant::now()), "{size:?}");
        }
    }
}
