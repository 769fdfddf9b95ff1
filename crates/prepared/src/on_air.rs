use dostyq_speech::{Lang, SampleTime, Word};
use serde::{Deserialize, Serialize};

/// What the operator says about who writes the captions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// The script while the speaker follows it, else the machine.
    #[default]
    Auto,
    /// The script, wherever the speaker seems to be in it.
    Script,
    /// The machine, whatever the speaker says.
    Machine,
}

/// What the operator sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnAir {
    /// What the operator chose.
    pub choice: Choice,
    /// The script writes the captions, not the machine.
    pub is_script: bool,
    /// The pair, from 0, that is being said, or was said last; none before the first.
    pub pair: Option<usize>,
    /// How far what was heard last speaks for the script: natural log-odds; below 0 the speaker seems to have left it.
    pub odds: f32,
}

/// A pair as it is being said; it only grows. Said again, it is a new line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The number of the line, from 1, in the order of speech.
    pub number: u64,
    /// The pair of the speech, from 0.
    pub pair: usize,
    /// The language spoken.
    pub spoken: Lang,
    /// The place in the pair's text of the first of the words, from 0; more than 0 where the speaker came in later.
    pub first: usize,
    /// The official words that were said, with the times at which they must have been; their confidence is 1.
    pub words: Vec<Word>,
    /// As much of the official text in the other language; none where there is no such text and the machine translates.
    pub partner: Option<String>,
    /// True once, for the last of the line.
    pub is_final: bool,
}

/// What a follower says.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The script goes on air. What the machine made of the sound from `since` on is to be taken off.
    Entered {
        /// When its first word was said.
        since: SampleTime,
    },
    /// A line began, grew or ended.
    Line(Line),
    /// A line that was shown with the time of its speaking was not said: none of its words was heard.
    NotSaid {
        /// The number of the line.
        number: u64,
    },
    /// The machine is on air again, with what was said from `since` on.
    Left {
        /// The end of the last word of the script that was heard.
        since: SampleTime,
    },
}
