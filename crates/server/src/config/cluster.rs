//! `[cluster]`: many machines on NATS.

use std::path::{Path, PathBuf};

use dostyq_log::{Credentials, NatsOptions, Tenant};
use serde::Deserialize;

use super::ConfigError;

/// The environment's credentials; they go before the file's.
const CREDENTIALS_VARIABLE: &str = "DOSTYQ_NATS_CREDENTIALS";

/// `[cluster]`: how to reach the servers of NATS. Roles `infer` and `edge` need it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Addresses, such as `nats://10.0.0.1:4222` or `tls://…`; one is enough to find the others.
    pub nats: Vec<String>,
    /// Whose rooms: 1 to 64 of `a-z`, `0-9`, `-` and `_`. Houses that share servers have one each.
    #[serde(default = "default_tenant")]
    pub tenant: String,
    /// How many servers keep each log: 1, 3 or 5. Counts when a log is made.
    #[serde(default = "default_replicas")]
    pub replicas: usize,
    /// A file with the credentials: a line USER:PASSWORD, a line with a token, or a `.creds` file of nsc; relative to the
    /// configuration's own folder. The environment variable DOSTYQ_NATS_CREDENTIALS holds the same, and goes before it.
    pub credentials: Option<PathBuf>,
}

fn default_tenant() -> String {
    "dostyq".into()
}

fn default_replicas() -> usize {
    1
}

impl Cluster {
    /// Makes the path of the credentials relative to the folder of the configuration.
    pub(super) fn settle(&mut self, folder: &Path) {
        if let Some(file) = &mut self.credentials {
            *file = folder.join(&*file);
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, message: String| Err(ConfigError::Value { key: format!("cluster.{key}"), message });
        if self.nats.is_empty() {
            return wrong("nats", "write at least one address, such as \"nats://10.0.0.1:4222\"".into());
        }
        for address in &self.nats {
            let host = address.strip_prefix("nats://").or_else(|| address.strip_prefix("tls://"));
            match host {
                // The address is not repeated: it may hold a password.
                Some(host) if host.contains('@') => {
                    return wrong(
                        "nats",
                        "an address must not hold a password: name a file in cluster.credentials".into(),
                    );
                }
                Some(host) if !host.is_empty() && !host.contains(char::is_whitespace) => {}
                _ => return wrong("nats", "write addresses such as \"nats://10.0.0.1:4222\" or \"tls://…\"".into()),
            }
        }
        if let Err(error) = self.tenant.parse::<Tenant>() {
            return wrong("tenant", error.to_string());
        }
        if ![1, 3, 5].contains(&self.replicas) {
            return wrong("replicas", "write 1, 3 or 5, and no more than there are servers".into());
        }
        Ok(())
    }

    /// What the log needs to connect, the credentials read.
    pub(crate) fn options(&self) -> Result<NatsOptions, ConfigError> {
        let wrong = |key: String, message: String| ConfigError::Value { key, message };
        let tenant = self.tenant.parse().map_err(|error| wrong("cluster.tenant".into(), format!("{error}")))?;
        let credentials = match (std::env::var(CREDENTIALS_VARIABLE), &self.credentials) {
            (Ok(text), _) => Credentials::parse(&text).map_err(|error| {
                wrong(format!("the environment variable {CREDENTIALS_VARIABLE}"), error.to_string())
            })?,
            (Err(_), Some(file)) => {
                let key = || format!("cluster.credentials, {}", file.display());
                let text = std::fs::read_to_string(file).map_err(|error| {
                    wrong(key(), format!("it cannot be read ({error}): check the path and its rights"))
                })?;
                Credentials::parse(&text).map_err(|error| wrong(key(), error.to_string()))?
            }
            (Err(_), None) => Credentials::None,
        };
        let name = format!("dostyq-{}", std::process::id());
        Ok(NatsOptions { servers: self.nats.clone(), tenant, replicas: self.replicas, credentials, name })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn a_cluster_needs_addresses_alone() {
        let config = Config::parse("[cluster]\nnats = [\"nats://10.0.0.1:4222\"]\n").expect("valid, as of an edge");
        let cluster = config.cluster.expect("it is there");
        assert_eq!((cluster.tenant.as_str(), cluster.replicas), ("dostyq", 1));
        assert_eq!(cluster.options().expect("no file to read").credentials, Credentials::None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, expect: &str| {
            let error = Config::parse(&format!("[cluster]\n{text}\n")).expect_err(text).to_string();
            assert!(error.contains(expect) && !error.contains("s3cret"), "{error:?} should contain {expect:?}");
            assert_eq!(error.lines().count(), 1, "{error}");
        };
        let nats = "nats = [\"nats://a:4222\"]";
        check("tenant = \"a\"", "missing field `nats`");
        check("nats = []", "cluster.nats: write at least one");
        check("nats = [\"10.0.0.1\"]", "cluster.nats: write addresses");
        check("nats = [\"nats://me:s3cret@a:4222\"]", "cluster.nats: an address must not hold a password");
        check(&format!("{nats}\ntenant = \"Зал\""), "cluster.tenant");
        check(&format!("{nats}\nreplicas = 2"), "cluster.replicas: write 1, 3 or 5");
        check(&format!("{nats}\npassword = \"x\""), "unknown field `password`");
    }

    #[test]
    fn a_file_of_credentials_is_named_when_it_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("nats.creds");
        let check = |text: Option<&str>, expect: Result<&str, &str>| {
            std::fs::remove_file(&file).ok();
            if let Some(text) = text {
                std::fs::write(&file, text).expect("written");
            }
            let config = Config::parse("[cluster]\nnats = [\"nats://a:1\"]\ncredentials = \"nats.creds\"\n");
            let mut cluster = config.expect("valid").cluster.expect("it is there");
            cluster.settle(folder.path());
            match (cluster.options(), expect) {
                (Ok(options), Ok(shown)) => assert_eq!(format!("{:?}", options.credentials), shown),
                (Err(error), Err(part)) => {
                    let error = error.to_string();
                    assert!(
                        error.contains(part) && error.contains("nats.creds") && !error.contains("s3cret"),
                        "{error}"
                    );
                }
                (got, expect) => panic!("{got:?}, not {expect:?}"),
            }
        };
        check(Some("edge:s3cret\n"), Ok("Password(secret)"));
        check(Some("s3cret is here"), Err("write one line"));
        check(None, Err("cannot be read"));
    }
}
