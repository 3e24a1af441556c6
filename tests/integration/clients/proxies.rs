//! Proxies that the environment names.

use serde_json::json;

use super::TEXT;
use crate::harness::{
    brief,
    raw::{Act, Asked, RawServer, answer, send},
    service::{Builder, Service},
    wait,
};

/// A model and an Episode API in one.
fn serve(asked: &Asked) -> Vec<Act> {
    if asked.line().contains("/chat/completions") {
        let (kind, body) = super::Client::Chat.right_answer(asked);
        return vec![send("HTTP/1.1 103 Early Hints\r\n\r\n"), send(answer("200 OK", kind, &body))];
    }
    if asked.line().starts_with("POST ") {
        return vec![send(answer("201 Created", "application/json", r#"{"id":"e","number":1}"#))];
    }
    vec![send(answer("200 OK", "application/json", "[]"))]
}

/// All that it asks is below `url`.
fn service(url: &str) -> Builder {
    let provider =
        format!(r#"[{{ name = "far", kind = "openai", models = ["*"], base_url = "{url}/v1", retries = 0 }}]"#);
    Service::builder().providers(&provider).env("GENERATION__MODELS__DEFAULT", "m").remote(url)
}

/// Runs one job to its saved episode.
fn complete(service: &Service) {
    let id = service.create(&brief());
    service.wait_for(&id, "completed");
    assert_eq!(service.script(&id), TEXT);
    wait::until("the episode", || (service.job(&id)["episodeId"] == json!("e")).then_some(()));
}

/// With the password of [`with_password`].
const BASIC: Option<&str> = Some("Basic bWU6aHVudGVyMg==");

fn with_password(proxy: &RawServer) -> String {
    format!("http://me:hunter2@{}", proxy.address())
}

#[test]
fn plain_requests_go_to_the_proxy_with_their_whole_url_and_its_password() {
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let proxy = RawServer::start(serve);
        let service = service("http://models.invalid:8080").env(variable, &with_password(&proxy)).start();
        complete(&service);
        let asked = proxy.asked();
        let lines: Vec<_> = asked.iter().map(Asked::line).collect();
        for expected in ["/v1/chat/completions", "/api/v1/projects/project%2D1/episodes"] {
            let line = format!("POST http://models.invalid:8080{expected}");
            assert!(lines.contains(&line.as_str()), "{line} in {lines:?}");
        }
        for asked in &asked {
            assert_eq!(asked.header("host"), Some("models.invalid:8080"));
            assert_eq!(asked.header("proxy-authorization"), BASIC);
        }
        assert!(!service.log().contains("hunter2"));
    }
}

#[test]
fn a_server_that_no_proxy_names_and_one_on_this_machine_are_asked_directly() {
    let proxy = RawServer::start(|_| vec![Act::Close]);
    let server = RawServer::start(serve);
    let port = server.address().port();
    // Linux reaches loopback by this address, which is not a loopback address by itself.
    for (host, no_proxy) in [("0.0.0.0", "example.com, 0.0.0.0"), ("0.0.0.0", "*"), ("127.0.0.1", "example.com")] {
        let service = service(&format!("http://{host}:{port}"))
            .env("HTTP_PROXY", &with_password(&proxy))
            .env("NO_PROXY", no_proxy)
            .start();
        complete(&service);
    }
    assert!(proxy.asked().is_empty());
    assert!(server.asked().iter().all(|asked| asked.header("proxy-authorization").is_none()));
}

#[test]
fn requests_with_tls_go_through_a_tunnel() {
    // What follows the tunnel's answer is TLS, which this proxy does not understand: it hangs up.
    let proxy = RawServer::start(|_| {
        let open = send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 Connection established\r\n\r\n");
        vec![open, Act::Close]
    });
    let service = service("https://models.invalid").env("HTTPS_PROXY", &with_password(&proxy)).start();
    let id = service.create(&brief());
    service.wait_for(&id, "failed");
    let asked = proxy.asked();
    assert!(asked.len() >= 2, "the model and the Episode API: {asked:?}");
    for asked in asked {
        assert_eq!(asked.line(), "CONNECT models.invalid:443");
        assert_eq!((asked.header("host"), asked.header("proxy-authorization")), (Some("models.invalid:443"), BASIC));
    }
    let log = service.log();
    assert!(log.contains("TLS") && !log.contains("hunter2"), "{log}");
}

#[test]
fn a_proxy_that_cannot_be_used_is_named_and_not_passed_by() {
    let refusing = RawServer::start(|_| vec![send("HTTP/1.1 407 No\r\ncontent-length: 3\r\n\r\nno!")]);
    for (url, variable, proxy, said) in [
        ("https://models.invalid", "HTTPS_PROXY", refusing.url(), "asks for a password (407)"),
        ("https://models.invalid", "ALL_PROXY", "socks5://127.0.0.1:1".into(), "SOCKS proxies are not supported"),
        (
            "http://models.invalid",
            "HTTP_PROXY",
            "socks5://127.0.0.1:1".into(),
            "HTTP_PROXY is not the URL of an HTTP proxy",
        ),
    ] {
        let service = service(url).env(variable, &proxy).start();
        let id = service.create(&brief());
        let job = service.wait_for(&id, "failed");
        assert_eq!(job["errorCode"], "MODEL_UNAVAILABLE");
        let log = service.log();
        assert!(log.contains(said), "{said:?} in {log}");
    }
}
