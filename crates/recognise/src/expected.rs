use dostyq_speech::{Lang, SegmentId, Word};

/// What will be said in a segment if the speaker goes on with a text that is known: an engine that can tell how far a sound
/// follows a text is surer of it than of words that it has to find.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedText {
    /// The segment at whose beginning the text begins.
    pub segment: SegmentId,
    /// The language of the text.
    pub lang: Lang,
    /// The words, with punctuation.
    pub words: Vec<String>,
}

impl ExpectedText {
    /// How many of its words stand at the beginning of what was heard.
    pub(crate) fn reached_by(&self, heard: &[Word]) -> usize {
        self.words.iter().zip(heard).take_while(|(expected, heard)| **expected == heard.text).count()
    }
}
