//! Text in one language becomes text in the other.
