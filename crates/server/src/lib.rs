//! The `dostyq` program.
