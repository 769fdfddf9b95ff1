//! Text in one language becomes text in the other.
//!
//! [`Translator`] is the stage as the pipeline sees it; [`OnnxTranslator`] is the engine behind it: an encoder-decoder
//! model in the folder layout of Optimum's ONNX export, of the BART, Marian, M2M100, NLLB or T5 family, decoded here
//! with a key-value cache, greedily or with a beam.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use dostyq_speech::Lang;
//! use dostyq_translate::{OnnxOptions, OnnxTranslator, Translator};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Once in the process; every engine that runs on ONNX Runtime borrows it.
//! let environment = ort::init_from("libonnxruntime.so")?.build()?;
//! let mut translator =
//!     OnnxTranslator::open(&environment, Path::new("models/dostyq-mini"), &OnnxOptions::default())?;
//! println!("{}", translator.translate("Добро пожаловать на форум!", Lang::Russian, Lang::Kazakh)?);
//! # Ok(())
//! # }
//! ```
//!
//! A text is translated sentence by sentence, because that is what the models were trained on:
//!
//! ```
//! use dostyq_translate::split_sentences;
//!
//! let text = "Форум 2024 ж. Астанада өтті. Оған 3.5 мың адам қатысты!";
//! assert_eq!(split_sentences(text), ["Форум 2024 ж. Астанада өтті.", "Оған 3.5 мың адам қатысты!"]);
//! ```
//!
//! The crate starts no thread, keeps no queue, downloads nothing and knows nothing of segments: a call translates one
//! text and holds the caller until it is done.

mod config;
mod error;
mod family;
mod fit;
mod folder;
mod glossary;
mod knowledge;
mod live;
pub mod memory;
pub mod names;
mod network;
pub mod numbers;
mod onnx;
mod pair;
mod search;
mod target;
mod translated;
mod translator;
mod vocabulary;

pub use dostyq_speech::split_sentences;
pub use error::TranslateError;
pub use folder::Precision;
pub use glossary::{Bias, Found, Glossary, Problem, Term, TermCount};
pub use knowledge::Knowledge;
pub use live::LiveText;
pub use memory::{Memory, Origin};
pub use names::NameCount;
pub use numbers::{NumberCount, NumberVerdict};
pub use onnx::{Device, OnnxOptions, OnnxTranslator};
pub use pair::PairTranslator;
pub use search::Search;
pub use target::{TargetWord, join_target};
pub use translated::Translated;
pub use translator::{Direction, SentenceRequest, Translator};
