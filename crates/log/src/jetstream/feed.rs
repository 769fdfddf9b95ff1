//! The events of a room as they come, for a machine that shows what another one writes.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::push::{Ordered, OrderedConfig};
use async_nats::jetstream::consumer::{DeliverPolicy, ReplayPolicy};
use dostyq_speech::{Epoch, Event, Offset, RoomId};
use futures_util::StreamExt;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::sequence_at;
use super::stream::Streams;
use crate::{LogError, Result};

/// After so long without an event the stream is asked whether there is one. The consumer of the library has heartbeats of
/// its own, and still there are errors after which it stays silent.
const WATCH: Duration = Duration::from_secs(5);
/// The pause after something went wrong.
const PAUSE: Duration = Duration::from_millis(250);
/// A log that is shorter than what was read of it is taken for set back when it is seen so often in a row: a server that
/// has just started may be behind for a moment.
const LOOKS: u32 = 8;

/// Steps that may wait for whoever takes them; then the consumer waits.
const WAITING_STEPS: usize = 64;

/// What a feed brings.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedStep {
    /// The next event.
    Event(Event),
    /// The log was lost, replaced or set back: what was read of it counts no more, and this feed ends.
    Replaced,
}

/// What is appended to a room, as it comes. That NATS is away is no step and no error: the steps go on when it is back.
/// The task behind it ends when this is dropped.
pub struct RoomFeed {
    steps: Receiver<FeedStep>,
    task: AbortHandle,
}

impl RoomFeed {
    pub(super) fn new(streams: Arc<Streams>, room: RoomId, epoch: Epoch, after: Offset) -> RoomFeed {
        let (sender, steps) = channel(WAITING_STEPS);
        let handle = streams.link.handle().clone();
        let consumer = Consumer { streams, room, epoch, after, messages: None, short_looks: 0 };
        RoomFeed { steps, task: handle.spawn(consumer.run(sender)).abort_handle() }
    }

    /// The next step, as soon as there is one. A call that is dropped loses none.
    pub async fn next(&mut self) -> FeedStep {
        // After the last step there is none: what was read counts no more.
        self.steps.recv().await.unwrap_or(FeedStep::Replaced)
    }
}

impl Drop for RoomFeed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One ordered consumer of a room's log, which is opened again after the last event whenever it fails, for as long as it
/// takes.
struct Consumer {
    streams: Arc<Streams>,
    room: RoomId,
    epoch: Epoch,
    after: Offset,
    messages: Option<Ordered>,
    /// How often in a row the log was found shorter than it was.
    short_looks: u32,
}

impl Consumer {
    async fn run(mut self, steps: Sender<FeedStep>) {
        loop {
            match self.step().await {
                Ok(Some(step)) => {
                    let is_last = step == FeedStep::Replaced;
                    if steps.send(step).await.is_err() || is_last {
                        return;
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!("room {}: the feed of its log is opened again: {error}", self.room);
                    self.messages = None;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Option<FeedStep>> {
        let messages = match &mut self.messages {
            Some(messages) => messages,
            None => {
                if self.is_replaced().await? {
                    return Ok(Some(FeedStep::Replaced));
                }
                self.messages.insert(subscribe(&self.streams, &self.room, self.after).await?)
            }
        };
        let message = match timeout(WATCH, messages.next()).await {
            Ok(Some(Ok(message))) => message,
            Ok(Some(Err(error))) => return Err(self.streams.link.away(error)),
            Ok(None) => return Err(self.streams.link.away("the consumer ended")),
            Err(_) => {
                if self.is_replaced().await? {
                    return Ok(Some(FeedStep::Replaced));
                }
                if self.streams.top(&self.room).await? > self.after {
                    return Err(self.streams.link.away("the consumer fell silent"));
                }
                return Ok(None);
            }
        };
        let event = self.streams.event(&self.room, &message);
        let event = match event {
            // Its first message again: a consumer that was made anew before it had brought anything begins there.
            Err(_) if message.info().is_ok_and(|info| info.stream_sequence <= sequence_at(self.after)) => {
                return Ok(None);
            }
            event => event?,
        };
        if event.offset <= self.after {
            return Ok(None);
        }
        if event.offset != self.after.next() {
            return Err(self.streams.link.away("events are missing between two"));
        }
        self.after = event.offset;
        Ok(Some(FeedStep::Event(event)))
    }

    /// Whether the log is another one than it was. That it cannot be asked does not mean that it is.
    async fn is_replaced(&mut self) -> Result<bool> {
        let head = match self.streams.head(&self.room).await {
            Ok(head) => head,
            // Deleted; if it comes back it has another epoch.
            Err(LogError::UnknownRoom(_)) => return Err(self.streams.link.away("the log is not there")),
            Err(error) => return Err(error),
        };
        if head.epoch != self.epoch {
            return Ok(true);
        }
        self.short_looks = if head.top < self.after { self.short_looks + 1 } else { 0 };
        match self.short_looks {
            0 => Ok(false),
            LOOKS => Ok(true),
            _ => Err(self.streams.link.away("the log is shorter than it was")),
        }
    }
}

async fn subscribe(streams: &Streams, room: &RoomId, after: Offset) -> Result<Ordered> {
    let config = OrderedConfig {
        deliver_subject: streams.link.client().new_inbox(),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: sequence_at(after.next()) },
        replay_policy: ReplayPolicy::Instant,
        ..OrderedConfig::default()
    };
    let stream = streams.tenant.log_stream(room);
    let consumer = streams.link.context().create_consumer_on_stream(config, stream).await;
    let consumer = consumer.map_err(|error| streams.link.away(error))?;
    consumer.messages().await.map_err(|error| streams.link.away(error))
}
