//! Absolute URLs in answers.

use actix_web::{HttpRequest, http::header};
use generation_actors::model::JobId;

use super::forwarded::Forwarded;
use crate::config::Server;

/// The URLs of one job.
pub(super) struct JobUrls {
    pub job: String,
    pub events: String,
}

impl JobUrls {
    pub(super) fn new(request: &HttpRequest, server: &Server, id: JobId) -> Self {
        let job = format!("{}/api/v1/generations/{id}", base(request, server));
        Self { events: format!("{job}/events"), job }
    }
}

/// Scheme and host: from the settings, else from trusted proxies, else from the request itself.
fn base(request: &HttpRequest, server: &Server) -> String {
    if let Some(url) = &server.public_url {
        return url.clone();
    }
    let forwarded = Forwarded::read(request.headers(), request.peer_addr(), &server.trusted_proxies);
    let scheme = forwarded.scheme.filter(|scheme| matches!(&**scheme, "http" | "https")).unwrap_or("http".into());
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    match forwarded.host.as_deref().or(named).filter(|host| is_host(host)) {
        Some(host) => format!("{scheme}://{host}"),
        None => format!("{scheme}://{}", request.app_config().local_addr()),
    }
}

/// Clients choose this header freely, so put it into a URL only if it is a valid host and port.
fn is_host(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    !text.is_empty() && text.len() <= 255 && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::config::{Cli, Settings};

    fn server() -> Server {
        Settings::load(&Cli::default(), std::iter::empty()).expect("the defaults").server
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
        assert_eq!(base(&request, &server()), "http://direct:8000");
        let trusting = Server { trusted_proxies: vec!["10.0.0.0/8".parse().expect("a network")], ..server() };
        assert_eq!(base(&request, &trusting), "https://outside.example");
        let public = Server { public_url: Some("https://public.example/x".into()), ..trusting };
        assert_eq!(base(&request, &public), "https://public.example/x");
    }

    #[test]
    fn an_invalid_host_is_not_put_into_a_url() {
        for host in ["", "a b", "evil\"/><script>", "a/b", "u@h"] {
            let request = TestRequest::default().insert_header((header::HOST, host)).to_http_request();
            assert!(base(&request, &server()).starts_with("http://127.0.0.1:"), "{host}");
        }
    }
}
