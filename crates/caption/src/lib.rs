//! Transcripts and translations become caption events in both languages.
