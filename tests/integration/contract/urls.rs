//! The absolute URLs in answers, behind proxies and without.

use super::GENERATIONS;
use crate::harness::{brief, http::Request, service::Service};

fn sse_url_asked_with(service: &Service, headers: &[(&str, &str)]) -> String {
    let request = Request::new("POST", GENERATIONS).json(&brief());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    service.send(&request).expect(201).json()["sseUrl"].as_str().expect("a URL").to_owned()
}

const FORWARDED: [(&str, &str); 3] =
    [("Host", "inside:1234"), ("X-Forwarded-Host", "scripts.example.com"), ("X-Forwarded-Proto", "HTTPS")];

#[test]
fn urls_name_the_host_that_was_asked() {
    let service = Service::start();
    let url = sse_url_asked_with(&service, &FORWARDED);
    assert!(url.starts_with("http://inside:1234/api/v1/generations/job_"), "{url}");
}

#[test]
fn forwarding_headers_count_from_a_trusted_proxy() {
    let service = Service::builder().env("GENERATION__SERVER__TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#).start();
    let url = sse_url_asked_with(&service, &FORWARDED);
    assert!(url.starts_with("https://scripts.example.com/api/v1/generations/job_"), "{url}");
}

#[test]
fn a_configured_public_url_wins() {
    let service = Service::builder().env("GENERATION__SERVER__PUBLIC_URL", "https://public.example/scripts").start();
    let url = sse_url_asked_with(&service, &FORWARDED);
    assert!(url.starts_with("https://public.example/scripts/api/v1/generations/job_"), "{url}");
}

#[test]
fn of_a_list_the_entry_of_the_nearest_trusted_proxy_counts() {
    let service =
        Service::builder().env("GENERATION__SERVER__TRUSTED_PROXIES", r#"["127.0.0.0/8", "10.0.0.0/8"]"#).start();
    for headers in [
        &[("X-Forwarded-Host", "evil.example, real.example"), ("X-Forwarded-Proto", "http, https")][..],
        &[
            ("X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.0.0.7"),
            ("X-Forwarded-Host", "evil.example, real.example, inner:8000"),
            ("X-Forwarded-Proto", "http, https, http"),
        ],
        &[("Forwarded", "for=6.6.6.6;host=evil.example;proto=http, for=1.2.3.4;host=real.example;proto=HTTPS")],
    ] {
        let url = sse_url_asked_with(&service, headers);
        assert!(url.starts_with("https://real.example/api/"), "{headers:?}: {url}");
    }
}
