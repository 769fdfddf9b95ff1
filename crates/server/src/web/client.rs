use std::net::IpAddr;

use axum::http::HeaderMap;

use super::door::Peer;
use crate::config::Proxy;

/// Who is at the other end, behind a reverse proxy as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) address: IpAddr,
    /// The browser sees `https`.
    pub(super) is_secure: bool,
    /// A trusted proxy stands between.
    pub(super) is_proxied: bool,
}

impl Client {
    /// What a trusted proxy says of its client is believed; what anyone else says is not.
    pub(super) fn of(peer: Peer, headers: &HeaderMap, proxies: &[Proxy]) -> Client {
        let is_proxy = |address: IpAddr| proxies.iter().any(|proxy| proxy.is(address));
        if !is_proxy(peer.address) {
            return Client { address: peer.address, is_secure: peer.is_encrypted, is_proxied: false };
        }
        let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
        let by_proxy = text("x-forwarded-proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
        // Each proxy adds who spoke to it at the end: the last one that is no proxy of ours is the client, and what stands
        // before it anyone may have written.
        let address = said(headers).into_iter().rev().map_while(parse).find(|address| !is_proxy(*address));
        Client { address: address.unwrap_or(peer.address), is_secure: peer.is_encrypted || by_proxy, is_proxied: true }
    }
}

/// The addresses of `X-Forwarded-For`, or where there is none of `Forwarded`, in their order.
fn said(headers: &HeaderMap) -> Vec<&str> {
    let lists = |name| headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let plain: Vec<&str> = lists("x-forwarded-for").flat_map(|list| list.split(',')).collect();
    if !plain.is_empty() {
        return plain;
    }
    let elements = lists("forwarded").flat_map(|list| list.split(','));
    let named = elements.map(|element| {
        let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| name.eq_ignore_ascii_case("for")).map_or("", |(_, address)| address)
    });
    named.collect()
}

/// An address, perhaps in quotes, perhaps with a port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(text, |(address, _)| address);
    let without_port = || bare.split_once(':').and_then(|(address, _)| address.parse().ok());
    bare.parse().ok().or_else(without_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_proxy_that_is_trusted_says_for_whom_it_speaks() {
        let proxies = ["10.0.0.0/8", "::1"].map(|proxy| Proxy::try_from(proxy.to_owned()).expect(proxy));
        let check = |peer: &str, sent: &[(&'static str, &'static str)], expect: (&str, bool, bool)| {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.append(*name, HeaderValue::from_static(value));
            }
            let peer = Peer { address: peer.parse().expect(peer), is_encrypted: false };
            let client = Client::of(peer, &headers, &proxies);
            let address = expect.0.parse::<IpAddr>().expect(expect.0);
            assert_eq!(
                (client.address, client.is_secure, client.is_proxied),
                (address, expect.1, expect.2),
                "{sent:?}"
            );
        };
        let (xff, fwd, proto) = ("x-forwarded-for", "forwarded", "x-forwarded-proto");
        check("10.0.0.1", &[(xff, "203.0.113.7"), (proto, "https")], ("203.0.113.7", true, true));
        check("10.0.0.1", &[(xff, "203.0.113.7"), (proto, "http")], ("203.0.113.7", false, true));
        // What the client itself wrote stands further to the left.
        check("10.0.0.1", &[(xff, "1.1.1.1, 203.0.113.7, 10.0.0.2")], ("203.0.113.7", false, true));
        check("10.0.0.1", &[(xff, "1.1.1.1"), (xff, "203.0.113.7")], ("203.0.113.7", false, true));
        check("10.0.0.1", &[(xff, "203.0.113.7:4711")], ("203.0.113.7", false, true));
        check("::1", &[(fwd, "for=1.1.1.1, for=\"[2001:db8::7]:80\";proto=https")], ("2001:db8::7", false, true));
        check("::1", &[(xff, "203.0.113.7"), (fwd, "for=1.1.1.1")], ("203.0.113.7", false, true));
        // What makes no sense is not looked past.
        check("10.0.0.1", &[(xff, "203.0.113.7, unknown")], ("10.0.0.1", false, true));
        check("10.0.0.1", &[], ("10.0.0.1", false, true));
        // Whom nobody trusts is who he is.
        check("203.0.113.9", &[(xff, "1.1.1.1"), (proto, "https")], ("203.0.113.9", false, false));
    }
}
