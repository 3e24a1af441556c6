//! Reads what trusted proxies say about the original request.
//!
//! Each proxy appends its entry at the right end of a list, so only that end can be trusted: the rightmost entry was
//! written by our peer, the one before it by the proxy that our peer saw, and so on while these are trusted too. A
//! client can have written anything to the left of that.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{self, HeaderMap, HeaderName};
use ipnet::IpNet;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The scheme and host that the client asked for. The scheme is in lower case, the host unchanged.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Forwarded {
    pub scheme: Option<String>,
    pub host: Option<String>,
}

impl Forwarded {
    /// Reads the headers if `peer` is trusted. `X-Forwarded-*` takes precedence: proxies that set it may pass on a
    /// client's own `Forwarded`.
    pub(super) fn read(headers: &HeaderMap, peer: Option<SocketAddr>, trusted: &[IpNet]) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address.to_canonical()));
        if !peer.is_some_and(|peer| is_trusted(peer.ip())) {
            return Self::default();
        }
        if headers.contains_key(HOST) || headers.contains_key(PROTO) {
            Self::of_separate_lists(headers, is_trusted)
        } else {
            Self::of_one_list(headers, is_trusted)
        }
    }

    /// `X-Forwarded-For` shows how many proxies are trusted. A proxy that replaces a list instead of appending to it
    /// leaves fewer entries than that.
    fn of_separate_lists(headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Self {
        let hops = entries(headers, &FOR);
        let more = hops.iter().rev().take_while(|hop| address(hop).is_some_and(&is_trusted)).count();
        let believed = |name: &HeaderName| {
            let list = entries(headers, name);
            let at = list.len().checked_sub(1)?.saturating_sub(more);
            Some(list[at].to_owned())
        };
        Self { scheme: believed(&PROTO).map(|scheme| scheme.to_ascii_lowercase()), host: believed(&HOST) }
    }

    /// RFC 7239: each entry holds everything one proxy says.
    fn of_one_list(headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Self {
        let mut believed = Self::default();
        for entry in entries(headers, &header::FORWARDED).into_iter().rev() {
            let mut seen = None;
            for (name, value) in entry.split(';').filter_map(|pair| pair.split_once('=')) {
                let value = value.trim().trim_matches('"');
                match name.trim().to_ascii_lowercase().as_str() {
                    "for" => seen = address(value),
                    "host" => believed.host = Some(value.to_owned()),
                    "proto" => believed.scheme = Some(value.to_ascii_lowercase()),
                    _ => {}
                }
            }
            if !seen.is_some_and(&is_trusted) {
                break;
            }
        }
        believed
    }
}

/// The entries of a list, oldest first. Quoted values with commas are not supported.
fn entries<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|entry| !entry.is_empty()).collect()
}

/// An address with an optional port; IPv6 with a port is in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(headers: &[(&'static str, &'static str)]) -> (Option<String>, Option<String>) {
        let request = headers.iter().fold(TestRequest::default(), |request, header| request.append_header(*header));
        let trusted = ["10.0.0.0/8".parse().expect("a network"), "fd00::/8".parse().expect("a network")];
        let peer = "10.1.2.3:4444".parse().expect("an address");
        let Forwarded { scheme, host } = Forwarded::read(request.to_http_request().headers(), Some(peer), &trusted);
        (scheme, host)
    }

    fn some(scheme: &str, host: &str) -> (Option<String>, Option<String>) {
        (Some(scheme.into()), Some(host.into()))
    }

    #[test]
    fn the_nearest_proxys_entry_counts_and_not_what_its_client_wrote() {
        let proto = ("x-forwarded-proto", "http, HTTPS");
        let lists =
            [("x-forwarded-host", "evil.example, real.example"), proto, ("x-forwarded-for", "6.6.6.6, 1.2.3.4")];
        assert_eq!(read(&lists), some("https", "real.example"));
        let one = ("forwarded", "for=6.6.6.6;host=evil.example;proto=http, for=1.2.3.4;host=real.example;proto=HTTPS");
        assert_eq!(read(&[one]), some("https", "real.example"));
        let lines = [("forwarded", "host=evil.example"), ("forwarded", "for=1.2.3.4;host=real.example;proto=https")];
        assert_eq!(read(&lines), some("https", "real.example"));
    }

    #[test]
    fn a_chain_of_trusted_proxies_is_followed_to_its_first_proxy_only() {
        let lists = [
            ("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.7"),
            ("x-forwarded-host", "evil.example, real.example, inner:8000"),
            ("x-forwarded-proto", "http, https, http"),
        ];
        assert_eq!(read(&lists), some("https", "real.example"));
        let one = (
            "forwarded",
            "for=6.6.6.6;host=evil.example, for=1.2.3.4;host=real.example;proto=https, for=\"[fd00::7]:1\";host=inner",
        );
        assert_eq!(read(&[one]), some("https", "real.example"));
    }

    #[test]
    fn a_list_that_a_proxy_replaced_may_be_shorter_than_the_chain() {
        let lists =
            [("x-forwarded-for", "1.2.3.4, 10.0.0.7"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "h")];
        assert_eq!(read(&lists), some("https", "h"));
        assert_eq!(read(&[("x-forwarded-proto", " , ")]), (None, None));
    }

    #[test]
    fn x_forwarded_takes_precedence_over_a_clients_own_forwarded() {
        let both = [("forwarded", "host=evil.example"), ("x-forwarded-host", "real.example")];
        assert_eq!(read(&both), (None, Some("real.example".into())));
    }
}
