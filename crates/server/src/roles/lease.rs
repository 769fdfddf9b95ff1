//! Who has a room. Its state is the newest message of a subject: the title, and the machine that writes it, which sends
//! it again every two seconds. A state that has not changed for so long that its machine must be gone may be replaced,
//! and NATS lets only one machine replace it. Nobody's clock is compared with another's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use dostyq_log::JetStreamLog;
use dostyq_speech::RoomId;
use serde::{Deserialize, Serialize};

use crate::access::RoomCode;
use crate::config::Room;

/// How often the machine that has a room says so.
pub(super) const BEAT: Duration = Duration::from_secs(2);
/// A machine that has not said so for this long has lost the room.
const LEASE: Duration = Duration::from_secs(6);

/// The state of a room, as the machines tell one another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct RoomState {
    /// Its name for people.
    pub(super) title: String,
    /// The digest of its code; none when it is open to everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    /// The machine that writes it; none when it gave the room back.
    pub(super) holder: Option<String>,
}

/// What came of an attempt to have a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// This machine has it.
    Held {
        /// Another machine may still believe that it has it, for a beat.
        is_disputed: bool,
    },
    /// Another machine has it.
    Anothers,
}

/// One machine's view of who has a room.
pub(super) struct Lease {
    log: Arc<JetStreamLog>,
    room: RoomId,
    /// This machine, and the title that it gives the room.
    mine: RoomState,
    /// The sequence of the state that this machine wrote last.
    sequence: u64,
    patience: Patience,
}

impl Lease {
    pub(super) fn new(log: Arc<JetStreamLog>, room: &Room, machine: String) -> Lease {
        let (title, code) = (room.title().to_owned(), room.code.as_ref().map(RoomCode::told));
        let mine = RoomState { title, code, holder: Some(machine) };
        let room = room.name.clone();
        Lease { log, room, mine, sequence: 0, patience: Patience::default() }
    }

    /// Takes the room if nobody has it. To be called about once a second. An error says nothing about the room: NATS is
    /// away.
    pub(super) fn take(&mut self) -> anyhow::Result<Attempt> {
        let found = self.log.wait(read(&self.log, &self.room)).inspect_err(|_| self.patience = Patience::default())?;
        let Some(verdict) = self.patience.judge(found.as_ref(), &self.mine, Instant::now()) else {
            return Ok(Attempt::Anothers);
        };
        let after = found.map_or(0, |(sequence, _)| sequence);
        match self.log.wait(write(&self.log, &self.room, &self.mine, after))? {
            Some(sequence) => {
                self.sequence = sequence;
                Ok(Attempt::Held { is_disputed: verdict == Verdict::Gone })
            }
            None => Ok(Attempt::Anothers),
        }
    }

    /// Says again that this machine has the room. False when another one has taken it.
    pub(super) fn renew(&mut self) -> anyhow::Result<bool> {
        if let Some(sequence) = self.log.wait(write(&self.log, &self.room, &self.mine, self.sequence))? {
            self.sequence = sequence;
            return Ok(true);
        }
        // The answer to the last renewal may have been lost.
        let found = self.log.wait(read(&self.log, &self.room))?;
        match found {
            Some((sequence, state)) if state.holder == self.mine.holder => {
                self.sequence = sequence;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Gives the room back, so that a machine that stands by need not wait.
    pub(super) fn give_back(&mut self) {
        let free = RoomState { holder: None, ..self.mine.clone() };
        if let Err(error) = self.log.wait(write(&self.log, &self.room, &free, self.sequence)) {
            tracing::debug!("room {}: it could not be given back: {error:#}", self.room);
        }
    }
}

/// Why a room may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Nobody has it, or this machine had it before it was started again.
    Free,
    /// The machine that has it has not been heard of.
    Gone,
}

/// How long a state has not changed.
#[derive(Debug, Default)]
struct Patience {
    seen: Option<(u64, Instant)>,
}

impl Patience {
    fn judge(&mut self, found: Option<&(u64, RoomState)>, mine: &RoomState, now: Instant) -> Option<Verdict> {
        let Some((sequence, state)) = found else { return Some(Verdict::Free) };
        if state.holder.is_none() || state.holder == mine.holder {
            return Some(Verdict::Free);
        }
        match self.seen {
            Some((seen, since)) if seen == *sequence => (now.duration_since(since) >= LEASE).then_some(Verdict::Gone),
            _ => {
                self.seen = Some((*sequence, now));
                None
            }
        }
    }
}

/// Makes the stream of the states, or finds it.
pub(super) async fn prepare(log: &JetStreamLog) -> anyhow::Result<()> {
    let tenant = log.tenant();
    Ok(log.newest_only(tenant.state_stream(), tenant.all_states()).await?)
}

impl RoomState {
    /// What opens the room; none when it is open to everyone.
    pub(super) fn code(&self) -> Option<RoomCode> {
        self.code.as_deref().map(RoomCode::of_told)
    }
}

/// The state of a room and its sequence; none when nobody ever had it.
pub(super) async fn read(log: &JetStreamLog, room: &RoomId) -> anyhow::Result<Option<(u64, RoomState)>> {
    let stream = log.jetstream().get_stream_no_info(log.tenant().state_stream()).await?;
    match stream.get_last_raw_message_by_subject(&log.tenant().state_subject(room)).await {
        Ok(message) => {
            let state = serde_json::from_slice(&message.payload).context("the state of a room is no state")?;
            Ok(Some((message.sequence, state)))
        }
        Err(error) => match error.kind() {
            LastRawMessageErrorKind::NoMessageFound => Ok(None),
            LastRawMessageErrorKind::JetStream(said) if said.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
            _ => Err(error.into()),
        },
    }
}

/// Replaces the state that has this sequence; none when it has been replaced already.
async fn write(log: &JetStreamLog, room: &RoomId, state: &RoomState, after: u64) -> anyhow::Result<Option<u64>> {
    let payload = serde_json::to_vec(state).context("a state has a JSON form")?;
    let message = PublishMessage::build().payload(payload.into()).expected_last_subject_sequence(after);
    let sent = log.jetstream().send_publish(log.tenant().state_subject(room), message).await?;
    match sent.await {
        Ok(written) => Ok(Some(written.sequence)),
        Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(None),
        Err(error) if error.kind() == PublishErrorKind::StreamNotFound => {
            prepare(log).await?;
            Err(anyhow!("the stream of the states was not there"))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_taken_when_it_is_free_or_its_machine_is_gone() {
        let mine = RoomState { title: "Hall".into(), code: None, holder: Some("b".into()) };
        let state = |sequence, holder: Option<&str>| {
            Some((sequence, RoomState { title: "Hall".into(), code: None, holder: holder.map(str::to_owned) }))
        };
        let start = Instant::now();
        let mut patience = Patience::default();
        let mut check = |secs: u64, found: Option<(u64, RoomState)>, expect| {
            let verdict = patience.judge(found.as_ref(), &mine, start + Duration::from_secs(secs));
            assert_eq!(verdict, expect, "after {secs} s: {found:?}");
        };
        check(0, None, Some(Verdict::Free));
        check(0, state(1, Some("b")), Some(Verdict::Free));
        check(0, state(2, None), Some(Verdict::Free));
        check(0, state(3, Some("a")), None);
        check(5, state(3, Some("a")), None);
        check(5, state(4, Some("a")), None);
        check(10, state(4, Some("a")), None);
        check(11, state(4, Some("a")), Some(Verdict::Gone));
    }
}
