//! Open lines on their way to the other machines: messages of core NATS, which may be lost. Each tells all that is open
//! in its room and how far the log was, so the next one makes a lost one good.

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use dostyq_hub::OpenWatch;
use dostyq_log::JetStreamLog;
use dostyq_speech::RoomId;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Told again after this time, even if nothing has changed: for who has missed the last one, or has just come.
const REPEAT: Duration = Duration::from_secs(1);
/// The shortest time between two messages of a room; drafts come ten times a second.
const PAUSE: Duration = Duration::from_millis(40);
/// Whoever tells of a room that is followed is not heard any more after this time.
pub(super) const SILENCE: Duration = Duration::from_secs(4);

/// Tells of a room for as long as its hub lives.
pub(super) async fn tell(mut lines: OpenWatch, log: Arc<JetStreamLog>, room: RoomId) {
    let (client, subject) = (log.client(), log.tenant().partial_subject(&room));
    loop {
        let begun = Instant::now();
        // What would wait for NATS to come back would be old by then.
        if client.connection_state() == State::Connected
            && let Ok(payload) = serde_json::to_vec(&lines.now())
            && let Err(error) = client.publish(subject.clone(), payload.into()).await
        {
            tracing::debug!("room {room}: open lines are not told: {error}");
        }
        if timeout_at(begun + REPEAT, lines.changed()).await == Ok(false) {
            return;
        }
        sleep_until(begun + PAUSE).await;
    }
}
