//! `dostyq serve --role edge`: shows the rooms that others caption. It finds them by itself.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use dostyq_hub::Hub;
use dostyq_log::{EventLog, JetStreamLog};
use dostyq_speech::RoomId;

use super::follow::Following;
use super::front::Front;
use super::{connect, lease};
use crate::Stop;
use crate::access::Codes;
use crate::config::{Cluster, Config};

/// How often an edge looks for new rooms.
const LOOK: Duration = Duration::from_secs(2);

pub(crate) fn run(config: &Config, cluster: &Cluster) -> anyhow::Result<()> {
    let front = Front::open(config)?;
    let log = connect::connect(cluster)?;
    let hub = Hub::new(Arc::clone(&log) as _, config.web.hub_options());
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
            if let Entry::Vacant(place) = rooms.entry(room) {
                let following = Following::start(&self.runtime, &self.hub, &self.log, place.key(), state.title)?;
                tracing::info!("room {}: shown here", place.key());
                place.insert(following);
            }
        }
        Ok(())
    }
}
