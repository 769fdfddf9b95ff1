//! A certificate that the server makes for itself: encrypted, but no browser knows who signed it.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};
use time::{Duration, OffsetDateTime};

use super::identity::Identity;

/// How long one is valid. Browsers of Apple accept no more than 825 days.
const VALID: Duration = Duration::days(730);
/// One that ends sooner than this is made anew.
const LEFT: Duration = Duration::days(7);

/// Where it is kept.
#[derive(Clone, Debug)]
pub(super) struct SelfSigned {
    pub(super) cert: PathBuf,
    pub(super) key: PathBuf,
    names: Vec<String>,
}

impl SelfSigned {
    pub(super) fn in_folder(data: &Path, names: Vec<String>) -> SelfSigned {
        SelfSigned { cert: data.join("tls-self-signed.pem"), key: data.join("tls-self-signed.key"), names }
    }

    /// The one that was made before, if it still counts; else a new one.
    pub(super) fn open(&self) -> anyhow::Result<Identity> {
        let now = OffsetDateTime::now_utc();
        match Identity::read(&self.cert, &self.key) {
            Ok(identity) if identity.expires > (now + LEFT).unix_timestamp() => Ok(identity),
            _ => {
                self.make(now)?;
                Identity::read(&self.cert, &self.key)
            }
        }
    }

    fn make(&self, now: OffsetDateTime) -> anyhow::Result<()> {
        let trouble = "no certificate can be made";
        let folder = self.cert.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder).with_context(|| {
            format!("the data folder {} cannot be made: set server.data to another", folder.display())
        })?;
        let key = KeyPair::generate().context(trouble)?;
        let mut params = CertificateParams::new(self.names.clone()).context(trouble)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Dostyq");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // The clocks of a hall's machines need not agree.
        (params.not_before, params.not_after) = (now - Duration::DAY, now + VALID);
        let certificate = params.self_signed(&key).context(trouble)?;
        write(&self.key, &key.serialize_pem(), 0o600)?;
        write(&self.cert, &certificate.pem(), 0o644)
    }
}

/// Replaces a file as a whole, so that nobody reads half of it.
fn write(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let trouble = || format!("{} cannot be written: let this user write to the data folder", path.display());
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(&beside).and_then(|mut file| file.write_all(text.as_bytes())).with_context(trouble)?;
    std::fs::rename(&beside, path).with_context(trouble)
}

/// The names that a certificate of this machine should have.
pub(super) fn own_names(local: IpAddr, public_url: Option<&str>) -> Vec<String> {
    let host = gethostname::gethostname().into_string().unwrap_or_default();
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), local.to_string()];
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"-.".contains(&c));
    if is_name(&host) {
        names.extend([format!("{host}.local"), host]);
    }
    let public = public_url.and_then(|url| url.split_once("://")).map_or("", |(_, rest)| rest);
    let public = public.split(['/', ':']).next().unwrap_or_default();
    if is_name(public) {
        names.push(public.to_owned());
    }
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_made_once_kept_and_made_anew_when_it_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let names = own_names(IpAddr::from([192, 168, 1, 7]), Some("https://captions.example:8443/x"));
        for name in ["localhost", "192.168.1.7", "captions.example"] {
            assert!(names.iter().any(|own| own == name), "{names:?}");
        }
        let own = SelfSigned::in_folder(folder.path(), names);
        let first = own.open().expect("made");
        assert_eq!(own.open().expect("read").fingerprint, first.fingerprint);
        let days = (first.expires - OffsetDateTime::now_utc().unix_timestamp()) / (24 * 3600);
        assert!((729..=730).contains(&days), "{days} days");
        #[cfg(unix)]
        {
            let mode =
                std::fs::metadata(&own.key).map(|file| std::os::unix::fs::PermissionsExt::mode(&file.permissions()));
            assert_eq!(mode.expect("the key") & 0o777, 0o600);
        }
        own.make(OffsetDateTime::now_utc() - VALID + Duration::days(6)).expect("an old one");
        let old = Identity::read(&own.cert, &own.key).expect("it still counts");
        assert_ne!(own.open().expect("made anew").fingerprint, old.fingerprint);
        std::fs::write(&own.key, "spoilt").expect("written");
        assert_ne!(own.open().expect("made anew").fingerprint, first.fingerprint);
    }
}
