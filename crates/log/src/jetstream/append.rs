//! One writer a room, whose every append is written once.
//!
//! Each message says which sequence it expects to follow. An answer that does not come says nothing about whether the
//! message was written, so it is sent again as it was; if it had been written, NATS says that the sequence is taken, and a
//! look at what stands there tells whether it is this writer's own or another's.

use std::time::Duration;

use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use dostyq_speech::{Epoch, Offset, RoomId};
use tokio::time::{Instant, sleep, timeout};

use super::stream::{Kept, Streams};
use super::{offset_at, sequence_at};
use crate::{LogError, Result};

/// How long an append goes on trying while NATS does not answer.
pub const APPEND_WITHIN: Duration = Duration::from_secs(2);
/// How long one message waits for its answer before it is sent again.
const ANSWER_WITHIN: Duration = Duration::from_millis(700);
/// The pause before the next try when NATS said at once that it cannot.
const PAUSE: Duration = Duration::from_millis(50);
/// The header that says who wrote a message.
const WRITER: &str = "Dostyq-Writer";

/// What is known of this machine's writing to a room.
#[derive(Debug)]
pub(super) struct Writer {
    /// A random number: a message with it in its header is this writer's own.
    id: u128,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing was written: the first append goes to the end that it finds.
    Unclaimed,
    /// The log is this writer's.
    At(Place),
    /// Another one has written.
    Fenced,
}

#[derive(Debug)]
struct Place {
    epoch: Epoch,
    /// The last event that is known to be in the log.
    top: Offset,
    /// The one after it may have been written without an answer.
    is_unsure: bool,
}

/// What stands where this writer wants to write.
enum Found {
    Nothing,
    /// What is being appended; an earlier try was written.
    This,
    /// An earlier append of this writer that was given up.
    Earlier,
    Anothers,
}

impl Default for Writer {
    fn default() -> Writer {
        Writer { id: rand::random(), state: State::Unclaimed }
    }
}

impl Writer {
    pub(super) async fn append(&mut self, streams: &Streams, room: &RoomId, text: String) -> Result<Offset> {
        let deadline = Instant::now() + APPEND_WITHIN;
        if matches!(self.state, State::Unclaimed) {
            let head = streams.head(room).await?;
            self.state = State::At(Place { epoch: head.epoch, top: head.top, is_unsure: false });
        }
        let State::At(place) = &mut self.state else { return Err(LogError::Fenced(room.clone())) };
        loop {
            let cause = match publish(streams, room, self.id, place, &text).await {
                Ok(is_new) if is_new => {
                    (place.top, place.is_unsure) = (place.top.next(), false);
                    return Ok(place.top);
                }
                // The id was seen before, or the sequence is taken: whose is what stands there?
                Ok(_) => "it was written before".to_owned(),
                Err(error) => match error.kind() {
                    PublishErrorKind::WrongLastSequence => "the sequence is taken".to_owned(),
                    PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => {
                        place.is_unsure = true;
                        pause(deadline, streams.link.away(error)).await?;
                        continue;
                    }
                    // Nobody listens for the subject: a cluster that elects a leader, or a log that is gone.
                    PublishErrorKind::StreamNotFound => {
                        if let Err(error @ LogError::UnknownRoom(_)) = streams.top(room).await {
                            self.state = State::Unclaimed;
                            return Err(error);
                        }
                        pause(deadline, streams.link.away(error)).await?;
                        continue;
                    }
                    PublishErrorKind::MaxPayloadExceeded => {
                        return Err(LogError::UnfitEntry { room: room.clone(), cause: "it is too long".into() });
                    }
                    _ => return Err(refusal(streams, &error)),
                },
            };
            match look(streams, room, self.id, place, &text).await? {
                Found::This => {
                    (place.top, place.is_unsure) = (place.top.next(), false);
                    return Ok(place.top);
                }
                Found::Earlier => (place.top, place.is_unsure) = (place.top.next(), false),
                Found::Anothers => {
                    self.state = State::Fenced;
                    return Err(LogError::Fenced(room.clone()));
                }
                Found::Nothing => {
                    // Neither free nor taken: another log stands there now, or the newest events are not there. A server
                    // that has just started may be behind for a moment; one that stays so has lost them.
                    let head = streams.head(room).await?;
                    let is_other = head.epoch != place.epoch;
                    let waited = pause(deadline, streams.link.away(cause)).await;
                    if is_other || (waited.is_err() && head.top < place.top) {
                        self.state = State::Unclaimed;
                        return Err(streams.link.away("the log of the room was replaced or set back; append again"));
                    }
                    waited?;
                }
            }
        }
    }

    /// Finds out what became of an append without an answer, as far as that can be known now.
    pub(super) async fn settle(&mut self, streams: &Streams, room: &RoomId) -> Result<()> {
        if let State::At(place) = &mut self.state
            && place.is_unsure
            && let Found::Earlier = look(streams, room, self.id, place, "").await?
        {
            (place.top, place.is_unsure) = (place.top.next(), false);
        }
        Ok(())
    }
}

/// Sends the message that follows the place; true when it was written now, false when its id was known.
async fn publish(
    streams: &Streams,
    room: &RoomId,
    writer: u128,
    place: &Place,
    text: &str,
) -> Result<bool, PublishError> {
    let message = PublishMessage::build()
        .message_id(format!("{room}:{}:{}", place.epoch, place.top.next().0))
        .expected_last_subject_sequence(sequence_at(place.top))
        .header(WRITER, format!("{writer:032x}").as_str())
        .payload(text.to_owned().into());
    let sending = async { streams.link.context().send_publish(streams.tenant.log_subject(room), message).await?.await };
    let answer = timeout(ANSWER_WITHIN, sending).await;
    let written = answer.unwrap_or_else(|_| Err(PublishError::new(PublishErrorKind::TimedOut)))?;
    Ok(!written.duplicate && offset_at(written.sequence) == place.top.next())
}

async fn look(streams: &Streams, room: &RoomId, writer: u128, place: &Place, text: &str) -> Result<Found> {
    let stream = streams.tenant.log_stream(room);
    let found = streams.message(&stream, sequence_at(place.top.next())).await?;
    Ok(match found {
        None => Found::Nothing,
        Some(message) if !is_by(&message, writer) => Found::Anothers,
        Some(message) if place.is_unsure && message.payload == text => Found::This,
        Some(_) => Found::Earlier,
    })
}

fn is_by(message: &Kept, writer: u128) -> bool {
    message.headers.get(WRITER).is_some_and(|id| id.as_str() == format!("{writer:032x}"))
}

/// Waits before the next try, or gives up with this error.
async fn pause(deadline: Instant, error: LogError) -> Result<()> {
    if Instant::now() + PAUSE >= deadline {
        return Err(error);
    }
    sleep(PAUSE).await;
    Ok(())
}

/// What NATS said to a message, when it is none of the answers that are expected.
fn refusal(streams: &Streams, error: &PublishError) -> LogError {
    let said =
        std::error::Error::source(error).and_then(|source| source.downcast_ref::<async_nats::jetstream::Error>());
    match said {
        Some(said) => streams.link.failed(said.clone().into()),
        None => streams.link.away(error),
    }
}
