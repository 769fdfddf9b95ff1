//! `dostyq serve --role edge`: shows the rooms that others caption. It finds them by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use dostyq_hub::{Hub, HubOptions};
use dostyq_log::{EventLog, JetStreamLog};
use dostyq_speech::RoomId;
use tokio::net::TcpListener;

use super::follow::Following;
use super::{connect, lease};
use crate::access::Access;
use crate::config::{Cluster, Config};
use crate::operator_key::OperatorKey;
use crate::tls::Encryption;
use crate::web::{self, Guards, Hall, Site};
use crate::{Stop, config, local_address};

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
    let operator_key = OperatorKey::open(&config.server.data)?;
    let access = Access::of(config, &operator_key)?;
    crate::commands::announce(&[], &front.base, None, front.encryption.as_ref());
    let stop = Stop::default();
    let finding = find_rooms(front.runtime.handle().clone(), hub.clone(), Arc::clone(&log), stop.clone());
    let finding = std::thread::Builder::new().name("find".into()).spawn(finding).context("no thread to find rooms")?;
    front.serve(&hub, log, BTreeMap::new(), access, &stop, move || drop(finding.join()))
}

/// Follows every room that there is. The door is opened when all those are there that the first look found.
fn find_rooms(
    runtime: tokio::runtime::Handle,
    hub: Hub,
    log: Arc<JetStreamLog>,
    stop: Stop,
) -> impl FnOnce() + Send + 'static {
    move || {
        let mut rooms = BTreeMap::new();
        while !stop.is_raised() {
            match find_new(&runtime, &hub, &log, &mut rooms) {
                Ok(()) => hub.open_door(),
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

fn find_new(
    runtime: &tokio::runtime::Handle,
    hub: &Hub,
    log: &Arc<JetStreamLog>,
    rooms: &mut BTreeMap<RoomId, Following>,
) -> anyhow::Result<()> {
    for room in log.rooms()? {
        if rooms.contains_key(&room) {
            continue;
        }
        let state = log.wait(lease::read(log, &room))?;
        let title = state.map_or_else(|| room.to_string(), |(_, state)| state.title);
        let following = Following::start(runtime, hub, log, &room, title)?;
        tracing::info!("room {room}: shown here");
        rooms.insert(room, following);
    }
    Ok(())
}

/// What every machine of a cluster shows: the pages, on its port.
pub(super) struct Front {
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) base: String,
    pub(super) encryption: Option<Encryption>,
    web: config::Web,
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
        let encryption = Encryption::of(config)?;
        let base = local_address::public_url(config.server.public_url.as_deref(), address, encryption.is_some());
        Ok(Front { runtime, base, encryption, web: config.web.clone(), listener })
    }

    /// Serves until a signal comes; then `finish` ends what feeds the hub, viewers are told to come back, and the sockets
    /// close.
    pub(super) fn serve(
        self,
        hub: &Hub,
        log: Arc<dyn EventLog>,
        halls: BTreeMap<RoomId, Hall>,
        access: Access,
        stop: &Stop,
        finish: impl FnOnce() + Send + 'static,
    ) -> anyhow::Result<()> {
        let guards = Guards::new(self.web, self.encryption);
        let site = Site { hub: hub.clone(), log, halls, access, guards, base: self.base };
        let outcome = self.runtime.block_on(async {
            let serving = tokio::spawn(web::serve(self.listener, site, stop.clone()));
            crate::commands::wait_for_a_signal().await;
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
