use crate::{Author, Lang, SegmentId};

/// What is known of a segment's text in the other language.
#[derive(Clone, Debug, PartialEq)]
pub struct Translation {
    /// The segment that is translated.
    pub segment: SegmentId,
    /// The language of the text.
    pub lang: Lang,
    /// Text that will not change any more; from one translation of a segment to the next it only grows.
    pub text: String,
    /// This is the last one: the segment is over, and this is all of its translation.
    pub is_final: bool,
    /// Who wrote it.
    pub author: Author,
}
