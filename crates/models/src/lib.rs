//! A model name becomes a verified local path; checkpoints of other projects are imported.
