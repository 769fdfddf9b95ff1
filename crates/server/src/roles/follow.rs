//! A room that another machine writes, kept up to date for the viewers of this one.

use std::sync::Arc;
use std::time::Duration;

use dostyq_hub::{Hub, RoomFollower, wire::Partial};
use dostyq_log::{FeedStep, JetStreamLog};
use dostyq_speech::RoomId;
use futures_util::StreamExt;
use tokio::task::{JoinHandle, block_in_place};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::{lease, told};

/// The pause after something went wrong.
const PAUSE: Duration = Duration::from_millis(500);
/// How often the title is looked at.
const TITLES: Duration = Duration::from_secs(10);

/// A task that follows a room until it is stopped.
pub(super) struct Following(JoinHandle<()>);

impl Following {
    /// Opens the room in the hub, with what its log holds, and follows it from there. Blocks on the log.
    pub(super) fn start(
        runtime: &tokio::runtime::Handle,
        hub: &Hub,
        log: &Arc<JetStreamLog>,
        room: &RoomId,
        title: String,
    ) -> anyhow::Result<Following> {
        let follower = hub.follow_room(room.clone(), title)?;
        Ok(Following(runtime.spawn(follow(follower, Arc::clone(log)))))
    }

    /// Stops; the room is free for a publisher then. Blocks for a moment.
    pub(super) fn stop(self, runtime: &tokio::runtime::Handle) {
        self.0.abort();
        runtime.block_on(self.0).ok();
    }
}

async fn follow(mut follower: RoomFollower, log: Arc<JetStreamLog>) {
    let room = follower.room().clone();
    let subject = log.tenant().partial_subject(&room);
    let mut told = loop {
        match log.client().subscribe(subject.clone()).await {
            Ok(told) => break told,
            Err(error) => tracing::warn!("room {room}: no open lines yet: {error}"),
        }
        sleep(PAUSE).await;
    };
    let feed = |follower: &RoomFollower| {
        let (epoch, top) = follower.shown();
        log.feed(&room, epoch, top)
    };
    let mut events = feed(&follower);
    let mut silence = Instant::now() + told::SILENCE;
    let mut titles = interval(TITLES);
    titles.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            step = events.next() => {
                let is_next = match step {
                    FeedStep::Event(event) => follower.take(&event),
                    FeedStep::Replaced => {
                        tracing::warn!("room {room}: its log was replaced, viewers start afresh");
                        false
                    }
                };
                if !is_next {
                    // The log is read anew. What cannot be read now is tried again by the feed.
                    if let Err(error) = block_in_place(|| follower.catch_up()) {
                        tracing::warn!("room {room}: {error}");
                        sleep(PAUSE).await;
                    }
                    events = feed(&follower);
                }
            }
            Some(message) = told.next() => {
                silence = Instant::now() + told::SILENCE;
                match serde_json::from_slice::<Partial>(&message.payload) {
                    Ok(partial) => follower.hold(partial),
                    Err(error) => tracing::debug!("room {room}: no word of open lines: {error}"),
                }
            }
            () = sleep_until(silence) => {
                follower.hush();
                silence = Instant::now() + told::SILENCE;
            }
            _ = titles.tick() => {
                if let Ok(Some((_, state))) = lease::read(&log, &room).await {
                    follower.rename(state.title);
                }
            }
        }
    }
}
