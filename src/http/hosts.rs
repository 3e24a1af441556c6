//! Checks the host name of a request, when only some origins may call the service.
//!
//! A foreign page can point its own name at this service's address (DNS rebinding). The browser then sees one origin,
//! so cross-origin rules do not apply, but `Host` still carries that page's name.

use std::net::IpAddr;

use actix_web::{
    Error,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{header, uri::Authority},
    middleware::Next,
    web::Data,
};
use url::Url;

use super::{Context, problem::Problem};
use crate::config::{self, AllowedOrigins};

/// The names that requests may use. IP addresses are always allowed: rebinding needs a name, and orchestrators probe
/// the service by its address.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// The host names of the service's own URL, of the allowed origins, and of the settings. `None` allows any host,
    /// for a service that every page may call anyway.
    pub fn allowed(server: &config::Server, cors: &config::Cors) -> Option<Self> {
        let AllowedOrigins::These(origins) = &cors.allowed_origins else { return None };
        let urls: Vec<Url> = origins.iter().chain(&server.public_url).filter_map(|url| Url::parse(url).ok()).collect();
        let of_urls = urls.iter().filter_map(Url::host_str);
        let configured = server.allowed_hosts.iter().chain([&server.host]).map(String::as_str);
        Some(Self::new(of_urls.chain(configured)))
    }

    /// These names, with or without a port, and the names of this machine.
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

/// A host in the form used for comparison: in lower case, without port, brackets and trailing dot. `None` if it is
/// invalid.
fn bare(host: &str) -> Option<String> {
    let authority: Authority = host.parse().ok()?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    Some(host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase())
}

/// Refuses requests for hosts other than [`Context::hosts`], except health checks: load balancers use names of their
/// own for these, and the answers reveal nothing.
///
/// # Errors
/// Passes on the handler's errors.
pub async fn check_host(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if is_foreign(&request) {
        return Ok(request.error_response(Problem::ForeignHost));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

fn is_foreign(request: &ServiceRequest) -> bool {
    let context = request.app_data::<Data<Context>>();
    let Some(hosts) = context.and_then(|context| context.hosts.as_ref()) else { return false };
    if request.path().starts_with("/health/") {
        return false;
    }
    // The request line may name a different host. HTTP/1.0 may omit `Host`, and browsers do not use it.
    let named = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    let authority = request.uri().authority().map(Authority::as_str);
    named.into_iter().chain(authority).any(|host| !hosts.include(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_and_addresses_are_allowed_with_any_port_and_case() {
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
    fn other_names_and_malformed_hosts_are_foreign() {
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
