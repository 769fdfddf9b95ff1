use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use dostyq_speech::{RoomId, SampleTime, SegmentId};

use super::serve::open_prompter;
use crate::config::{Cluster, Config, Room};
use crate::engines::Engines;
use crate::pipeline::{CaptionSink, RoomControl, RoomOptions, RunningRoom, start};
use crate::prompter::Prompter;
use crate::roles::{Play, Stage, run_infer};
use crate::room::open_source;
use crate::status::RoomStatus;
use crate::web::Hall;
use crate::{Stop, glossary};

/// The pipeline as what a machine of a cluster does with a room while it has it. Models are loaded and recordings of
/// names and speeches are read at the start, so that a machine that stands by takes over at once.
pub(super) struct EngineStage {
    engines: Engines,
    rooms: BTreeMap<RoomId, OnStage>,
}

/// What outlives a room's runs.
struct OnStage {
    status: Arc<RoomStatus>,
    prompter: Arc<Prompter>,
    control: RoomControl,
}

impl EngineStage {
    /// `dostyq serve --role infer`.
    pub(super) fn run(config: &Config, cluster: &Cluster) -> anyhow::Result<()> {
        let engines = Engines::start(&config.models)?;
        let data = &config.server.data;
        std::fs::create_dir_all(data).with_context(|| {
            format!("the data folder {} cannot be made: set server.data to another", data.display())
        })?;
        let mut rooms = BTreeMap::new();
        let mut halls = BTreeMap::new();
        for room in &config.rooms {
            let (status, control) = (Arc::new(RoomStatus::default()), RoomControl::idle(&engines.recogniser));
            let prompter = open_prompter(room, data)?;
            let on_stage =
                OnStage { status: Arc::clone(&status), prompter: Arc::clone(&prompter), control: control.clone() };
            rooms.insert(room.name.clone(), on_stage);
            halls.insert(room.name.clone(), Hall { status, control, prompter });
        }
        run_infer(config, cluster, Arc::new(EngineStage { engines, rooms }), halls)
    }
}

impl Stage for EngineStage {
    fn play(
        &self,
        room: &Room,
        begin: SampleTime,
        first_segment: SegmentId,
        sink: Box<dyn CaptionSink>,
        stop: Stop,
    ) -> anyhow::Result<Box<dyn Play>> {
        let OnStage { status, prompter, control } =
            self.rooms.get(&room.name).context("it is no room of this server")?;
        let source = open_source(&room.input, begin)?;
        let terms = glossary::read_for_session(room.glossary.as_deref(), &room.memory)?;
        let options = RoomOptions {
            name: room.name.to_string(),
            language: room.language,
            terms,
            prompter: Arc::clone(prompter),
            first_segment,
            begin,
            is_live: true,
        };
        let running = start(&self.engines, source, sink, options, Arc::clone(status), None, stop)?;
        control.become_one_of(&running.control());
        Ok(Box::new(running))
    }

    fn abandon(&self) {
        let abandoned = self.engines.recogniser.close();
        if abandoned > 0 {
            tracing::warn!("the machine was behind: {abandoned} utterance(s) stay without captions");
        }
    }
}

impl Play for RunningRoom {
    fn wait(self: Box<Self>) -> anyhow::Result<()> {
        RunningRoom::wait(*self)
    }
}
