//! An utterance becomes committed words and a tentative tail, with language, times and confidence.
