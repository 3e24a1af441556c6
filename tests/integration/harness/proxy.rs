//! A way to a server on which answers can be held back: the server has acted, and its client does not know that.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use super::wait;

/// Forwards to one server; its threads end with it.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Answers to requests whose first line contains this wait.
    held: Mutex<Option<&'static str>>,
    kept_back: AtomicUsize,
    closing: AtomicBool,
}

impl Proxy {
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().unwrap();
        let proxy = Self { address, state: Arc::default() };
        let state = Arc::clone(&proxy.state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if state.closing.load(SeqCst) {
                    return;
                }
                let Ok(upstream) = TcpStream::connect(server) else { continue };
                // Whether the answer that comes next on this connection waits.
                let waits = Arc::new(AtomicBool::new(false));
                let (requests, answers) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
                let (notes, asked) = (Arc::clone(&state), Arc::clone(&waits));
                thread::spawn(move || forward(requests, upstream, |bytes| notes.request(bytes, &asked)));
                let state = Arc::clone(&state);
                thread::spawn(move || forward(answers, client, |_| state.answer(&waits)));
            }
        });
        proxy
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on the answers to requests with `line` in their first line wait; the requests still arrive.
    pub(crate) fn hold_answers_to(&self, line: &'static str) {
        *self.state.held.lock().unwrap() = Some(line);
    }

    /// Waits until the server has given an answer that is held back.
    pub(crate) fn wait_until_held(&self) {
        wait::until("an answer to be held back", || (self.state.kept_back.load(SeqCst) > 0).then_some(()));
    }

    pub(crate) fn let_answers_go(&self) {
        *self.state.held.lock().unwrap() = None;
    }
}

impl State {
    fn request(&self, bytes: &[u8], waits: &AtomicBool) {
        // A client sends its next request after the answer, so each begins a read; what begins otherwise is more of a body.
        let head = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let head = String::from_utf8_lossy(head);
        if head.ends_with(" HTTP/1.1") {
            let held = self.held.lock().unwrap();
            waits.store(held.is_some_and(|line| head.contains(line)), SeqCst);
        }
    }

    fn answer(&self, waits: &AtomicBool) {
        let held = || waits.load(SeqCst) && self.held.lock().unwrap().is_some() && !self.closing.load(SeqCst);
        if held() {
            self.kept_back.fetch_add(1, SeqCst);
        }
        while held() {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.closing.store(true, SeqCst);
        // Wakes the thread that accepts.
        let _woken = TcpStream::connect(self.address);
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, before: impl Fn(&[u8])) {
    let mut buffer = [0; 8192];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        before(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _closed = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
