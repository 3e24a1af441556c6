//! What is known of a connection beside what the HTTP server knows: a second handle of its socket, and until when it may
//! stay open.
//!
//! The server has a deadline for the head of the *first* request of a connection and one for a connection that is idle.
//! Neither runs while a later request is half said, after a stray line end, or while a client takes its answer byte by byte.
//! So each worker looks at its own connections a few times a second and shuts down those that are overdue.

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

use crate::config::Limits;

/// A client must take its answer at this rate, in bytes a second: a phone at the edge of its cell does.
const SLOWEST: u64 = 8 * 1024;

/// One connection of this worker. The HTTP server's side of it owns it: it goes when that goes.
pub(super) struct Connection {
    socket: Cell<Option<OwnedFd>>,
    limits: Limits,
    requests: Cell<u64>,
    /// `None` while a request is being worked on, which has deadlines of its own.
    overdue_at: Cell<Option<Instant>>,
}

thread_local! {
    /// The connections of this worker, with those that have gone since the last look.
    static WATCHED: RefCell<Vec<Weak<Connection>>> = const { RefCell::new(Vec::new()) };
}

/// Keeps a second handle of the socket with its connection, and watches over its deadlines. Without a file descriptor to
/// spare the connection is closed.
pub fn watch(stream: &TcpStream, extensions: &mut Extensions, limits: Limits) {
    let Ok(socket) = stream.as_fd().try_clone_to_owned() else {
        log::warn!("a connection is closed: no file descriptor is left for it");
        let _closed_anyway = SockRef::from(stream).shutdown(Shutdown::Both);
        return;
    };
    let connection = Rc::new(Connection {
        socket: Cell::new(Some(socket)),
        limits,
        requests: Cell::new(0),
        // The server itself sees to the first head, and answers one that does not come.
        overdue_at: Cell::new(None),
    });
    let first = WATCHED.with_borrow_mut(|watched| {
        watched.push(Rc::downgrade(&connection));
        watched.len() == 1
    });
    if first {
        rt::spawn(look_after(limits));
    }
    extensions.insert(connection);
}

/// Shuts down what is overdue, as long as the worker has connections. Its runtime owns it.
async fn look_after(limits: Limits) {
    let mut look = interval((limits.head_timeout.min(limits.keep_alive) / 4).min(Duration::from_secs(1)));
    loop {
        let now = look.tick().await;
        let left = WATCHED.with_borrow_mut(|watched| {
            watched.retain(|connection| connection.upgrade().is_some_and(|connection| connection.in_time(now)));
            watched.len()
        });
        if left == 0 {
            return;
        }
    }
}

impl Connection {
    /// A request has come. Whether it is the first one.
    pub(super) fn begin(&self) -> bool {
        self.overdue_at.set(None);
        self.requests.replace(self.requests.get() + 1) == 0
    }

    /// A request has been answered with a body of that size.
    pub(super) fn answered(&self, size: BodySize) {
        let bytes = if let BodySize::Sized(bytes) = size { bytes } else { 0 };
        let taking = Duration::from_secs(bytes / SLOWEST);
        self.overdue_at.set(Some(Instant::now() + taking + self.limits.keep_alive + self.limits.head_timeout));
    }

    /// The socket, for somebody who answers in the server's place.
    pub(super) fn take_socket(&self) -> Option<TcpStream> {
        // It does not block: it shares that with the handle it was made of.
        TcpStream::from_std(std::net::TcpStream::from(self.socket.take()?)).ok()
    }

    /// Shuts the connection down if it is overdue; the server then reads its end.
    fn in_time(&self, now: Instant) -> bool {
        if self.overdue_at.get().is_none_or(|overdue_at| now < overdue_at) {
            return true;
        }
        if let Some(socket) = self.socket.take() {
            let _gone_already = SockRef::from(&socket).shutdown(Shutdown::Both);
        }
        false
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
            requests: Cell::new(0),
            overdue_at: Cell::new(None),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_worked_on_is_never_overdue() {
        let connection = connection();
        assert!(connection.begin());
        advance(3600 * SECOND).await;
        assert!(connection.in_time(Instant::now()));
        connection.answered(BodySize::None);
        assert!(!connection.begin(), "the second one");
        advance(3600 * SECOND).await;
        assert!(connection.in_time(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_has_time_to_be_taken_and_the_next_request_to_come() {
        let connection = connection();
        for (size, seconds) in [(BodySize::None, 3), (BodySize::Sized(0), 3), (BodySize::Sized(80 * 1024), 13)] {
            connection.begin();
            connection.answered(size);
            advance(seconds * SECOND - Duration::from_millis(1)).await;
            assert!(connection.in_time(Instant::now()), "{size:?}");
            advance(Duration::from_millis(1)).await;
            assert!(!connection.in_time(Instant::now()), "{size:?}");
        }
    }
}
