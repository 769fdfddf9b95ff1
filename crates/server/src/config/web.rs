//! `[web]`: how browsers and programs reach the server, and how much of it one address may take.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use dostyq_hub::HubOptions;
use ipnet::IpNet;
use serde::Deserialize;

use super::ConfigError;

/// `[web]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// How connections are encrypted; without it they are not.
    pub tls: Option<Tls>,
    /// Other sites whose pages may follow rooms and give orders, such as `https://congress.example`; pages of this server
    /// always may.
    pub origins: Vec<String>,
    /// Reverse proxies, by address or network. What they say in `X-Forwarded-For`, `Forwarded` and `X-Forwarded-Proto`
    /// is believed; what anyone else says there is not.
    pub trusted_proxies: Vec<Proxy>,
    /// Viewers of all rooms together, 1 or more. Who comes when there are so many is told to come back.
    pub max_viewers: u32,
    /// Connections that one address may hold, 1 or more. A hall stands behind one address, with all its phones.
    pub sockets_per_address: u32,
    /// New connections that one address may open at once, 1 or more: a hall that comes back after a restart.
    pub burst_per_address: u32,
    /// New connections a second that one address may open in the long run, 1 or more.
    pub new_sockets_per_second: u32,
}

impl Default for Web {
    fn default() -> Self {
        Web {
            tls: None,
            origins: Vec::new(),
            trusted_proxies: Vec::new(),
            max_viewers: HubOptions::default().max_viewers,
            sockets_per_address: 20_000,
            burst_per_address: 10_000,
            new_sockets_per_second: 1_000,
        }
    }
}

/// `web.tls`: the word `"self-signed"`, or the files of a certificate.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged, deny_unknown_fields, expecting = "write \"self-signed\", or { cert = \"…\", key = \"…\" }")]
pub enum Tls {
    /// A certificate that the server makes and signs itself.
    Made(SelfSigned),
    /// A certificate that somebody issued; PEM files, relative to the configuration's own folder.
    Files {
        /// The certificate, followed by those that lead to its issuer.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// The one word that `web.tls` may be.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum SelfSigned {
    /// `"self-signed"`.
    #[serde(rename = "self-signed")]
    SelfSigned,
}

/// The address of a reverse proxy, or the network that several are in.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct Proxy(IpNet);

impl Proxy {
    /// Whether this address is the proxy's.
    pub fn is(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl TryFrom<String> for Proxy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Proxy).map_err(|_| format!("\"{text}\" is no proxy: write an address or a network, 10.0.0.0/8"))
    }
}

impl Web {
    /// How the hub is to be run.
    pub(crate) fn hub_options(&self) -> HubOptions {
        HubOptions { max_viewers: self.max_viewers, ..HubOptions::default() }
    }

    pub(super) fn resolve(&mut self, folder: &Path) {
        if let Some(Tls::Files { cert, key }) = &mut self.tls {
            *cert = folder.join(&*cert);
            *key = folder.join(&*key);
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, message: &str| {
            Err(ConfigError::Value { key: format!("web.{key}"), message: message.to_owned() })
        };
        for origin in &self.origins {
            let host = origin.strip_prefix("https://").or(origin.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.contains(['/', '*', ' '])) {
                return wrong("origins", "write each as https://host, without a slash at its end");
            }
        }
        for (key, number) in [
            ("max_viewers", self.max_viewers),
            ("sockets_per_address", self.sockets_per_address),
            ("burst_per_address", self.burst_per_address),
            ("new_sockets_per_second", self.new_sockets_per_second),
        ] {
            if number == 0 {
                return wrong(key, "write a number from 1 on: with 0 nobody could come");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    const ROOM: &str = "[[room]]\nname = \"hall\"\ninput = { device = \"default\" }\n";

    #[test]
    fn encryption_is_a_word_or_two_files() {
        let check = |tls: &str, expect: Tls| {
            let config = Config::parse(&format!("[web]\ntls = {tls}\n{ROOM}")).expect(tls);
            assert_eq!(config.web.tls, Some(expect));
        };
        check("\"self-signed\"", Tls::Made(SelfSigned::SelfSigned));
        check("{ cert = \"a.pem\", key = \"b.pem\" }", Tls::Files { cert: "a.pem".into(), key: "b.pem".into() });
        let mut web = Web { tls: Some(Tls::Files { cert: "a.pem".into(), key: "/b.pem".into() }), ..Web::default() };
        web.resolve(Path::new("/etc/dostyq"));
        assert_eq!(web.tls, Some(Tls::Files { cert: "/etc/dostyq/a.pem".into(), key: "/b.pem".into() }));
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let check = |proxy: &str, address: &str, expect| {
            let proxy = Proxy::try_from(proxy.to_owned()).expect(proxy);
            assert_eq!(proxy.is(address.parse().expect("an address")), expect, "{proxy:?} {address}");
        };
        check("10.0.0.0/8", "10.1.2.3", true);
        check("10.0.0.0/8", "11.1.2.3", false);
        check("::1", "::1", true);
        check("127.0.0.1", "127.0.0.2", false);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |web: &str, expect: &str| {
            let error = Config::parse(&format!("[web]\n{web}\n{ROOM}")).expect_err(web).to_string();
            assert!(error.contains(expect), "{error:?} should contain {expect:?}");
        };
        check("tls = \"on\"", "line 2: write \"self-signed\", or { cert");
        check("tls = { cert = \"a.pem\" }", "write \"self-signed\", or { cert");
        check("trusted_proxies = [\"proxy.local\"]", "\"proxy.local\" is no proxy");
        check("origins = [\"https://a.example/\"]", "web.origins: write each as https://host");
        check("origins = [\"*\"]", "web.origins");
        check("sockets_per_address = 0", "web.sockets_per_address");
        check("max_viewers = 0", "web.max_viewers");
        check("burst_per_address = -1", "line 2");
    }
}
