//! One room of a machine that can write it: it stands by while another machine has the room, and writes when it has it
//! itself. On a thread of its own, `keep-ROOM`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use dostyq_hub::Hub;
use dostyq_log::SpooledLog;

use super::follow::Following;
use super::lease::{Attempt, BEAT, Lease};
use super::{Stage, told};
use crate::Stop;
use crate::config::Room;
use crate::room::{Continuation, LiveSink, LogSink};

/// How often a machine that stands by looks whether the room is free.
const LOOK: Duration = Duration::from_secs(1);
/// The pause before a room that could not be started is tried again.
const PAUSE: Duration = Duration::from_secs(3);
/// How often a flag is looked at.
const TICK: Duration = Duration::from_millis(100);

pub(super) struct Keeper {
    pub(super) hub: Hub,
    pub(super) log: Arc<SpooledLog>,
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) stage: Arc<dyn Stage>,
    pub(super) room: Room,
    pub(super) lease: Lease,
    /// The whole machine stops.
    pub(super) stop: Stop,
}

impl Keeper {
    /// Until the machine stops.
    pub(super) fn run(mut self) {
        while !self.stop.is_raised() {
            if let Err(error) = self.turn() {
                tracing::warn!("room {}: {error:#}", self.room.name);
                self.rest(PAUSE);
            }
        }
    }

    /// Stands by until the room is this machine's, and writes it until it is so no more.
    fn turn(&mut self) -> anyhow::Result<()> {
        let Some(is_disputed) = self.stand_by()? else { return Ok(()) };
        if is_disputed {
            // If the other machine lives after all, it learns with its next beat that it has lost the room.
            self.rest(BEAT + LOOK);
        }
        let outcome = self.write();
        if outcome.is_err() {
            self.lease.give_back();
        }
        outcome
    }

    /// None when the machine stops.
    fn stand_by(&mut self) -> anyhow::Result<Option<bool>> {
        let (room, stream) = (&self.room.name, self.log.stream());
        // At the start nobody may be following yet, and the room may be free: viewers come either way.
        let following = Following::start(&self.runtime, &self.hub, stream, room, self.room.title().to_owned())?;
        let mut has_told = false;
        let taken = loop {
            if self.stop.is_raised() {
                break None;
            }
            match self.lease.take() {
                Ok(Attempt::Held { is_disputed }) => break Some(is_disputed),
                Ok(Attempt::Anothers) if !has_told => {
                    has_told = true;
                    tracing::info!("room {room}: another server has it, this one stands by");
                }
                Ok(Attempt::Anothers) => {}
                Err(error) => tracing::debug!("room {room}: not known who has it: {error:#}"),
            }
            self.rest(LOOK);
        };
        following.stop(&self.runtime);
        Ok(taken)
    }

    fn write(&mut self) -> anyhow::Result<()> {
        let room = self.room.name.clone();
        tracing::info!("room {room}: this server writes it");
        self.log.claim(&room)?;
        let Continuation { begin, first_segment } = Continuation::of(self.log.as_ref(), &room)?;
        let publisher = self.hub.open_room(room.clone(), self.room.title())?;
        let lines = self.hub.watch_open_lines(&room).context("the room was opened")?;
        let telling = self.runtime.spawn(told::tell(lines, Arc::clone(self.log.stream()), room.clone()));
        let stop = Stop::default();
        let log = LogSink { log: Arc::clone(&self.log) as _, room: room.clone(), stop: stop.clone() };
        let sink = Box::new(LiveSink { publisher, log });
        let playing = self.stage.play(&self.room, begin, first_segment, sink, stop.clone());
        let playing = playing.inspect_err(|_| telling.abort())?;
        let mut has_lost = self.hold(|keeper| stop.is_raised() || keeper.stop.is_raised());
        // The log may have said so first.
        has_lost |= stop.is_raised();
        stop.raise();
        // What was heard is captioned to its end. That may take a while, and the room is this machine's until then.
        let finishing = std::thread::Builder::new().name(format!("end-{room}")).spawn(move || playing.wait());
        let finishing = finishing.context("a thread to end a room cannot be started")?;
        has_lost = has_lost || self.hold(|_| finishing.is_finished());
        if has_lost && let Err(error) = self.log.retire(&room) {
            tracing::error!("room {room}: {error}");
        }
        let outcome = finishing.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread of the room failed")));
        telling.abort();
        if !has_lost {
            self.lease.give_back();
        }
        outcome
    }

    /// Says again and again that the room is this machine's, until `is_over`; true when it is another one's.
    fn hold(&mut self, is_over: impl Fn(&Keeper) -> bool) -> bool {
        let mut next_beat = Instant::now();
        loop {
            if is_over(self) {
                return false;
            }
            if Instant::now() >= next_beat {
                match self.lease.renew() {
                    Ok(true) => {}
                    Ok(false) => {
                        tracing::warn!("room {}: another server has it now, this one stops writing", self.room.name);
                        return true;
                    }
                    // NATS is away: captions go on, and wait on the disk.
                    Err(error) => tracing::debug!("room {}: not said that it is held: {error:#}", self.room.name),
                }
                next_beat = Instant::now() + BEAT;
            }
            std::thread::sleep(TICK);
        }
    }

    fn rest(&self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until && !self.stop.is_raised() {
            std::thread::sleep(TICK);
        }
    }
}
