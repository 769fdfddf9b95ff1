//! What is asked of the streams, for any room and by anyone.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::CreateStreamErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RawMessageErrorKind};
use async_nats::jetstream::{self, context::PublishErrorKind};
use dostyq_speech::{Epoch, Event, Offset, RoomId, SampleTime};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};

use super::link::{Link, Unanswered};
use super::{Tenant, bad_stream, offset_at, sequence_at};
use crate::entry_text::{fresh_epoch, unix_millis_now};
use crate::{Anchor, LogError, Result, RoomHead};

/// The form of the first message and of all others. A change of it raises the number.
const FORMAT: u32 = 1;
/// How long a server remembers the ids of messages, so that one that is sent again is not written again.
const REMEMBERED: Duration = Duration::from_secs(120);
/// How long a page of a log may take.
const PAGE_WITHIN: Duration = Duration::from_secs(5);
/// Messages asked for at once.
const BATCH: usize = 512;
/// How long a server keeps the place of a reader that does not come back.
const READER_KEPT: Duration = Duration::from_secs(10);

/// The first message of a log.
#[derive(Serialize, Deserialize)]
pub(super) struct Beginning {
    format: u32,
    epoch: Epoch,
    started_at_millis: u64,
}

/// A note of [`Anchor`].
#[derive(Serialize, Deserialize)]
struct Note {
    sample: u64,
    unix_millis: u64,
}

/// A message as a stream keeps it.
pub(super) type Kept = jetstream::message::StreamMessage;

pub(super) struct Streams {
    pub(super) link: Link,
    pub(super) tenant: Tenant,
    replicas: usize,
}

impl Streams {
    pub(super) fn new(link: Link, tenant: Tenant, replicas: usize) -> Streams {
        Streams { link, tenant, replicas }
    }

    /// Where a room stands; makes its log when there is none.
    pub(super) async fn open(&self, room: &RoomId) -> Result<RoomHead> {
        match self.head(room).await {
            Err(LogError::UnknownRoom(_)) => {
                self.begin(room).await?;
                self.head(room).await
            }
            head => head,
        }
    }

    pub(super) async fn head(&self, room: &RoomId) -> Result<RoomHead> {
        let top = self.top(room).await?;
        let stream = self.tenant.log_stream(room);
        let Some(first) = self.message(&stream, 1).await? else {
            // Made, and not yet begun: whoever made it is at it, or was stopped in between.
            return Err(LogError::UnknownRoom(room.clone()));
        };
        let beginning: Beginning = serde_json::from_slice(&first.payload).map_err(|e| bad_stream(stream.clone(), e))?;
        if beginning.format != FORMAT {
            let cause = format!("it has format {}, this program reads {FORMAT}", beginning.format);
            return Err(bad_stream(stream, cause));
        }
        Ok(RoomHead { epoch: beginning.epoch, top, started_at_millis: beginning.started_at_millis })
    }

    /// The offset of the last event.
    pub(super) async fn top(&self, room: &RoomId) -> Result<Offset> {
        let question = format!("STREAM.INFO.{}", self.tenant.log_stream(room));
        match self.link.ask::<Info>(question, &()).await {
            Ok(info) if info.state.last_sequence == 0 => Err(LogError::UnknownRoom(room.clone())),
            Ok(info) => Ok(offset_at(info.state.last_sequence)),
            Err(Unanswered::NotFound) => Err(LogError::UnknownRoom(room.clone())),
            Err(other) => Err(self.link.failed(other)),
        }
    }

    /// Makes a room's log. Two machines may do so at once: one of them begins it.
    async fn begin(&self, room: &RoomId) -> Result<()> {
        let config = Config {
            description: Some("A log of Dostyq: the first message says which, the others are its events".into()),
            deny_delete: true,
            deny_purge: true,
            ..self.config(self.tenant.log_stream(room), self.tenant.log_subject(room))
        };
        self.create(config).await?;
        let beginning = Beginning { format: FORMAT, epoch: fresh_epoch(), started_at_millis: unix_millis_now() };
        let message = PublishMessage::build().payload(json(&beginning).into()).expected_last_subject_sequence(0);
        let sent = self.link.context().send_publish(self.tenant.log_subject(room), message).await;
        let written = match sent {
            Ok(written) => written.await,
            Err(error) => Err(error),
        };
        match written {
            Ok(_) => Ok(()),
            // Another machine was first, or this message was and its answer was lost.
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(()),
            Err(error) => Err(self.link.away(error)),
        }
    }

    /// Makes a stream of one newest message a subject, or finds it.
    pub(super) async fn newest_only(&self, stream: String, subjects: String) -> Result<()> {
        self.create(Config { max_messages_per_subject: 1, ..self.config(stream, subjects) }).await
    }

    fn config(&self, name: String, subjects: String) -> Config {
        Config {
            name,
            subjects: vec![subjects],
            discard: DiscardPolicy::New,
            num_replicas: self.replicas,
            duplicate_window: REMEMBERED,
            ..Config::default()
        }
    }

    /// One that is there already stays as it is.
    async fn create(&self, config: Config) -> Result<()> {
        match self.link.context().create_stream(config).await.map_err(|error| error.kind()) {
            Ok(_) => Ok(()),
            Err(CreateStreamErrorKind::JetStream(error)) => {
                if error.error_code() == jetstream::ErrorCode::STREAM_NAME_EXIST {
                    return Ok(());
                }
                Err(self.link.failed(error.into()))
            }
            Err(error) => Err(self.link.away(error)),
        }
    }

    /// A message of a stream as its leader has it.
    pub(super) async fn message(&self, stream: &str, sequence: u64) -> Result<Option<Kept>> {
        let context = self.link.context();
        let stream = context.get_stream_no_info(stream).await.map_err(|error| self.link.away(error))?;
        match stream.get_raw_message(sequence).await {
            Ok(message) => Ok(Some(message)),
            Err(error) => match error.kind() {
                RawMessageErrorKind::NoMessageFound => Ok(None),
                RawMessageErrorKind::JetStream(error) if error.code() == 404 => Ok(None),
                RawMessageErrorKind::JetStream(error) => Err(self.link.failed(error.into())),
                _ => Err(self.link.away(error)),
            },
        }
    }

    pub(super) async fn read(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Vec<Event>> {
        let top = self.top(room).await?;
        let count = usize::try_from(top.0.saturating_sub(after.0)).unwrap_or(usize::MAX).min(limit);
        if count == 0 {
            return Ok(Vec::new());
        }
        let stream = self.tenant.log_stream(room);
        let start = DeliverPolicy::ByStartSequence { start_sequence: sequence_at(after.next()) };
        let messages = self.messages(&stream, start, "", Some(count)).await?;
        messages.iter().map(|message| self.event(room, message)).collect()
    }

    /// The event in a message of a room's stream.
    pub(super) fn event(&self, room: &RoomId, message: &jetstream::Message) -> Result<Event> {
        let bad = |cause: String| bad_stream(self.tenant.log_stream(room), cause);
        let sequence = message.info().map_err(|error| bad(error.to_string()))?.stream_sequence;
        let entry = serde_json::from_slice(&message.payload).map_err(|e| bad(format!("message {sequence}: {e}")))?;
        Ok(Event { offset: offset_at(sequence), entry })
    }

    /// So many messages, which must be there, or all that there are now.
    async fn messages(
        &self,
        stream: &str,
        start: DeliverPolicy,
        filter: &str,
        count: Option<usize>,
    ) -> Result<Vec<jetstream::Message>> {
        let config = pull::Config {
            deliver_policy: start,
            filter_subject: filter.to_owned(),
            ack_policy: AckPolicy::None,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: READER_KEPT,
            ..pull::Config::default()
        };
        let away = |error: &dyn std::fmt::Display| self.link.away(error);
        let context = self.link.context();
        let consumer = context.create_consumer_on_stream(config, stream).await.map_err(|error| away(&error))?;
        // A consumer may live on a replica that is a message behind the leader for a moment: who knows how many there are
        // waits for them.
        let there = usize::try_from(consumer.cached_info().num_pending).unwrap_or(usize::MAX);
        let count = count.unwrap_or(there);
        let mut messages = Vec::with_capacity(count.min(BATCH));
        while messages.len() < count {
            let wanted = (count - messages.len()).min(BATCH);
            let batch = consumer.fetch().max_messages(wanted).expires(PAGE_WITHIN).messages();
            let batch: Vec<_> =
                batch.await.map_err(|error| away(&error))?.try_collect().await.map_err(|error| away(&error))?;
            if batch.is_empty() {
                return Err(self.link.away("a page of the log came too slowly"));
            }
            messages.extend(batch);
        }
        let (context, stream, name) = (context.clone(), stream.to_owned(), consumer.cached_info().name.clone());
        // Nobody waits for this; a reader that stays is forgotten in ten seconds.
        self.link.handle().spawn(async move { context.delete_consumer_from_stream(name, stream).await.ok() });
        Ok(messages)
    }

    pub(super) async fn rooms(&self) -> Result<Vec<RoomId>> {
        let names = self.link.context().stream_names();
        let names: Vec<String> = names.try_collect().await.map_err(|error| self.link.away(error))?;
        let mut rooms: Vec<RoomId> = names.iter().filter_map(|name| self.tenant.room_of_stream(name)).collect();
        rooms.sort();
        Ok(rooms)
    }

    pub(super) async fn anchor(&self, room: &RoomId, anchor: Anchor) -> Result<()> {
        self.top(room).await?;
        self.newest_only(self.tenant.anchor_stream(), self.tenant.all_anchors()).await?;
        let note = Note { sample: anchor.at.0, unix_millis: anchor.unix_millis };
        let subject = self.tenant.anchor_subject(room, anchor.at.0);
        let written =
            self.link.context().publish(subject, json(&note).into()).await.map_err(|error| self.link.away(error))?;
        written.await.map_err(|error| self.link.away(error))?;
        Ok(())
    }

    pub(super) async fn anchors(&self, room: &RoomId) -> Result<Vec<Anchor>> {
        self.top(room).await?;
        let stream = self.tenant.anchor_stream();
        let question = format!("STREAM.INFO.{stream}");
        match self.link.ask::<Info>(question, &()).await {
            Ok(_) => {}
            Err(Unanswered::NotFound) => return Ok(Vec::new()),
            Err(other) => return Err(self.link.failed(other)),
        }
        let notes = self.messages(&stream, DeliverPolicy::All, &self.tenant.anchors_of(room), None).await?;
        let mut anchors = BTreeMap::new();
        for note in notes {
            let note: Note = serde_json::from_slice(&note.payload).map_err(|e| bad_stream(stream.clone(), e))?;
            anchors.insert(note.sample, note.unix_millis);
        }
        let anchor = |(sample, unix_millis)| Anchor { at: SampleTime(sample), unix_millis };
        Ok(anchors.into_iter().map(anchor).collect())
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
