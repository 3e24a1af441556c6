//! Servers that never come to the point.

use std::{
    net::{Ipv4Addr, TcpListener},
    time::{Duration, Instant},
};

use tokio::{io::AsyncReadExt as _, time::timeout};

use super::{CLIENTS, PATIENT, until};
use crate::harness::raw::{Act, RawServer, send};

/// Enough for a busy machine to send a request.
const SHORT: Duration = Duration::from_secs(1);

#[actix_web::test]
async fn informational_answers_without_end_do_not_prolong_the_wait() {
    for client in CLIENTS {
        let hints = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100);
        let server = RawServer::start(move |asked| client.served(asked, |_, _| vec![Act::Flood(hints.clone())]));
        let begun = Instant::now();
        let brought = client.ask(&server.url(), PATIENT, SHORT).await;
        assert!(brought.is_err(), "{client:?}: {brought:?}");
        assert!(begun.elapsed() < PATIENT / 2, "{client:?} waited {:?}", begun.elapsed());
        let last = server.asked().last().expect("it was asked").connection;
        until("the connection to be given up", || server.has_left(last)).await;
    }
}

#[actix_web::test]
async fn an_answer_that_stops_in_its_middle_is_left() {
    for client in CLIENTS {
        let server = RawServer::start(move |asked| {
            client.served(asked, |kind, body| {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
                vec![send(head), Act::Send(body.as_bytes()[..body.len() / 2].to_vec()), Act::Stall]
            })
        });
        let brought = client.ask(&server.url(), PATIENT, SHORT).await;
        assert!(brought.is_err(), "{client:?}: {brought:?}");
        let last = server.asked().last().expect("it was asked").connection;
        until("the connection to be given up", || server.has_left(last)).await;
    }
}

#[actix_web::test]
async fn a_handshake_that_hangs_ends_with_the_time_to_connect() {
    for client in CLIENTS {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        listener.set_nonblocking(true).expect("an open socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a runtime");
        let url = format!("https://localhost:{}", listener.local_addr().expect("it is bound").port());
        let silence = async {
            let (mut connection, _) = listener.accept().await.expect("a connection");
            let mut hello = Vec::new();
            // It says its part, hears nothing, and hangs up.
            connection.read_to_end(&mut hello).await.expect("the client closes");
            hello
        };
        // The embeddings are asked for first, so no other server has to answer before.
        let both = async { tokio::join!(client.ask(&url, SHORT, PATIENT), silence) };
        let (brought, hello) = timeout(PATIENT / 2, both).await.expect("within the time to connect");
        assert!(hello.first() == Some(&0x16), "{client:?} says no hello");
        let error = brought.expect_err("nobody answered");
        assert!(error.contains("no connection within 1s"), "{client:?}: {error}");
    }
}
