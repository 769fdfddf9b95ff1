use std::collections::BTreeMap;

use dostyq_speech::{Lang, SegmentId, Transcript, Translation, join_words};
use dostyq_translate::{LiveText, TranslateError, Translator};

/// The committed text of a segment, to be translated.
pub(crate) struct SourceText {
    pub(crate) segment: SegmentId,
    pub(crate) from: Lang,
    /// From one text of a segment to the next it only grows.
    pub(crate) text: String,
    /// The segment is over.
    pub(crate) is_final: bool,
}

impl SourceText {
    /// What of a transcript is to be translated; nothing where nothing is committed.
    pub(crate) fn of(transcript: &Transcript) -> Option<SourceText> {
        let &Transcript { segment, lang: from, is_final, .. } = transcript;
        let text = join_words(&transcript.committed);
        (!text.is_empty()).then_some(SourceText { segment, from, text, is_final })
    }
}

/// Translates the segments of all rooms as they grow.
#[derive(Default)]
pub(crate) struct Interpreter {
    /// The open segment of each room.
    open: BTreeMap<usize, (SegmentId, LiveText)>,
}

impl Interpreter {
    /// The translation of a room's segment as far as it is there. After an error the segment goes on as it was; a final
    /// one is over.
    pub(crate) fn translate(
        &mut self,
        translator: &mut dyn Translator,
        room: usize,
        source: &SourceText,
    ) -> Result<Translation, TranslateError> {
        let &SourceText { segment, from, is_final, .. } = source;
        let open = self.open.remove(&room).filter(|(known, live)| *known == segment && live.from() == from);
        let mut live = open.map_or_else(|| LiveText::new(from), |(_, live)| live);
        let text = if is_final {
            live.finish(translator, &source.text)?
        } else {
            let committed = live.grow(translator, &source.text);
            self.open.insert(room, (segment, live));
            committed?
        };
        Ok(Translation { segment, lang: from.other(), text, is_final })
    }

    /// A room is gone.
    pub(crate) fn forget(&mut self, room: usize) {
        self.open.remove(&room);
    }
}
