//! Tests the scripted server with this crate's client.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use super::*;
use crate::http::exchange_raw;

const REQUEST: &[u8] = b"GET /a HTTP/1.1\r\nX-Name: value\r\n\r\n";

#[test]
fn requests_on_one_connection_are_told_apart() {
    let server = Server::start(|asked| {
        let response = send(answer("200 OK", "text/plain", asked.line()));
        if asked.number == 1 { vec![response, Act::Close] } else { vec![response] }
    });
    let both = [REQUEST, b"POST /b HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi"].concat();
    let responses = exchange_raw(server.address(), &both);
    assert!(responses.contains("\r\n\r\nGET /a") && responses.ends_with("\r\n\r\nPOST /b"), "{responses}");
    let asked = server.asked();
    assert_eq!(asked.iter().map(|asked| (asked.number, asked.connection)).collect::<Vec<_>>(), [(0, 0), (1, 0)]);
    assert_eq!((asked[0].header("x-name"), asked[1].body.as_str()), (Some("value"), "hi"));
}

#[test]
fn a_client_that_leaves_ends_a_stall_and_a_flood() {
    for act in [Act::Stall, Act::Flood(vec![b'x'; 64 * 1024])] {
        let server = Server::start(move |_| vec![act.clone()]);
        let mut client = TcpStream::connect(server.address()).expect("it listens");
        client.write_all(REQUEST).expect("it is taken");
        server.wait_for_requests(1);
        assert!(!server.has_left(0));
        drop(client);
        server.wait_until_left(0);
    }
}

#[test]
fn a_server_that_is_dropped_closes_its_connections() {
    let server = Server::start(|_| vec![Act::Stall]);
    let mut client = TcpStream::connect(server.address()).expect("it listens");
    client.write_all(REQUEST).expect("it is taken");
    server.wait_for_requests(1);
    drop(server);
    client.set_read_timeout(Some(wait::TIMEOUT)).expect("an open socket");
    assert_eq!(client.read(&mut [0; 1]).expect("the end"), 0);
}
