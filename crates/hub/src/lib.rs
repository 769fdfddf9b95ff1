//! The log becomes live captions on screens and phones.
