use serde::{Deserialize, Serialize};

use crate::{Lang, SegmentId, TimeSpan, Word};

/// Who wrote a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// The recogniser or the translation model.
    #[default]
    Machine,
    /// People, at an earlier time: at least one sentence of the translation comes from the room's memory.
    Memory,
    /// People, for this occasion: it is the official text of a prepared speech.
    Script,
}

impl Author {
    /// Whether no person had a hand in it.
    pub fn is_machine(&self) -> bool {
        *self == Author::Machine
    }

    /// As it stands in files and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Author::Machine => "machine",
            Author::Memory => "memory",
            Author::Script => "script",
        }
    }
}

/// A finished line in one language: what the log keeps and every viewer gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caption {
    /// The segment; the same in both languages.
    pub segment: SegmentId,
    /// 0 for the first text of the segment in this language, one more for each correction.
    pub revision: u32,
    /// The language of `text`.
    pub lang: Lang,
    /// The language that was spoken: a caption whose `lang` differs is a translation.
    pub spoken: Lang,
    /// The probability that `spoken` is right, 0.5 to 1.
    pub lang_confidence: f32,
    /// When the segment was spoken.
    pub span: TimeSpan,
    /// The text.
    pub text: String,
    /// The words with their times; empty for a translation, whose words were not spoken.
    pub words: Vec<Word>,
    /// Who wrote it. Logs of the time before this was noted name nobody, which is the machine.
    #[serde(default, skip_serializing_if = "Author::is_machine")]
    pub author: Author,
}

impl Caption {
    /// Whether the text is a translation.
    pub fn is_translation(&self) -> bool {
        self.lang != self.spoken
    }
}

/// A line that is still being spoken: live state, never in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenCaption {
    /// The segment.
    pub segment: SegmentId,
    /// The language of the text.
    pub lang: Lang,
    /// The language that is spoken.
    pub spoken: Lang,
    /// When it has been spoken so far.
    pub span: TimeSpan,
    /// Text that will never change; from one event of a segment to the next it only grows.
    pub committed: String,
    /// The best guess at what follows; a viewer may choose not to see it.
    pub tentative: String,
}

/// What the caption stage says.
#[derive(Clone, Debug, PartialEq)]
pub enum CaptionEvent {
    /// A line grew or changed its tail; newer ones of the same segment and language replace older ones.
    Open(OpenCaption),
    /// A line is finished; it must be durable in the log before anyone sees it.
    Final(Caption),
    /// An open segment came to nothing (a cough, a rejected guess): viewers drop it.
    Dropped(SegmentId),
}

/// A caption laid out for reading in a subtitle file or on a two-line display.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cue {
    /// The segment it is a part of.
    pub segment: SegmentId,
    /// When it is on screen.
    pub span: TimeSpan,
    /// The lines, from the top.
    pub lines: Vec<CueLine>,
}

/// One line of a cue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CueLine {
    /// The language of the text.
    pub lang: Lang,
    /// The text, without line breaks.
    pub text: String,
}
