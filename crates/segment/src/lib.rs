//! Frames become utterances: voice activity, pre-roll, endpoint, forced cut.
