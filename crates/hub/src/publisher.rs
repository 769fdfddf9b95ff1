use dostyq_speech::{CaptionEvent, Entry, Marker, Offset, SampleTime};

use crate::HubError;
use crate::encode::Encoded;
use crate::room_source::RoomSource;

/// The one source of a room's captions. When it is dropped the room's open lines are dropped too, because nobody is
/// there to finish them; the room and its viewers stay.
///
/// A call waits for the disk and never for a viewer. Make it from a plain thread, the one that carries the captions,
/// and not from an asynchronous task, where a slow disk would hold up the sockets.
pub struct RoomPublisher {
    source: RoomSource,
}

impl RoomPublisher {
    pub(crate) fn new(source: RoomSource) -> RoomPublisher {
        RoomPublisher { source }
    }

    /// Shows what the caption stage says. A final is on the disk before anyone sees it, and its offset is returned.
    ///
    /// # Errors
    ///
    /// When the log refuses a final, nobody has seen it and it is not in the log: the same call may be made again.
    /// Open lines and drops do not fail.
    pub fn publish(&mut self, event: CaptionEvent) -> Result<Option<Offset>, HubError> {
        match event {
            CaptionEvent::Open(line) => {
                let encoded = Encoded::open(&line);
                self.source.room.change(|state| state.open.put(&line, encoded));
                Ok(None)
            }
            CaptionEvent::Dropped(segment) => {
                self.source.room.change(|state| state.open.drop_segment(segment));
                Ok(None)
            }
            CaptionEvent::Final(caption) => self.append(Entry::Final(caption)).map(Some),
        }
    }

    /// Notes what happened to the room, durably, as with a final.
    ///
    /// # Errors
    ///
    /// As for a final.
    pub fn mark(&mut self, at: SampleTime, marker: Marker) -> Result<Offset, HubError> {
        self.append(Entry::Marker { at, marker })
    }

    fn append(&mut self, entry: Entry) -> Result<Offset, HubError> {
        let shown = self.source.top();
        match self.source.log.append(&self.source.room.id, &entry) {
            Ok(event) if event.offset == shown.next() => {
                self.source.show(&event);
                Ok(event.offset)
            }
            // Somebody else wrote to this log in between: show that as well, in the order of the log.
            Ok(event) => self.source.catch_up().map(|_| event.offset),
            // A disk that fails while it writes may have written. The entry is refused only if it is not there, or
            // a second try would double it.
            Err(refusal) => {
                let news = self.source.catch_up().unwrap_or_default();
                let written = news.iter().find(|event| event.offset > shown && event.entry == entry);
                written.map(|event| event.offset).ok_or(refusal.into())
            }
        }
    }
}
