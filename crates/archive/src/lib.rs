//! The log becomes SRT, WebVTT and JSON files.
