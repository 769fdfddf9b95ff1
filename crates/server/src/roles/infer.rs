//! `dostyq serve --role infer`: hears and captions its rooms, or stands by for a machine that does.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use dostyq_hub::Hub;
use dostyq_log::SpooledLog;
use dostyq_speech::RoomId;

use super::front::Front;
use super::keeper::Keeper;
use super::lease::Lease;
use super::{Stage, connect, lease};
use crate::Stop;
use crate::config::{Cluster, Config, Room};
use crate::web::Hall;

/// How long a stop waits for what was heard to be captioned.
const FINISH_WITHIN: Duration = Duration::from_secs(15);
/// How often a flag is looked at.
const TICK: Duration = Duration::from_millis(100);

/// Runs the rooms of a configuration with a stage that is not the pipeline: for tests.
pub fn run_scripted(config: &Config, stage: Arc<dyn Stage>) -> anyhow::Result<()> {
    let cluster = config.cluster.as_ref().context("the configuration has no [cluster]")?;
    run(config, cluster, stage, BTreeMap::new())
}

pub(crate) fn run(
    config: &Config,
    cluster: &Cluster,
    stage: Arc<dyn Stage>,
    halls: BTreeMap<RoomId, Hall>,
) -> anyhow::Result<()> {
    let front = Front::open(config)?;
    let data = &config.server.data;
    std::fs::create_dir_all(data)
        .with_context(|| format!("the data folder {} cannot be made: set server.data to another", data.display()))?;
    let machine = machine_id(data)?;
    let log = Arc::new(SpooledLog::open(connect::connect(cluster)?, data.join("spool.db"))?);
    let hub = Hub::new(Arc::clone(&log) as _, config.web.hub_options());
    hub.shut_door();
    let stop = Stop::default();
    let keep = |room: &Room| {
        let lease = Lease::new(Arc::clone(log.stream()), room, machine.clone());
        let (hub, log, runtime) = (hub.clone(), Arc::clone(&log), front.runtime.handle().clone());
        let (stage, stop) = (Arc::clone(&stage), stop.clone());
        let keeper = Keeper { hub, log, runtime, stage, room: room.clone(), lease, stop };
        let thread = std::thread::Builder::new().name(format!("keep-{}", room.name)).spawn(move || keeper.run());
        thread.context("a thread for a room cannot be started")
    };
    let keepers = config.rooms.iter().map(keep).collect::<anyhow::Result<Vec<_>>>()?;
    front.runtime.spawn(open_door(hub.clone(), config.rooms.len(), Arc::clone(&log)));
    let site = front.site(config, &hub, log, halls)?;
    front.serve(site, &hub, &stop, move || {
        // Every room ends by itself; one that is behind is told to give up what it cannot finish.
        let began = std::time::Instant::now();
        while keepers.iter().any(|keeper| !keeper.is_finished()) && began.elapsed() < FINISH_WITHIN {
            std::thread::sleep(TICK);
        }
        stage.abandon();
        keepers.into_iter().for_each(|keeper| drop(keeper.join()));
    })
}

/// Viewers come once all rooms are there: before, they would be sent away for good.
async fn open_door(hub: Hub, rooms: usize, log: Arc<SpooledLog>) {
    let mut is_prepared = false;
    while !is_prepared || hub.rooms().len() < rooms {
        is_prepared = is_prepared || lease::prepare(log.stream()).await.is_ok();
        tokio::time::sleep(TICK).await;
    }
    hub.open_door();
}

/// What this machine is called among the others: a random number in its data folder, the same after a restart.
fn machine_id(data: &Path) -> anyhow::Result<String> {
    let path = data.join("machine.id");
    let trouble = || format!("{} cannot be read or written", path.display());
    match std::fs::read_to_string(&path) {
        Ok(text) if text.len() == 32 => Ok(text),
        Ok(_) => anyhow::bail!("{} is no name of 32 hexadecimal digits: delete it", path.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let id = format!("{:032x}", rand::random::<u128>());
            std::fs::write(&path, &id).with_context(trouble)?;
            Ok(id)
        }
        Err(error) => Err(error).with_context(trouble),
    }
}
