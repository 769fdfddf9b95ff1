use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::identity::Identity;
use super::self_signed::SelfSigned;
use crate::config::Tls;

/// How often the files are looked at. Whoever renews a certificate does it weeks before it ends.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The certificate in use. Connections that began with an older one keep it.
pub(crate) struct Current {
    identity: RwLock<Arc<Identity>>,
    source: Source,
    /// The times of the files when they were last read, soundly or not.
    seen: Mutex<Times>,
}

/// When the certificate and its key were written.
type Times = [Option<SystemTime>; 2];

#[derive(Debug)]
enum Source {
    Files { cert: PathBuf, key: PathBuf },
    Own(SelfSigned),
}

impl Source {
    fn read(&self) -> anyhow::Result<Identity> {
        match self {
            Source::Files { cert, key } => Identity::read(cert, key),
            Source::Own(own) => own.open(),
        }
    }

    fn times(&self) -> Times {
        let (cert, key) = match self {
            Source::Files { cert, key } => (cert, key),
            Source::Own(own) => (&own.cert, &own.key),
        };
        [cert, key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
    }
}

impl Current {
    pub(super) fn open(tls: &Tls, data: &Path, names: Vec<String>) -> anyhow::Result<Current> {
        let source = match tls {
            Tls::Made(_) => Source::Own(SelfSigned::in_folder(data, names)),
            Tls::Files { cert, key } => Source::Files { cert: cert.clone(), key: key.clone() },
        };
        let identity = source.read()?;
        let seen = Mutex::new(source.times());
        Ok(Current { identity: RwLock::new(Arc::new(identity)), source, seen })
    }

    /// The SHA-256 of the certificate, as browsers show it: `AB:CD:…`.
    pub(crate) fn fingerprint(&self) -> String {
        self.now().fingerprint.clone()
    }

    /// Looks after the files for as long as it is polled.
    pub(crate) async fn keep(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let current = Arc::clone(&self);
            // The files are on a disk.
            let looked = tokio::task::spawn_blocking(move || current.look()).await;
            if looked.is_err() {
                tracing::error!("the certificate cannot be looked after any more: start the server again to renew it");
                return;
            }
        }
    }

    /// Takes a renewed certificate. One that is not sound is told once, and the one before stays.
    fn look(&self) {
        let (times, is_own) = (self.source.times(), matches!(self.source, Source::Own(_)));
        // The server's own is also renewed when nobody touches its files.
        if !is_own && std::mem::replace(&mut *self.seen(), times) == times {
            return;
        }
        match self.source.read() {
            Ok(identity) if identity.fingerprint == self.fingerprint() => {}
            Ok(identity) => {
                tracing::info!("a new certificate is in use, SHA-256 {}", identity.fingerprint);
                *self.identity.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(identity);
            }
            Err(error) => tracing::error!("the certificate of before stays in use: {error:#}"),
        }
    }

    fn now(&self) -> Arc<Identity> {
        // A pointer, which every writer leaves whole.
        Arc::clone(&self.identity.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn seen(&self) -> MutexGuard<'_, Times> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.now().key))
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Current({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn issue(folder: &Path, hour: u64) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["hall.example".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("signed");
        for (name, text) in [("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem())] {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("written");
            let file = std::fs::File::options().write(true).open(&path).expect("opened");
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(hour * 3600)).expect("dated");
        }
    }

    #[test]
    fn a_renewed_certificate_takes_its_place_and_a_spoilt_one_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        issue(folder.path(), 1);
        let tls = Tls::Files { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        let current = Current::open(&tls, folder.path(), Vec::new()).expect("sound");
        let first = current.fingerprint();
        current.look();
        assert_eq!(current.fingerprint(), first);
        issue(folder.path(), 2);
        current.look();
        let second = current.fingerprint();
        assert_ne!(second, first);
        // Half-way through a renewal the two files do not belong together.
        issue(folder.path(), 3);
        let key = std::fs::read(folder.path().join("key.pem")).expect("read");
        std::fs::write(folder.path().join("key.pem"), "half").expect("written");
        current.look();
        assert_eq!(current.fingerprint(), second);
        std::fs::write(folder.path().join("key.pem"), key).expect("written");
        current.look();
        assert_ne!(current.fingerprint(), second);
    }
}
