//! Cross-origin requests.

use super::GENERATIONS;
use crate::harness::{
    brief,
    http::{Request, Response},
    service::Service,
};

#[test]
fn pages_of_any_origin_may_call_without_credentials() {
    let service = Service::start();
    let id = service.create(&brief());
    for path in [format!("{GENERATIONS}/{id}"), format!("{GENERATIONS}/{id}/events"), format!("{GENERATIONS}/job_1")] {
        let request = Request::get(&path).header("Origin", "https://app.example.com");
        let answer = request.open(service.address());
        assert_eq!(answer.head.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.head.header("access-control-allow-credentials"), None);
    }
}

fn preflight(service: &Service, origin: &str, method: &str, headers: &str) -> Response {
    let request = Request::new("OPTIONS", GENERATIONS)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", headers);
    service.send(&request)
}

#[test]
fn preflights_allow_the_methods_and_headers_that_clients_use() {
    let service = Service::start();
    for (method, headers) in [
        ("POST", "content-type,idempotency-key,accept-language"),
        ("GET", "last-event-id,cache-control"),
        ("DELETE", "authorization"),
    ] {
        let answer = preflight(&service, "https://app.example.com", method, headers);
        assert!(matches!(answer.status(), 200 | 204), "{method}: {}", answer.status());
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let methods = answer.header("access-control-allow-methods").expect("methods");
        assert!(methods.split(',').any(|known| known.trim() == method), "{methods}");
        let allowed = answer.header("access-control-allow-headers").expect("headers").to_lowercase();
        for header in headers.split(',') {
            assert!(allowed.split(',').any(|known| known.trim() == header), "{header} in {allowed}");
        }
    }
}

#[test]
fn configured_origins_are_the_only_ones() {
    let service = Service::builder().env("GENERATION__CORS__ALLOWED_ORIGINS", r#"["https://app.example.com"]"#).start();
    let answer = preflight(&service, "https://app.example.com", "POST", "content-type");
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example.com"));
    let foreign = preflight(&service, "https://evil.example", "POST", "content-type");
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    let simple = service.send(&Request::get("/health/live").header("Origin", "https://evil.example"));
    assert_eq!(simple.header("access-control-allow-origin"), None);
}

#[test]
fn a_page_can_read_the_headers_it_needs() {
    let service = Service::start();
    let request = Request::new("POST", GENERATIONS).header("Origin", "https://app.example.com").json(&brief());
    let answer = service.send(&request).expect(201);
    let exposed = answer.header("access-control-expose-headers").expect("exposed headers").to_lowercase();
    for header in ["location", "retry-after"] {
        assert!(exposed.contains(header), "{header} in {exposed}");
    }
}
