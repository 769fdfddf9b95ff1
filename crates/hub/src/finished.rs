use std::collections::VecDeque;

use dostyq_speech::{Lang, Offset, SegmentId};

use crate::limits::FINISHED_KEPT;

/// The lines that the newest events of a room finished.
#[derive(Debug)]
pub(crate) struct Finished {
    /// What was finished after this event is in `lines`.
    from: Offset,
    lines: VecDeque<(Offset, SegmentId, Lang)>,
}

impl Finished {
    pub(crate) fn after_offset(from: Offset) -> Finished {
        Finished { from, lines: VecDeque::new() }
    }

    pub(crate) fn push(&mut self, offset: Offset, segment: SegmentId, lang: Lang) {
        self.lines.push_back((offset, segment, lang));
        if self.lines.len() > FINISHED_KEPT
            && let Some((oldest, _, _)) = self.lines.pop_front()
        {
            self.from = oldest;
        }
    }

    /// Whether everything that was finished after this event is known.
    pub(crate) fn knows(&self, after: Offset) -> bool {
        after >= self.from
    }

    /// Whether this line was finished after this event.
    pub(crate) fn is_since(&self, after: Offset, segment: SegmentId, lang: Lang) -> bool {
        self.lines.iter().any(|&(offset, finished, its)| offset > after && (finished, its) == (segment, lang))
    }
}
