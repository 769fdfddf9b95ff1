use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language of the hall. A third one is a new variant here and a model, not a redesign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Lang {
    /// Kazakh, ISO 639-1 `kk`.
    #[serde(rename = "kk")]
    Kazakh,
    /// Russian, ISO 639-1 `ru`.
    #[serde(rename = "ru")]
    Russian,
}

impl Lang {
    /// Both languages, in the order in which the hall reads them: Kazakh above Russian.
    pub const ALL: [Lang; 2] = [Lang::Kazakh, Lang::Russian];

    /// The ISO 639-1 code: `kk` or `ru`.
    pub const fn code(self) -> &'static str {
        match self {
            Lang::Kazakh => "kk",
            Lang::Russian => "ru",
        }
    }

    /// The language that this one is translated into.
    pub const fn other(self) -> Lang {
        match self {
            Lang::Kazakh => Lang::Russian,
            Lang::Russian => Lang::Kazakh,
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that names no language of the hall.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no language of this hall: write kk (Kazakh), ru (Russian) or, where it may be decided by ear, auto"
)]
pub struct UnknownLang(pub String);

impl FromStr for Lang {
    type Err = UnknownLang;
    fn from_str(text: &str) -> Result<Self, UnknownLang> {
        Lang::ALL.into_iter().find(|lang| lang.code() == text).ok_or_else(|| UnknownLang(text.to_owned()))
    }
}

/// What the operator says about the language spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LangChoice {
    /// Decide it for each utterance, between Kazakh and Russian alone.
    #[default]
    Auto,
    /// Take it as given.
    Fixed(Lang),
}

impl FromStr for LangChoice {
    type Err = UnknownLang;
    fn from_str(text: &str) -> Result<Self, UnknownLang> {
        match text {
            "auto" => Ok(LangChoice::Auto),
            code => code.parse().map(LangChoice::Fixed),
        }
    }
}

impl fmt::Display for LangChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LangChoice::Auto => f.write_str("auto"),
            LangChoice::Fixed(lang) => lang.fmt(f),
        }
    }
}

impl TryFrom<String> for LangChoice {
    type Error = UnknownLang;
    fn try_from(text: String) -> Result<Self, UnknownLang> {
        text.parse()
    }
}

impl From<LangChoice> for String {
    fn from(choice: LangChoice) -> String {
        choice.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_as_it_is_written() {
        for text in ["auto", "kk", "ru"] {
            assert_eq!(text.parse::<LangChoice>().expect(text).to_string(), text);
        }
        let error = "en".parse::<LangChoice>().expect_err("English is no language of the hall");
        assert!(error.to_string().starts_with("\"en\" is no language"));
    }
}
