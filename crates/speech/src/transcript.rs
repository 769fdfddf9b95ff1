use serde::{Deserialize, Serialize};

use crate::{Author, Lang, SegmentId, TimeSpan};

/// A word as it is shown, with its punctuation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// The text, without spaces around it.
    pub text: String,
    /// When it was spoken, on the room's clock.
    pub span: TimeSpan,
    /// The recogniser's probability, 0 to 1.
    pub confidence: f32,
}

/// Words as a line of text.
pub fn join_words(words: &[Word]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// What a recogniser makes of an utterance as far as it has heard it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// The language that the words are in.
    pub lang: Lang,
    /// The probability of that language against the other one, 0.5 to 1; 1 where the operator fixed it.
    pub lang_confidence: f32,
    /// The words in order of time; empty when nothing was said or the guess was rejected.
    pub words: Vec<Word>,
}

/// What is known of a segment: words that stay, and words that may still change.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcript {
    /// Which segment.
    pub segment: SegmentId,
    /// The language spoken.
    pub lang: Lang,
    /// As in [`Hypothesis::lang_confidence`].
    pub lang_confidence: f32,
    /// When it was spoken, as far as it is known.
    pub span: TimeSpan,
    /// Words that will never change; from one transcript of a segment to the next they only grow.
    pub committed: Vec<Word>,
    /// The best guess at what follows them; empty in a final transcript.
    pub tentative: Vec<Word>,
    /// True once, for the last transcript of the segment.
    pub is_final: bool,
    /// Who wrote it: the recogniser, or a prepared speech whose words were recognised.
    pub author: Author,
}
