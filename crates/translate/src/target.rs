/// A word of a translation with the tokens in which the model wrote it; punctuation belongs to the word before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetWord {
    /// The word as it is read.
    pub text: String,
    /// Its tokens, at least one; what they mean only the model knows that wrote them.
    pub tokens: Vec<u32>,
}

/// The text of words, with a space between two.
pub fn join_target(words: &[TargetWord]) -> String {
    words.iter().map(|word| word.text.as_str()).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The tokens of words, one after another.
pub(crate) fn tokens_of(words: &[TargetWord]) -> Vec<u32> {
    words.iter().flat_map(|word| &word.tokens).copied().collect()
}
