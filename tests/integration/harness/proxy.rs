//! A way to a server on which answers can be held back: the server has acted, and its client does not know.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

/// Forwards to one server; its threads end with it.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    holding: Arc<AtomicBool>,
    closing: Arc<AtomicBool>,
}

impl Proxy {
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().unwrap();
        let proxy = Self { address, holding: Arc::default(), closing: Arc::default() };
        let (holding, closing) = (Arc::clone(&proxy.holding), Arc::clone(&proxy.closing));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if closing.load(SeqCst) {
                    return;
                }
                let Ok(upstream) = TcpStream::connect(server) else { continue };
                let (holding, closing) = (Arc::clone(&holding), Arc::clone(&closing));
                let (requests, answers) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
                thread::spawn(move || forward(requests, upstream, &|| true));
                thread::spawn(move || {
                    forward(answers, client, &|| {
                        while holding.load(SeqCst) && !closing.load(SeqCst) {
                            thread::sleep(Duration::from_millis(5));
                        }
                        !closing.load(SeqCst)
                    });
                });
            }
        });
        proxy
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on answers wait; requests still arrive.
    pub(crate) fn hold_answers(&self) {
        self.holding.store(true, SeqCst);
    }

    pub(crate) fn let_answers_go(&self) {
        self.holding.store(false, SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.closing.store(true, SeqCst);
        // Wakes the thread that accepts.
        let _woken = TcpStream::connect(self.address);
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, may_pass: &dyn Fn() -> bool) {
    let mut buffer = [0; 8192];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if !may_pass() || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _closed = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
