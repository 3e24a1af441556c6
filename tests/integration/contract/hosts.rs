//! Which host names the service answers to.

use super::GENERATIONS;
use crate::harness::{
    http::{Request, exchange_raw},
    service::{Builder, Service},
};

fn restricted() -> Builder {
    Service::builder()
        .env("GENERATION__CORS__ALLOWED_ORIGINS", r#"["https://app.example.com"]"#)
        .env("GENERATION__SERVER__PUBLIC_URL", "https://scripts.example.com/x")
        .env("GENERATION__SERVER__ALLOWED_HOSTS", r#"["generation"]"#)
}

fn asked_as(service: &Service, host: &str, path: &str) -> crate::harness::http::Response {
    service.send(&Request::get(path).header("Host", host))
}

#[test]
fn a_page_that_points_its_own_name_to_the_service_gets_nothing() {
    let service = restricted().start();
    let active = format!("{GENERATIONS}/active");
    for host in
        ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "scripts.example.com.evil.example", "a b"]
    {
        for path in ["/", &active, "/_stats", "/assets/app.js", "/nothing"] {
            let error = asked_as(&service, host, path).expect_error(403, "FORBIDDEN");
            assert!(
                error["message"].as_str().is_some_and(|message| message.contains("server.allowed_hosts")),
                "{error}"
            );
        }
    }
    let create = Request::new("POST", GENERATIONS).header("Host", "evil.example").json(&crate::harness::brief());
    service.send(&create).expect_error(403, "FORBIDDEN");
    assert_eq!(service.stats()["jobs"]["total"], 0);
}

#[test]
fn a_name_in_the_request_line_counts_as_well() {
    let service = restricted().start();
    let ask = |target: &str, host: &str| {
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        exchange_raw(service.address(), request.as_bytes())
    };
    for (target, host) in [
        ("http://evil.example/_stats", "localhost"),
        ("http://localhost/_stats", "evil.example"),
        ("http://evil.example/_stats", "evil.example"),
    ] {
        assert!(ask(target, host).starts_with("HTTP/1.1 403 "), "{target} {host}");
    }
    assert!(ask("http://localhost/_stats", "localhost").starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_forwarded_name_does_not_stand_in_for_the_real_one() {
    // A page can set any header but Host, and a browser on the proxy's machine has its address.
    let service = restricted().env("GENERATION__SERVER__TRUSTED_PROXIES", r#"["127.0.0.1"]"#).start();
    let request = Request::get("/_stats").header("Host", "evil.example").header("X-Forwarded-Host", "localhost");
    service.send(&request).expect_error(403, "FORBIDDEN");
}

#[test]
fn configured_names_this_machine_and_addresses_are_served() {
    let service = restricted().start();
    for host in [
        "scripts.example.com",
        "app.example.com:443",
        "generation:8000",
        "localhost:8000",
        "LOCALHOST",
        "127.0.0.1",
        "10.9.8.7:8000",
        "[::1]:8000",
    ] {
        asked_as(&service, host, "/_stats").expect(200);
    }
    assert!(exchange_raw(service.address(), b"GET /_stats HTTP/1.0\r\n\r\n").contains(" 200 OK"));
}

#[test]
fn health_is_told_by_any_name() {
    let service = restricted().start();
    for path in ["/health/live", "/health/ready"] {
        asked_as(&service, "pod-7.generation.svc", path).expect(200);
    }
}

#[test]
fn where_every_page_may_call_every_name_is_served() {
    let service = Service::start();
    asked_as(&service, "anything.example", "/_stats").expect(200);
}
