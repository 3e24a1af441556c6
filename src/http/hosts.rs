//! Which host names the service answers to, where only some origins may call it.
//!
//! A page elsewhere can let its own name point to this service's address (DNS rebinding). For the browser they are then of
//! one origin, and no cross-origin rule stands between them; but `Host` still has that page's name.

use std::net::IpAddr;

use actix_web::{
    Error, ResponseError as _,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{header, uri::Authority},
    middleware::Next,
    web::Data,
};
use url::Url;

use super::{Context, language};
use crate::config::{self, AllowedOrigins};

/// The names that requests may be for. IP addresses always may: no name is rebound where none is used, and orchestrators
/// look for the service by its address.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// Those of the service's own URL, of the origins that may call it, and further ones as configured; `None` is any host,
    /// where every page may call anyway.
    pub fn allowed(server: &config::Server, cors: &config::Cors) -> Option<Self> {
        let AllowedOrigins::These(origins) = &cors.allowed_origins else { return None };
        let urls: Vec<Url> = origins.iter().chain(&server.public_url).filter_map(|url| Url::parse(url).ok()).collect();
        let of_urls = urls.iter().filter_map(Url::host_str);
        let configured = server.allowed_hosts.iter().chain([&server.host]).map(String::as_str);
        Some(Self::new(of_urls.chain(configured)))
    }

    /// These names, with or without a port, beside those of this machine itself.
    fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().filter_map(bare).collect())
    }

    fn include(&self, host: &str) -> bool {
        bare(host).is_some_and(|host| {
            host.parse::<IpAddr>().is_ok()
                || host == "localhost"
                || host.ends_with(".localhost")
                || self.0.contains(&host)
        })
    }
}

/// A host as names are compared: without port and brackets, in lower case, without a dot at its end; `None` if it is none.
fn bare(host: &str) -> Option<String> {
    let authority: Authority = host.parse().ok()?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    Some(host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase())
}

/// Refuses requests for other hosts than [`Context::hosts`], except those about its health: load balancers ask by
/// names of their own, and nothing in the answer is worth a name.
///
/// # Errors
/// Those of the handlers.
pub async fn check_host(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    if is_foreign(&request) {
        let refused = language::texts(request.request()).foreign_host().error_response();
        return Ok(request.into_response(refused).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

fn is_foreign(request: &ServiceRequest) -> bool {
    let context = request.app_data::<Data<Context>>();
    let Some(hosts) = context.and_then(|context| context.hosts.as_ref()) else { return false };
    if request.path().starts_with("/health/") {
        return false;
    }
    // The request line may name another host. HTTP/1.0 need not name any, and browsers do not speak it.
    let named = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    let authority = request.uri().authority().map(Authority::as_str);
    named.into_iter().chain(authority).any(|host| !hosts.include(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_and_addresses_are_taken_whatever_their_port_and_case() {
        let hosts = Hosts::new(["scripts.example.com", "inner:8000"]);
        for host in [
            "scripts.example.com",
            "Scripts.Example.Com:443",
            "scripts.example.com.",
            "inner",
            "localhost:8000",
            "app.localhost",
            "127.0.0.1:8000",
            "10.4.5.6",
            "[::1]:8000",
            "[fe80::1]",
        ] {
            assert!(hosts.include(host), "{host}");
        }
    }

    #[test]
    fn other_names_and_nonsense_are_foreign() {
        let hosts = Hosts::new(["scripts.example.com"]);
        for host in [
            "evil.example",
            "scripts.example.com.evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:8000",
            "xscripts.example.com",
            "scripts.example.com@evil.example",
            "",
            ":8000",
            "a b",
        ] {
            assert!(!hosts.include(host), "{host}");
        }
    }
}
