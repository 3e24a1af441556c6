//! Tests TLS, directly and through proxies, with the tests' own certificate (`tests/peers/tls`), which nothing else
//! trusts.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::Request;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{Answer, Connector, Error, Pooled, ask, proxy::Proxies};

const CERTIFICATE: &[u8] = include_bytes!("../../tests/peers/tls/certificate.der");
const KEY: &[u8] = include_bytes!("../../tests/peers/tls/key.der");
const TIMEOUT: Duration = Duration::from_secs(20);

/// Trusts the tests' server.
fn connector(proxies: Matcher) -> Connector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(CERTIFICATE)).expect("a certificate");
    Connector::with(TIMEOUT, Proxies(proxies), roots)
}

fn direct() -> Connector {
    connector(Matcher::builder().build())
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

fn acceptor() -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
        .expect("certificate and key belong together");
    TlsAcceptor::from(Arc::new(config))
}

async fn with_tls(connection: TcpStream) -> TlsStream<TcpStream> {
    acceptor().accept(connection).await.expect("a handshake")
}

/// Reads to the end of a request's head. These requests have no body.
async fn head(connection: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.expect("a request"));
    }
    String::from_utf8(head).expect("text")
}

async fn get(connector: &Connector, url: &str) -> Result<Answer, Error> {
    ask(connector, Request::get(url).body(Bytes::new()).expect("a request"), TIMEOUT).await
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole";

#[tokio::test]
async fn dropping_a_body_over_tls_closes_its_connection() {
    let (listener, port) = listen().await;
    let serving = async {
        let mut connection = with_tls(listener.accept().await.expect("a connection").0).await;
        assert!(head(&mut connection).await.starts_with("GET /v1?x HTTP/1.1\r\n"));
        let begun = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhow\r\n";
        connection.write_all(begun).await.expect("written");
        connection
    };
    let connector = direct();
    let url = format!("https://localhost:{port}/v1?x");
    let (answer, mut connection) = tokio::join!(get(&connector, &url), serving);
    let mut body = answer.expect("an answer").body;
    assert_eq!(body.next().await, Some(Ok(Bytes::from("how"))));
    drop(body);
    // There is no `close_notify`: the socket is closed.
    let read = timeout(TIMEOUT, connection.read_u8()).await.expect("closed at once");
    assert!(read.is_err());
}

#[tokio::test]
async fn over_tls_a_body_without_a_length_is_complete_only_after_close_notify() {
    for orderly in [true, false] {
        let (listener, port) = listen().await;
        let serving = async {
            let mut connection = with_tls(listener.accept().await.expect("a connection").0).await;
            head(&mut connection).await;
            connection.write_all(b"HTTP/1.1 200 OK\r\n\r\nperhaps").await.expect("written");
            if orderly {
                connection.shutdown().await.expect("said");
            }
        };
        let asking = async {
            let answer = get(&direct(), &format!("https://localhost:{port}/")).await.expect("an answer");
            answer.body.collect(100).await
        };
        let (body, ()) = tokio::join!(asking, serving);
        match body {
            Ok(body) => assert!(orderly && body == "perhaps"),
            Err(error) => assert!(!orderly && matches!(error, Error::Broken(_)), "{error}"),
        }
    }
}

#[tokio::test]
async fn an_untrusted_certificate_is_refused() {
    let (listener, port) = listen().await;
    let serving = async {
        let (connection, _) = listener.accept().await.expect("a connection");
        assert!(acceptor().accept(connection).await.is_err());
    };
    let stranger = Connector::new(TIMEOUT);
    let url = format!("https://localhost:{port}/");
    let (answer, ()) = tokio::join!(get(&stranger, &url), serving);
    let error = answer.expect_err("nobody vouches for it");
    assert!(matches!(&error, Error::Unreachable(cause) if cause.starts_with("TLS: ")), "{error}");
}

/// Accepts one `CONNECT` and connects it to `server`, whatever name it asks for.
async fn put_through(mut client: impl AsyncRead + tokio::io::AsyncWrite + Unpin, server: u16) -> String {
    let asked = head(&mut client).await;
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.expect("the server listens");
    client.write_all(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n").await.expect("written");
    // How the tunnel ends is up to the client and the server.
    let _ended = copy_bidirectional(&mut client, &mut server).await;
    asked
}

#[tokio::test]
async fn a_server_is_reached_through_plain_and_tls_proxies_and_its_connection_is_reused() {
    for secure_proxy in [false, true] {
        let ((listener, port), (proxy, proxy_port)) = (listen().await, listen().await);
        let proxying = async {
            let (client, _) = proxy.accept().await.expect("a connection");
            if secure_proxy { put_through(with_tls(client).await, port).await } else { put_through(client, port).await }
        };
        let serving = async {
            let mut connection = with_tls(listener.accept().await.expect("a connection").0).await;
            for _ in 0..2 {
                let asked = head(&mut connection).await;
                assert!(asked.starts_with("GET /v1 HTTP/1.1\r\n"), "{asked}");
                assert!(!asked.contains("proxy-authorization"), "{asked}");
                connection.write_all(ANSWER).await.expect("written");
            }
        };
        let scheme = if secure_proxy { "https" } else { "http" };
        let matcher = Matcher::builder().https(format!("{scheme}://me:secret@localhost:{proxy_port}")).build();
        let asking = async {
            let client = Pooled::new(connector(matcher), TIMEOUT, 100);
            for _ in 0..2 {
                let request = Request::get("https://models.test/v1").body(Bytes::new()).expect("a request");
                assert_eq!(client.send(request).await.expect("an answer").body(), "whole");
            }
        };
        let all = async { tokio::join!(proxying, serving, asking) };
        let (asked, (), ()) = timeout(TIMEOUT, all).await.expect("in time");
        assert!(asked.starts_with("CONNECT models.test:443 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("\r\nproxy-authorization: Basic bWU6c2VjcmV0\r\n"), "{asked}");
    }
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused_while_it_arrives() {
    let (listener, port) = listen().await;
    let serving = async {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        head(&mut connection).await;
        connection.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("written");
        while connection.write_all(&[b'x'; 1000]).await.is_ok() {}
    };
    let client = Pooled::new(direct(), TIMEOUT, 5000);
    let request = Request::get(format!("http://localhost:{port}/")).body(Bytes::new()).expect("a request");
    let both = async { tokio::join!(client.send(request), serving) };
    let (answer, ()) = timeout(TIMEOUT, both).await.expect("in time");
    assert_eq!(answer.expect_err("too large"), Error::Unusable("more than 5000 bytes".into()));
}
