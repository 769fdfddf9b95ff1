//! A certificate and its key become what connections are encrypted with; a renewed one takes its place in the running
//! server.

mod current;
mod identity;
mod self_signed;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ServerConfig, version};
use tokio_rustls::{Accept, TlsAcceptor};

pub(crate) use current::Current;

use self::self_signed::own_names;
use crate::config::{Config, Tls};
use crate::local_address::local_address;

/// Encrypted bytes that may wait for a viewer's socket: a batch of the hub's, and no more.
const UNSENT_BYTES: usize = 16 * 1024;

/// What turns plain connections into encrypted ones. A clone is the same.
#[derive(Clone)]
pub(crate) struct Encryption {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
}

impl Encryption {
    /// What a configuration asks for.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Option<Encryption>> {
        let names = || own_names(local_address(), config.server.public_url.as_deref());
        config.web.tls.as_ref().map(|tls| Encryption::open(tls, &config.server.data, names())).transpose()
    }

    /// Reads the certificate that a configuration names, or makes the server's own, for these `names`, in the `data`
    /// folder.
    pub(crate) fn open(tls: &Tls, data: &Path, names: Vec<String>) -> anyhow::Result<Encryption> {
        let current = Arc::new(Current::open(tls, data, names)?);
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .context("TLS cannot be set up")?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A hall that comes back at once resumes its sessions, which spares a signature each; the tickets are kept by the
        // viewers, so that they cost the server nothing.
        config.ticketer = ring::Ticketer::new().context("TLS cannot be set up")?;
        config.send_tls13_tickets = 1;
        Ok(Encryption { acceptor: TlsAcceptor::from(Arc::new(config)), current })
    }

    /// The handshake of a connection.
    pub(crate) fn accept(&self, stream: TcpStream) -> Accept<TcpStream> {
        self.acceptor.accept_with(stream, |connection| connection.set_buffer_limit(Some(UNSENT_BYTES)))
    }

    /// The certificate that is in use.
    pub(crate) fn current(&self) -> &Arc<Current> {
        &self.current
    }
}
