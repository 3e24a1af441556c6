//! Absolute URLs in answers.

use actix_web::{HttpRequest, http::header};
use generation_actors::job::JobId;

use super::{HttpOptions, forwarded::Forwarded};

/// The URLs of one job.
pub(super) struct JobUrls {
    pub job: String,
    pub events: String,
}

impl JobUrls {
    pub(super) fn new(request: &HttpRequest, options: &HttpOptions, id: JobId) -> Self {
        let job = format!("{}/api/v1/generations/{id}", base(request, options));
        Self { events: format!("{job}/events"), job }
    }
}

/// Scheme and host: as configured, else as trusted proxies say, else as the request itself says.
fn base(request: &HttpRequest, options: &HttpOptions) -> String {
    if let Some(url) = &options.public_url {
        return url.clone();
    }
    let forwarded = Forwarded::read(request.headers(), request.peer_addr(), &options.trusted_proxies);
    let scheme = forwarded.scheme.filter(|scheme| matches!(&**scheme, "http" | "https")).unwrap_or("http".into());
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    match forwarded.host.as_deref().or(named).filter(|host| is_host(host)) {
        Some(host) => format!("{scheme}://{host}"),
        None => format!("{scheme}://{}", request.app_config().local_addr()),
    }
}

/// A header is the client's to choose: only what can be a host and port goes into a URL.
fn is_host(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    !text.is_empty() && text.len() <= 255 && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::test::TestRequest;

    use super::*;
    use crate::http::StreamTiming;

    fn options() -> HttpOptions {
        let second = Duration::from_secs(1);
        HttpOptions {
            public_url: None,
            trusted_proxies: Vec::new(),
            hosts: None,
            max_body: 1024,
            body_timeout: second,
            timing: StreamTiming { heartbeat: second, keep_alive: second, retry: second }.into(),
            episode_timeout: second,
        }
    }

    fn request() -> TestRequest {
        TestRequest::default()
            .insert_header((header::HOST, "direct:8000"))
            .insert_header(("x-forwarded-host", "outside.example"))
            .insert_header(("x-forwarded-proto", "HTTPS"))
            .peer_addr("10.1.2.3:4444".parse().expect("an address"))
    }

    #[test]
    fn forwarding_headers_count_from_trusted_proxies_only() {
        let request = request().to_http_request();
        assert_eq!(base(&request, &options()), "http://direct:8000");
        let trusting = HttpOptions { trusted_proxies: vec!["10.0.0.0/8".parse().expect("a network")], ..options() };
        assert_eq!(base(&request, &trusting), "https://outside.example");
        let public = HttpOptions { public_url: Some("https://public.example/x".into()), ..trusting };
        assert_eq!(base(&request, &public), "https://public.example/x");
    }

    #[test]
    fn a_host_that_is_none_is_not_put_into_a_url() {
        for host in ["", "a b", "evil\"/><script>", "a/b", "u@h"] {
            let request = TestRequest::default().insert_header((header::HOST, host)).to_http_request();
            assert!(base(&request, &options()).starts_with("http://127.0.0.1:"), "{host}");
        }
    }
}
