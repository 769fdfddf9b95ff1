use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use dostyq_hub::Hub;
use dostyq_log::EventLog;

use crate::access::Access;
use crate::cli::{MachineRole, Serve};
use crate::commands::engine_stage::EngineStage;
use crate::config::{Config, Room};
use crate::engines::Engines;
use crate::glossary;
use crate::operator_key::OperatorKey;
use crate::pipeline::{RoomOptions, RunningRoom, start};
use crate::prompter::Prompter;
use crate::room::{Continuation, LiveSink, LogSink, open_log, open_source};
use crate::status::RoomStatus;
use crate::tls::Encryption;
use crate::trace::Trace;
use crate::web::{self, Guards, Hall, Site};
use crate::{Stop, local_address, roles, say};

/// How long a stop waits for what was heard to be recognised. A machine that keeps up needs two or three seconds.
const FINISH_WITHIN: Duration = Duration::from_secs(15);

/// `dostyq serve`.
///
/// Stops in order: the sources first, then what they heard is captioned to its end, then viewers are told to come back,
/// then the sockets close.
pub(super) fn run(options: &Serve) -> anyhow::Result<()> {
    let config = Config::read(&options.config)?;
    if options.role != MachineRole::Edge {
        config.need_rooms()?;
    }
    match (options.role, &config.cluster) {
        (MachineRole::All, None) => run_alone(options, &config),
        (MachineRole::All, Some(_)) => {
            bail!("the configuration has [cluster]: say --role infer or --role edge, or remove it from the file")
        }
        (MachineRole::Infer | MachineRole::Edge, None) => {
            bail!("the configuration has no [cluster], which this role needs: add it with nats = [\"nats://…\"]")
        }
        (MachineRole::Infer, Some(_)) if options.trace.is_some() => {
            bail!("--trace is for a machine by itself: leave it out")
        }
        (MachineRole::Infer, Some(cluster)) => EngineStage::run(&config, cluster),
        (MachineRole::Edge, Some(cluster)) => roles::run_edge(&config, cluster),
    }
}

fn run_alone(options: &Serve, config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("web")
        .build()
        .context("the threads for the web pages cannot be started")?;
    // The port first: it is the commonest mistake, and loading the models takes seconds.
    let listener = runtime
        .block_on(async { web::listen(config.server.listen) })
        .map_err(|error| anyhow::anyhow!(web::cannot_listen(config.server.listen, &error)))?;
    let address = listener.local_addr().context("the port is not known")?;
    let encryption = Encryption::of(config)?;
    let engines = Engines::start(&config.models)?;
    let log = open_log(&config.server.data)?;
    let operator_key = OperatorKey::open(&config.server.data)?;
    let access = Access::of(config, &operator_key)?;
    let hub = Hub::new(Arc::clone(&log), config.web.hub_options());
    let stop = Stop::default();

    let house = House { engines: &engines, hub: &hub, log: &log, stop: &stop };
    let mut rooms = Vec::new();
    let mut halls = BTreeMap::new();
    let mut trace = options.trace.as_deref().map(Trace::create).transpose()?;
    for hall in &config.rooms {
        let status = Arc::new(RoomStatus::default());
        let prompter = open_prompter(hall, &config.server.data)?;
        let room = house.open(hall, Arc::clone(&prompter), Arc::clone(&status), trace.take())?;
        halls.insert(hall.name.clone(), Hall { status, control: room.control(), prompter });
        rooms.push(room);
    }

    let base = local_address::public_url(config.server.public_url.as_deref(), address, encryption.is_some());
    announce(&config.rooms, &base, &operator_key, encryption.as_ref());
    let guards = Guards::new(config.web.clone(), encryption);
    let site = Site { hub: hub.clone(), log, halls, access, guards, base };
    runtime.block_on(async {
        let serving = tokio::spawn(web::serve(listener, site, stop.clone()));
        wait_for_a_signal().await;
        tracing::info!("stopping: finishing what was heard");
        stop.raise();
        let recogniser = Arc::clone(&engines.recogniser);
        let mut finishing = tokio::task::spawn_blocking(move || rooms.into_iter().try_for_each(RunningRoom::wait));
        let finished = tokio::select! {
            finished = &mut finishing => finished,
            () = tokio::time::sleep(FINISH_WITHIN) => {
                let abandoned = recogniser.close();
                tracing::warn!("the machine was behind: {abandoned} utterance(s) of the last minutes stay without captions");
                finishing.await
            }
        };
        hub.shutdown().await;
        serving.await.context("the web server failed")?;
        finished.context("a room failed")?
    })
}

/// What all rooms share.
struct House<'a> {
    engines: &'a Engines,
    hub: &'a Hub,
    log: &'a Arc<dyn EventLog>,
    stop: &'a Stop,
}

impl House<'_> {
    fn open(
        &self,
        hall: &Room,
        prompter: Arc<Prompter>,
        status: Arc<RoomStatus>,
        trace: Option<Trace>,
    ) -> anyhow::Result<RunningRoom> {
        let Continuation { begin, first_segment } = Continuation::of(self.log.as_ref(), &hall.name)?;
        let source = open_source(&hall.input, begin).with_context(|| format!("room \"{}\"", hall.name))?;
        let publisher = self.hub.open_room(hall.name.clone(), hall.title())?;
        let log = LogSink { log: Arc::clone(self.log), room: hall.name.clone(), stop: self.stop.clone() };
        let sink = LiveSink { publisher, log };
        let terms = glossary::read_for_session(hall.glossary.as_deref(), &hall.memory);
        let terms = terms.with_context(|| format!("room \"{}\"", hall.name))?;
        let (name, language) = (hall.name.to_string(), hall.language);
        let options = RoomOptions { name, language, terms, prompter, first_segment, begin, is_live: true };
        start(self.engines, source, Box::new(sink), options, status, trace, self.stop.clone())
    }
}

pub(super) fn open_prompter(hall: &Room, data: &Path) -> anyhow::Result<Arc<Prompter>> {
    let files = hall.prepared.as_ref().map(|files| (files.kk.as_path(), files.ru.as_path()));
    let prompter = Prompter::open(data, &hall.name, files).with_context(|| format!("room \"{}\"", hall.name))?;
    if let Some(speech) = prompter.speech() {
        let view = speech.check();
        tracing::info!("room {}: a prepared speech of {} sentences is loaded", hall.name, view.pairs.len());
    }
    Ok(Arc::new(prompter))
}

/// Says where everything is; the last line says that the server listens.
pub(crate) fn announce(rooms: &[Room], base: &str, operator_key: &OperatorKey, encryption: Option<&Encryption>) {
    for room in rooms {
        say(&format!("Room \"{}\"", room.title()));
        say(&format!("  hall screen       {base}/r/{}/screen", room.name));
        say(&format!("  phones            {base}/r/{}", room.name));
    }
    if rooms.is_empty() {
        say(&format!("The rooms of the cluster  {base}/"));
    }
    say(&format!("  operator console  {}", operator_key.link(base)));
    if let Some(encryption) = encryption {
        say(&format!("  certificate       SHA-256 {}", encryption.current().fingerprint()));
    }
    say("Ctrl-C stops.");
}

/// Returns when the program is told to stop.
pub(crate) async fn wait_for_a_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::error!("Ctrl-C cannot be caught ({error}); stop the server with a signal");
        std::future::pending::<()>().await;
    }
}
