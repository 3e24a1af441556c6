//! The HTTP clients: awc's cannot move between threads, so each thread has its own.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use awc::{Client, Connector, http::Version};

use super::Shared;

thread_local! {
    /// By provider; as many as are configured.
    static CLIENTS: RefCell<HashMap<u64, Client>> = RefCell::default();
}

/// This thread's client for the provider.
pub(super) fn of(provider: &Shared) -> Client {
    CLIENTS.with_borrow_mut(|clients| {
        clients.entry(provider.number).or_insert_with(|| build(provider.options.connect_timeout)).clone()
    })
}

fn build(connect_timeout: Duration) -> Client {
    let connector = Connector::new()
        .timeout(connect_timeout)
        .handshake_timeout(connect_timeout)
        // Over HTTP/2 several jobs would share a connection: dropping one's response would not close it, a reader that is slow
        // would hold up the others' window, and awc sends a stray request when it lets go of such a connection.
        .max_http_version(Version::HTTP_11)
        // awc's own bound of 100 connections would make further jobs wait without a word; `jobs.max_streaming` bounds them.
        .limit(0);
    Client::builder()
        .connector(connector)
        // awc's timeout of 5 s starts with the request and goes on through the body: `run` has deadlines of its own.
        .disable_timeout()
        // A redirect would carry the key to wherever it points.
        .disable_redirects()
        .finish()
}
