use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// The address under which other machines of the hall reach this one; loopback where there is no network.
///
/// Asks the system which of its addresses it would send from. A UDP socket that is connected sends nothing, so no
/// packet leaves the machine; the address asked about is one reserved for documentation (RFC 5737).
pub(crate) fn local_address() -> IpAddr {
    let asked = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    match asked {
        Ok(address) if !address.ip().is_unspecified() => address.ip(),
        _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
    }
}

/// The base address for people: the configured one, or this machine's for where it `listens`.
pub(crate) fn public_url(configured: Option<&str>, listens: SocketAddr, is_encrypted: bool) -> String {
    if let Some(url) = configured {
        return url.trim_end_matches('/').to_owned();
    }
    let ip = if listens.ip().is_unspecified() { local_address() } else { listens.ip() };
    let scheme = if is_encrypted { "https" } else { "http" };
    format!("{scheme}://{}", SocketAddr::new(ip, listens.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_get_an_address_that_they_can_open() {
        let check = |configured, listens: &str, expect: &str| {
            assert_eq!(public_url(configured, listens.parse().expect(listens), false), expect);
        };
        check(Some("https://captions.example/"), "0.0.0.0:8080", "https://captions.example");
        check(None, "127.0.0.1:8080", "http://127.0.0.1:8080");
        check(None, "[::1]:80", "http://[::1]:80");
        let any = public_url(None, "0.0.0.0:8080".parse().expect("an address"), true);
        assert!(any.starts_with("https://") && any.ends_with(":8080") && !any.contains("0.0.0.0"), "{any}");
    }
}
