use crate::{Lang, SegmentId};

/// A segment's text in the other language.
#[derive(Clone, Debug, PartialEq)]
pub struct Translation {
    /// The segment that was translated.
    pub segment: SegmentId,
    /// The language of `text`.
    pub lang: Lang,
    /// The translation; empty only when there was nothing to translate.
    pub text: String,
}
