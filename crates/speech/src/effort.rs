use std::fmt;

use serde::{Deserialize, Serialize};

/// How much of its work a server does while the machine cannot do all of it: the rungs of the degradation ladder, from
/// everything to the least. Each rung gives up what the ones above it give up, and one thing more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// Everything.
    #[default]
    Full,
    /// Drafts come less often.
    FewerDrafts,
    /// Utterances are cut shorter, so that each piece of work is smaller.
    ShorterUtterances,
    /// A lighter speech model hears.
    LighterModel,
    /// No drafts: lines appear when they are finished.
    FinalsOnly,
    /// No translation: lines appear in the language spoken.
    SourceOnly,
}

impl Effort {
    /// All rungs, from the top.
    pub const ALL: [Effort; 6] = [
        Effort::Full,
        Effort::FewerDrafts,
        Effort::ShorterUtterances,
        Effort::LighterModel,
        Effort::FinalsOnly,
        Effort::SourceOnly,
    ];

    /// Its name in events, figures and interfaces.
    pub const fn name(self) -> &'static str {
        match self {
            Effort::Full => "full",
            Effort::FewerDrafts => "fewer-drafts",
            Effort::ShorterUtterances => "shorter-utterances",
            Effort::LighterModel => "lighter-model",
            Effort::FinalsOnly => "finals-only",
            Effort::SourceOnly => "source-only",
        }
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rungs_are_in_order_and_written_as_they_are_named() {
        assert!(Effort::ALL.is_sorted());
        for rung in Effort::ALL {
            let written = serde_json::to_string(&rung).expect("a unit variant");
            assert_eq!(written, format!("\"{}\"", rung.name()));
        }
    }
}
