//! Proxies from environment variables, read as curl does: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, in
//! upper or lower case.

use std::{env, net::IpAddr, sync::Once};

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// Chooses the proxy for each server. Servers on this machine are reached directly.
#[derive(Debug)]
pub(super) struct Proxies(pub(super) Matcher);

impl Proxies {
    /// Reads the current environment. A variable that is not a proxy URL is logged once and ignored.
    pub(super) fn from_environment() -> Self {
        static WARNED: Once = Once::new();
        WARNED.call_once(|| {
            for name in
                ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].into_iter().filter(|name| !is_usable(&variable(name)))
            {
                // Its value may contain a password.
                log::warn!("{name} is not the URL of an HTTP proxy such as http://proxy.example.com:3128");
            }
        });
        // The matcher applies "*" only to names, not to addresses.
        let none = variable("NO_PROXY").split(',').any(|entry| entry.trim() == "*");
        Self(if none { Matcher::builder().build() } else { Matcher::from_env() })
    }

    /// The proxy for this server, if there is one.
    pub(super) fn before(&self, server: &Uri) -> Option<Intercept> {
        if is_loopback(server.host()?) { None } else { self.0.intercept(server) }
    }

    /// The proxy authorization of a plain request to this server. Requests through a tunnel carry none.
    pub(super) fn authorization(&self, server: &Uri) -> Option<HeaderValue> {
        if server.scheme_str() == Some("https") {
            return None;
        }
        self.before(server)?.basic_auth().cloned()
    }
}

fn variable(name: &str) -> String {
    env::var(name).or_else(|_| env::var(name.to_ascii_lowercase())).unwrap_or_default()
}

fn is_usable(value: &str) -> bool {
    let target = Uri::from_static("http://example.com/");
    let proxy = Matcher::builder().all(value.to_owned()).build().intercept(&target);
    value.is_empty() || proxy.is_some_and(|proxy| is_http(proxy.uri()))
}

/// SOCKS uses a different handshake.
pub(super) fn is_http(proxy: &Uri) -> bool {
    matches!(proxy.scheme_str(), Some("http" | "https"))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(no: &str) -> Proxies {
        let builder = Matcher::builder().http("http://me:secret@plain:3128").https("http://secure:3128");
        Proxies(builder.no(no.to_owned()).build())
    }

    fn before(proxies: &Proxies, server: &'static str) -> Option<String> {
        proxies.before(&Uri::from_static(server)).map(|proxy| proxy.uri().to_string())
    }

    #[test]
    fn each_scheme_has_its_proxy_unless_no_proxy_excludes_the_server() {
        let proxies = proxies("inside.example, 10.0.0.0/8");
        assert_eq!(before(&proxies, "http://models.example/v1").as_deref(), Some("http://plain:3128/"));
        assert_eq!(before(&proxies, "https://models.example/v1").as_deref(), Some("http://secure:3128/"));
        for direct in
            ["http://inside.example/", "https://a.inside.example/", "http://10.1.2.3:8000/", "http://localhost:11434/"]
        {
            assert_eq!(before(&proxies, direct), None, "{direct}");
        }
        for this_machine in ["http://127.0.0.1:1/", "http://127.9.9.9/", "http://[::1]:1/", "http://LOCALHOST/"] {
            assert_eq!(before(&proxies, this_machine), None, "{this_machine}");
        }
    }

    #[test]
    fn a_proxys_password_is_sent_with_plain_requests_only_and_never_logged() {
        let proxies = proxies("");
        let sent = proxies.authorization(&Uri::from_static("http://models.example/")).expect("a header");
        assert_eq!(sent, "Basic bWU6c2VjcmV0");
        assert!(sent.is_sensitive());
        assert_eq!(proxies.authorization(&Uri::from_static("https://models.example/")), None);
        assert!(!format!("{proxies:?}").contains("secret"));
    }

    #[test]
    fn anything_but_an_http_proxy_is_recognized() {
        for usable in ["", "http://proxy:3128", "https://proxy", "proxy:3128", "http://u:p@proxy:1"] {
            assert!(is_usable(usable), "{usable}");
        }
        for unusable in ["socks5://proxy:1080", "ftp://proxy", "not a proxy", "://"] {
            assert!(!is_usable(unusable), "{unusable}");
        }
    }
}
