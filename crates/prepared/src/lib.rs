//! A prepared speech, in both languages, is followed as it is spoken: the official text goes on air word by word, and the
//! machine takes over where the speaker leaves it.
//!
//! [`PreparedSpeech`] reads the two texts and pairs their sentences; [`CheckView`] shows the crew what to look at.
//! [`Follower`] lays what a recogniser hears against the script, sound by sound, so that even one that gets every second
//! letter wrong is good enough, and says which words of the script were spoken.
//!
//! ```
//! use dostyq_prepared::{Doubt, PreparedSpeech};
//!
//! let kk = ("kk.txt", "Құрметті достар! Бүгін біз бірге жиналдық. Баршаңызға үлкен рақмет айтамын.");
//! let ru = ("ru.txt", "Дорогие друзья! Сегодня мы собрались вместе.");
//! let speech = PreparedSpeech::of_texts(kk, ru)?;
//! assert_eq!(speech.pairs()[1].ru, ["Сегодня мы собрались вместе."]);
//! assert_eq!(speech.pairs()[2].doubt, Some(Doubt::NoPartner));
//! # Ok::<(), dostyq_prepared::PreparedError>(())
//! ```
//!
//! Files are read in one module; nothing here starts a thread, keeps a queue, hears sound or translates.

mod align;
mod clock;
mod docx;
mod error;
mod fold;
mod follower;
mod matcher;
mod numerals;
mod on_air;
mod read;
mod recital;
mod script;
mod speech;

pub use align::Doubt;
pub use error::PreparedError;
pub use follower::{Draft, Expected, Follower};
pub use on_air::{Choice, Line, OnAir, Step};
pub use speech::{CheckView, Pair, PreparedSpeech};
