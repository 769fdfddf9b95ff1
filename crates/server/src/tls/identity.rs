use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use ring::digest::{SHA256, digest};
use time::OffsetDateTime;
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, InconsistentKeys};
use yasna::tags::TAG_UTCTIME;
use yasna::{ASN1Result, BERReader, BERReaderSeq, Tag};

/// A certificate with its key, both known to be sound and to belong together.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) key: Arc<CertifiedKey>,
    /// The SHA-256 of the certificate, as browsers show it: `AB:CD:…`.
    pub(super) fingerprint: String,
    /// The last moment at which it counts, seconds of Unix time.
    pub(super) expires: i64,
}

impl Identity {
    /// Reads two PEM files.
    ///
    /// # Errors
    ///
    /// Name the file and the remedy: one that is missing or holds something else, a key of another certificate, a
    /// certificate that has expired or is not valid yet.
    pub(super) fn read(cert: &Path, key: &Path) -> anyhow::Result<Identity> {
        let chain = certificates(cert)?;
        let signing = any_supported_type(&private_key(key)?).with_context(|| {
            format!("{}: a key of this kind cannot be used: make one of RSA, ECDSA or Ed25519", key.display())
        })?;
        let leaf = chain.first().with_context(|| no_certificate(cert))?;
        let fingerprint = fingerprint(leaf);
        let expires = expiry(leaf, cert)?;
        let pair = CertifiedKey::new(chain, signing);
        match pair.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(Error::InconsistentKeys(_)) => bail!(
                "the key {} does not belong to the certificate {}: give the two files that were issued together, the \
                 certificate itself first in its file",
                key.display(),
                cert.display()
            ),
            Err(error) => {
                return Err(error).with_context(|| format!("the certificate {} cannot be used", cert.display()));
            }
        }
        Ok(Identity { key: Arc::new(pair), fingerprint, expires })
    }
}

fn read(path: &Path, what: &str) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| {
        format!("the {what} {} cannot be read: check the path in web.tls, and who may read the file", path.display())
    })
}

fn no_certificate(path: &Path) -> String {
    format!("{} holds no certificate: give the PEM file that begins with -----BEGIN CERTIFICATE-----", path.display())
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let text = read(path, "certificate")?;
    CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>().with_context(|| no_certificate(path))
}

fn private_key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let text = read(path, "private key")?;
    if text.windows(21).any(|part| part == b"ENCRYPTED PRIVATE KEY") {
        bail!(
            "the private key {0} is locked with a password: unlock a copy for the server with `openssl pkey -in {0}`",
            path.display()
        );
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        anyhow::anyhow!(
            "{} holds no private key: give the PEM file that begins with -----BEGIN PRIVATE KEY-----",
            path.display()
        )
    })
}

/// When the certificate ends, if it counts now.
fn expiry(leaf: &CertificateDer<'_>, path: &Path) -> anyhow::Result<i64> {
    let [begins, ends] = validity(leaf)
        .map_err(|error| anyhow::anyhow!("the certificate {} is damaged ({error}): issue it again", path.display()))?;
    let now = OffsetDateTime::now_utc();
    if now > ends {
        bail!("the certificate {} expired on {}: renew it", path.display(), ends.date());
    }
    if now < begins {
        bail!(
            "the certificate {} is not valid before {}: set the clock of this machine, or wait",
            path.display(),
            begins.date()
        );
    }
    Ok(ends.unix_timestamp())
}

/// From when to when a certificate counts (RFC 5280, section 4.1).
fn validity(certificate: &[u8]) -> ASN1Result<[OffsetDateTime; 2]> {
    yasna::parse_der(certificate, |reader| {
        reader.read_sequence(|certificate| {
            let times = certificate.next().read_sequence(|body| {
                body.read_optional(|version| version.read_tagged(Tag::context(0), |version| version.read_u8()))?;
                for _before in ["serial number", "algorithm", "issuer"] {
                    body.next().read_der()?;
                }
                let times = body.next().read_sequence(|times| Ok([moment(times.next())?, moment(times.next())?]))?;
                skip_rest(body)?;
                Ok(times)
            })?;
            skip_rest(certificate)?;
            Ok(times)
        })
    })
}

fn moment(reader: BERReader<'_, '_>) -> ASN1Result<OffsetDateTime> {
    if reader.lookahead_tag()? == TAG_UTCTIME {
        Ok(*reader.read_utctime()?.datetime())
    } else {
        Ok(*reader.read_generalized_time()?.datetime())
    }
}

fn skip_rest(sequence: &mut BERReaderSeq<'_, '_>) -> ASN1Result<()> {
    while sequence.read_optional(|reader| reader.read_der())?.is_some() {}
    Ok(())
}

fn fingerprint(certificate: &[u8]) -> String {
    let bytes: Vec<String> = digest(&SHA256, certificate).as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    /// A certificate that counts between two years, and its key.
    fn pair(from: i32, until: i32) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["hall.example".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        (params.self_signed(&key).expect("signed").pem(), key.serialize_pem())
    }

    #[test]
    fn a_pair_is_read_and_what_is_wrong_with_one_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let check = |files: (&str, &str), expect: Result<(), [&str; 2]>| {
            std::fs::write(&cert, files.0).expect("written");
            std::fs::write(&key, files.1).expect("written");
            match (Identity::read(&cert, &key), expect) {
                (Ok(identity), Ok(())) => assert_eq!(identity.fingerprint.len(), 95, "{}", identity.fingerprint),
                (Err(error), Err(parts)) => {
                    let text = format!("{error:#}");
                    assert!(parts.iter().all(|part| text.contains(part)), "{text} should contain {parts:?}");
                }
                (outcome, expect) => panic!("{outcome:?}, not {expect:?}"),
            }
        };
        let (sound, other) = (pair(2020, 2120), pair(2020, 2120));
        check((&sound.0, &sound.1), Ok(()));
        // The two may stand in one file.
        let both = format!("{}{}", sound.1, sound.0);
        check((&both, &both), Ok(()));
        check((&sound.0, &other.1), Err(["key.pem does not belong", "cert.pem"]));
        check((&sound.1, &sound.1), Err(["cert.pem holds no certificate", "BEGIN CERTIFICATE"]));
        check((&sound.0, &sound.0), Err(["key.pem holds no private key", "BEGIN PRIVATE KEY"]));
        check(("", &sound.1), Err(["cert.pem holds no certificate", ""]));
        check((&sound.0, "-----BEGIN ENCRYPTED PRIVATE KEY-----"), Err(["key.pem is locked", "openssl pkey"]));
        let old = pair(2020, 2021);
        check((&old.0, &old.1), Err(["cert.pem expired on", "renew it"]));
        let early = pair(2120, 2121);
        check((&early.0, &early.1), Err(["cert.pem is not valid before", "clock"]));
        std::fs::remove_file(&cert).expect("removed");
        let error = format!("{:#}", Identity::read(&cert, &key).expect_err("no certificate"));
        assert!(error.contains("cert.pem cannot be read: check the path in web.tls"), "{error}");
    }
}
