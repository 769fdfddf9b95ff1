use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use dostyq_hub::Hub;
use dostyq_log::EventLog;
use dostyq_speech::RoomId;
use tokio::net::TcpListener;

use crate::access::Access;
use crate::config::Config;
use crate::operator_key::OperatorKey;
use crate::tls::Encryption;
use crate::web::{self, Guards, Hall, Site};
use crate::{Stop, commands, local_address};

/// What every machine of a cluster shows: the pages, on its port.
pub(super) struct Front {
    pub(super) runtime: tokio::runtime::Runtime,
    address: SocketAddr,
    listener: TcpListener,
}

impl Front {
    /// Takes the port: it is the commonest mistake, and everything else takes longer.
    pub(super) fn open(config: &Config) -> anyhow::Result<Front> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("web")
            .build()
            .context("the threads for the web pages cannot be started")?;
        let wanted = config.server.listen;
        let listener = runtime.block_on(async { web::listen(wanted) });
        let listener = listener.map_err(|error| anyhow::anyhow!(web::cannot_listen(wanted, &error)))?;
        let address = listener.local_addr().context("the port is not known")?;
        Ok(Front { runtime, address, listener })
    }

    /// What the pages are made of. Says where they are.
    pub(super) fn site(
        &self,
        config: &Config,
        hub: &Hub,
        log: Arc<dyn EventLog>,
        halls: BTreeMap<RoomId, Hall>,
    ) -> anyhow::Result<Site> {
        let encryption = Encryption::of(config)?;
        let operator_key = OperatorKey::open(&config.server.data)?;
        let access = Access::of(config, &operator_key)?;
        let base = local_address::public_url(config.server.public_url.as_deref(), self.address, encryption.is_some());
        commands::announce(&config.rooms, &base, &operator_key, encryption.as_ref());
        let guards = Guards::new(config.web.clone(), encryption);
        Ok(Site { hub: hub.clone(), log, halls, access, guards, base })
    }

    /// Serves until a signal comes; then `finish` ends what feeds the hub, viewers are told to come back, and the sockets
    /// close.
    pub(super) fn serve(
        self,
        site: Site,
        hub: &Hub,
        stop: &Stop,
        finish: impl FnOnce() + Send + 'static,
    ) -> anyhow::Result<()> {
        let outcome = self.runtime.block_on(async {
            let serving = tokio::spawn(web::serve(self.listener, site, stop.clone()));
            commands::wait_for_a_signal().await;
            tracing::info!("stopping");
            stop.raise();
            tokio::task::spawn_blocking(finish).await.context("a room failed")?;
            hub.shutdown().await;
            serving.await.context("the web server failed")
        });
        self.runtime.shutdown_background();
        outcome
    }
}
