//! Entries as the text that is kept, the same in every log.

use std::time::{SystemTime, UNIX_EPOCH};

use dostyq_speech::{Entry, Epoch, RoomId};

use crate::{LogError, Result};

/// The entry as it is kept. It is read back here, because a number that is not finite has no JSON: better that the
/// stage at fault hears of it now than the archive a year later.
pub(crate) fn encode(room: &RoomId, entry: &Entry) -> Result<String> {
    let unfit = |error: serde_json::Error| LogError::UnfitEntry { room: room.clone(), cause: error.to_string() };
    let text = serde_json::to_string(entry).map_err(unfit)?;
    serde_json::from_str::<Entry>(&text).map_err(unfit)?;
    Ok(text)
}

pub(crate) fn fresh_epoch() -> Epoch {
    Epoch(rand::random())
}

pub(crate) fn unix_millis_now() -> u64 {
    // A clock that was never set counts as 1970; the captions matter more.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
