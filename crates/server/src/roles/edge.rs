//! `dostyq serve --role edge`: shows the rooms that others caption. It finds them by itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use dostyq_hub::{Hub, HubOptions};
use dostyq_log::{EventLog, JetStreamLog};
use dostyq_speech::RoomId;
use tokio::net::TcpListener;

use super::follow::Following;
use super::{connect, lease};
use crate::access::{Access, Codes};
use crate::config::{Cluster, Config};
use crate::operator_key::OperatorKey;
use crate::tls::Encryption;
use crate::web::{self, Guards, Hall, Site};
use crate::{Stop, commands, local_address};

/// How often an edge looks for new rooms.
const LOOK: Duration = Duration::from_secs(2);

pub(crate) fn run(config: &Config, cluster: &Cluster) -> anyhow::Result<()> {
    let front = Front::open(config)?;
    let log = connect::connect(cluster)?;
    let hub = Hub::new(Arc::clone(&log) as _, HubOptions::default());
    // A room that is not known yet would be told from one that does not exist.
    hub.shut_door();
    std::fs::create_dir_all(&config.server.data)
        .context("the data folder cannot be made: set server.data to another")?;
    let site = front.site(config, &hub, Arc::clone(&log) as _, BTreeMap::new())?;
    let stop = Stop::default();
    let finder =
        Finder { runtime: front.runtime.handle().clone(), hub: hub.clone(), log, codes: site.access.codes().clone() };
    let finding = finder.run(stop.clone());
    let finding = std::thread::Builder::new().name("find".into()).spawn(finding).context("no thread to find rooms")?;
    front.serve(site, &hub, &stop, move || drop(finding.join()))
}

/// Finds the rooms that there are, and follows each.
struct Finder {
    runtime: tokio::runtime::Handle,
    hub: Hub,
    log: Arc<JetStreamLog>,
    codes: Codes,
}

impl Finder {
    /// Until the machine stops. The door is opened when all those are there that the first look found.
    fn run(self, stop: Stop) -> impl FnOnce() + Send + 'static {
        move || {
            let mut rooms = BTreeMap::new();
            while !stop.is_raised() {
                match self.look(&mut rooms) {
                    Ok(()) => self.hub.open_door(),
                    Err(error) => tracing::debug!("rooms are looked for again: {error:#}"),
                }
                let mut rest = LOOK;
                while !rest.is_zero() && !stop.is_raised() {
                    let nap = rest.min(Duration::from_millis(100));
                    std::thread::sleep(nap);
                    rest -= nap;
                }
            }
        }
    }

    fn look(&self, rooms: &mut BTreeMap<RoomId, Following>) -> anyhow::Result<()> {
        for room in self.log.rooms()? {
            let state = self.log.wait(lease::read(&self.log, &room))?;
            // Before the room is shown, and whenever it changes.
            let Some((_, state)) = state else { continue };
            self.codes.set(&room, state.code());
            if !rooms.contains_key(&room) {
                let following = Following::start(&self.runtime, &self.hub, &self.log, &room, state.title)?;
                tracing::info!("room {room}: shown here");
                rooms.insert(room, following);
            }
        }
        Ok(())
    }
}

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
