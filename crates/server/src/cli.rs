//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use dostyq_speech::{Lang, LangChoice, RoomId};

use crate::access::Role;
use crate::commands::token::lasting;

/// Bilingual live captions, Kazakh and Russian, for halls where two languages meet.
#[derive(Debug, Parser)]
#[command(name = "dostyq", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Caption the rooms of a configuration and show them in browsers
    Serve(Serve),
    /// Turn a recording into subtitle files in both languages
    Transcribe(Transcribe),
    /// Translate text or subtitles
    Translate(Translate),
    /// Write the subtitle files of a room that was captioned
    Export(Export),
    /// List the sound inputs of this machine
    Devices,
    /// Look after the models
    #[command(subcommand)]
    Models(Models),
    /// Look after the tokens of people and programs
    #[command(subcommand)]
    Token(Token),
    /// Measure how well recordings and texts with a reference are captioned and translated
    #[command(subcommand)]
    Eval(Eval),
    /// Measure how many viewers this machine can serve
    #[command(subcommand)]
    Bench(crate::bench::Bench),
    /// Say what is wrong with a configuration before the doors open
    Check {
        /// The configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

/// Options of `dostyq serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// What this machine does: everything by itself, or a part in a cluster on NATS (`[cluster]` in the configuration)
    #[arg(long, value_enum, default_value_t)]
    pub role: MachineRole,
    /// Write a line for each change of a caption to this file (JSON Lines, one room's spoken language)
    #[arg(long, value_name = "FILE.jsonl")]
    pub trace: Option<PathBuf>,
}

/// What a machine does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MachineRole {
    /// Everything, without NATS
    #[default]
    All,
    /// Hear and caption the rooms of the configuration; of two machines with the same rooms one stands by
    Infer,
    /// Show the rooms that others caption
    Edge,
}

/// The commands of `dostyq token`.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token, and show it this once
    Create(TokenCreate),
    /// Show the tokens there are, without what makes them open anything
    List {
        /// The configuration whose data folder holds them
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// End a token, and whatever began with it
    Revoke {
        /// As in `dostyq token list`
        id: String,
        /// The configuration whose data folder holds it
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

/// Options of `dostyq token create`.
#[derive(Debug, Args)]
pub struct TokenCreate {
    /// What its owner is here for
    #[arg(long)]
    pub(crate) role: Role,
    /// A room that it is for; may be given again; by default all rooms
    #[arg(long, value_name = "ROOM")]
    pub room: Vec<RoomId>,
    /// How long it counts, such as 12h, 7d or 4w; by default until it is revoked
    #[arg(long, value_name = "TIME", value_parser = lasting)]
    pub expires: Option<Duration>,
    /// Whose it is, for the list
    #[arg(long)]
    pub name: Option<String>,
    /// The configuration whose data folder will hold it
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Options of `dostyq transcribe`.
#[derive(Debug, Args)]
pub struct Transcribe {
    /// WAV, FLAC, MP3, OGG (Vorbis, Opus) or M4A
    pub file: PathBuf,
    /// The folder for NAME.kk.srt, NAME.ru.srt, NAME.bilingual.srt, the same as .vtt, and NAME.json
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The language spoken: auto, kk or ru
    #[arg(long, default_value = "auto")]
    pub lang: LangChoice,
    /// Which channel to hear: mix, or a number from 1
    #[arg(long, default_value = "mix")]
    pub channel: dostyq_capture::Channel,
    /// Names and terms that may be said: a file of lines with the Kazakh form, a tab, and the Russian form
    #[arg(long, value_name = "FILE.tsv")]
    pub glossary: Option<PathBuf>,
    /// Play the recording at its own pace, with drafts, as a live room would hear it
    #[arg(long)]
    pub realtime: bool,
    /// Write a line for each change of a caption to this file (JSON Lines)
    #[arg(long, value_name = "FILE.jsonl")]
    pub trace: Option<PathBuf>,
    /// The speech model
    #[arg(long, default_value = crate::config::DEFAULT_SPEECH)]
    pub speech: String,
    /// The translation model
    #[arg(long, default_value = crate::config::DEFAULT_TRANSLATION)]
    pub translation: String,
}

/// Options of `dostyq translate`.
#[derive(Debug, Args)]
pub struct Translate {
    /// A text, or subtitles (SRT), which keep their numbers and times; without it, standard input
    pub file: Option<PathBuf>,
    /// The language of the text: kk or ru; by default that of its letters, a line or a file of subtitles at a time
    #[arg(long)]
    pub from: Option<Lang>,
    /// The language that it becomes
    #[arg(long)]
    pub to: Option<Lang>,
    /// The translation model: a name as in `dostyq models list`, or a folder
    #[arg(long, value_name = "NAME or DIR", default_value = crate::config::DEFAULT_TRANSLATION)]
    pub model: String,
    /// Translations that are known already (TMX, or TSV with a Kazakh and a Russian column); may be given again
    #[arg(long, value_name = "FILE")]
    pub memory: Vec<PathBuf>,
}

/// Options of `dostyq export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The room
    pub room: RoomId,
    /// The configuration whose data folder holds the room
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The folder for the files
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// The commands of `dostyq eval`.
#[derive(Debug, Subcommand)]
pub enum Eval {
    /// Caption every recording of a folder that has a reference NAME.json beside it, on a simulated clock
    Speech(EvalSpeech),
    /// Translate the sentences of a file and compare them with its reference
    Text(EvalText),
}

/// Options of `dostyq eval text`.
#[derive(Debug, Args)]
pub struct EvalText {
    /// Lines with the Kazakh sentence, a tab, and the Russian sentence
    #[arg(value_name = "FILE.tsv")]
    pub file: PathBuf,
    /// The language to translate from: kk or ru
    #[arg(long)]
    pub from: Lang,
    /// The language to translate into; by default the other one
    #[arg(long)]
    pub to: Option<Lang>,
    /// Let each sentence grow word by word, and score what stays on the screen
    #[arg(long)]
    pub live: bool,
    /// Take the likeliest token each time, as drafts do, instead of searching with a beam
    #[arg(long)]
    pub greedy: bool,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
    /// Take only the first lines of the file
    #[arg(long, value_name = "N")]
    pub first: Option<usize>,
    /// Write the translations to this file, one a line
    #[arg(long, value_name = "FILE")]
    pub hypotheses: Option<PathBuf>,
    /// The translation model: a name as in `dostyq models list`, or a folder
    #[arg(long, value_name = "NAME or DIR", default_value = crate::config::DEFAULT_TRANSLATION)]
    pub model: String,
    /// Names and terms to keep to
    #[arg(long, value_name = "FILE")]
    pub glossary: Option<PathBuf>,
}

/// Options of `dostyq eval speech`.
#[derive(Debug, Args)]
pub struct EvalSpeech {
    /// The folder
    pub folder: PathBuf,
    /// The language spoken: auto, kk or ru
    #[arg(long, default_value = "auto")]
    pub lang: LangChoice,
    /// Rooms that hear the recording side by side on this machine
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub rooms: u8,
    /// Play each recording again and again for so many minutes, and tell whether memory grows or times drift
    #[arg(long, conflicts_with_all = ["offline", "rooms"], value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub minutes: Option<u32>,
    /// Decode each reference clip whole, with a beam of five: what the model can do at best
    #[arg(long)]
    pub offline: bool,
    /// Charge wall time instead of processor time
    #[arg(long)]
    pub wall: bool,
    /// The folder for a trace of each recording
    #[arg(long, value_name = "DIR")]
    pub trace: Option<PathBuf>,
    /// Print one JSON object a recording instead of a table
    #[arg(long)]
    pub json: bool,
    /// The speech model
    #[arg(long, default_value = crate::config::DEFAULT_SPEECH)]
    pub speech: String,
    /// Names and terms that may be said: a file of lines with the Kazakh form, a tab, and the Russian form
    #[arg(long, value_name = "FILE.tsv")]
    pub glossary: Option<PathBuf>,
    /// A prepared speech is held: kk or ru for the reference's own text in that language, or kk=FILE.txt for another
    #[arg(long, value_name = "LANG[=FILE]", conflicts_with_all = ["offline", "minutes"])]
    pub script: Option<String>,
    /// Threads of the speech model; by default as many as there are cores, at most 8
    #[arg(long)]
    pub threads: Option<usize>,
}

/// The commands of `dostyq models`.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// Show every model, whether it is here, and what it is known to score
    List,
    /// Fetch a model and check it
    Pull {
        /// As in `dostyq models list`
        #[arg(required = true)]
        names: Vec<String>,
        /// Take a file whose checksum nobody has written down yet, and write it down
        #[arg(long)]
        accept_unverified: bool,
    },
    /// Compare the files of all models that are here, or of the named ones, with their checksums
    Verify {
        /// As in `dostyq models list`
        names: Vec<String>,
    },
    /// Take over a model of another project: a Whisper checkpoint of CTranslate2 or Hugging Face (safetensors), a ggml file,
    /// or a translation model in ONNX
    Import {
        /// The folder or file
        path: PathBuf,
        /// The name it gets; by default that of the folder or file
        #[arg(long)]
        name: Option<String>,
        /// Store the matrices of a Whisper model in fewer bits: q8_0 (half the memory) or q5_1 (three eighths)
        #[arg(long, value_name = "KIND")]
        quantise: Option<dostyq_models::Quantisation>,
    },
    /// Cut the vocabulary of a large ONNX translation model (NLLB, M2M100, BART, T5) to Kazakh and Russian
    Trim {
        /// The model, in Optimum's layout; it is left as it is
        folder: PathBuf,
        /// The folder for the trimmed model, which must not exist
        out: PathBuf,
        /// Texts such as the model will meet (.tsv, .txt): every piece of theirs is kept
        #[arg(long, num_args = 1.., value_name = "FILE")]
        corpus: Vec<PathBuf>,
        /// The most tokens to keep, those that the texts use most; by default all that the two languages can use
        #[arg(long, value_name = "TOKENS")]
        size: Option<usize>,
    },
}
