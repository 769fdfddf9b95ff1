use std::path::Path;

use dostyq_speech::{Lang, split_sentences};
use serde::{Deserialize, Serialize};

use crate::PreparedError;
use crate::align::{Doubt, align};
use crate::read::{decode, read_text};

/// Sentences of the longest speech; four hours of talk are about 2,000. Pairing takes the square of it.
const MOST_SENTENCES: usize = 3_000;
/// Letters below which a text is too short to tell its language.
const ENOUGH_LETTERS: usize = 60;
/// Share of the letters that Russian lacks, above which a text is Kazakh. In Kazakh running text it is 0.15 to 0.25; in
/// Kazakh mixed with Russian 0.05; in Russian only names bring one in.
const KAZAKH_SHARE: f64 = 0.02;
/// Share of Cyrillic letters below which a text is in neither language.
const CYRILLIC_SHARE: f64 = 0.5;

/// A speech with its sentences in pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedSpeech {
    pairs: Vec<Pair>,
}

/// Sentences that say the same: at least one language has some, and a language with none leaves it to the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The Kazakh sentences, mostly one.
    pub kk: Vec<String>,
    /// The Russian ones.
    pub ru: Vec<String>,
    /// Why someone should look at it before the speech; absent when nothing is strange.
    #[serde(default)]
    pub doubt: Option<Doubt>,
}

impl Pair {
    /// The text in a language; empty where there is none.
    pub fn text(&self, lang: Lang) -> String {
        self.sentences(lang).join(" ")
    }

    fn sentences(&self, lang: Lang) -> &[String] {
        match lang {
            Lang::Kazakh => &self.kk,
            Lang::Russian => &self.ru,
        }
    }
}

/// What the crew checks before the speech, and may send back corrected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckView {
    /// Sentences in Kazakh.
    pub kk_sentences: usize,
    /// Sentences in Russian.
    pub ru_sentences: usize,
    /// Pairs that have a text in one language alone.
    pub without_partner: usize,
    /// Pairs that are doubtful for another reason.
    pub doubtful: usize,
    /// All pairs, in the order of the speech.
    pub pairs: Vec<Pair>,
}

impl PreparedSpeech {
    /// Reads a speech from a Kazakh and a Russian file, each TXT or DOCX.
    ///
    /// Unequal counts of sentences are no error: the check view says which have no partner.
    pub fn load(kk: &Path, ru: &Path) -> Result<PreparedSpeech, PreparedError> {
        let (kk_text, ru_text) = (read_text(kk)?, read_text(ru)?);
        let name = |path: &Path| path.display().to_string();
        PreparedSpeech::of_texts((&name(kk), &kk_text), (&name(ru), &ru_text))
    }

    /// The same of the bytes of two files, each with its name; a speech may be there in one language alone.
    pub fn of_files(kk: Option<(&str, &[u8])>, ru: Option<(&str, &[u8])>) -> Result<PreparedSpeech, PreparedError> {
        let text = |file: Option<(&str, &[u8])>| -> Result<_, PreparedError> {
            let Some((name, bytes)) = file else { return Ok(None) };
            Ok(Some((name.to_owned(), decode(Path::new(name), bytes)?)))
        };
        match (text(kk)?, text(ru)?) {
            (Some((kk_name, kk)), Some((ru_name, ru))) => PreparedSpeech::of_texts((&kk_name, &kk), (&ru_name, &ru)),
            (Some((name, kk)), None) => PreparedSpeech::in_one_language(Lang::Kazakh, (&name, &kk)),
            (None, Some((name, ru))) => PreparedSpeech::in_one_language(Lang::Russian, (&name, &ru)),
            (None, None) => Err(PreparedError::NoFile),
        }
    }

    /// Pairs a Kazakh and a Russian text; each comes with the name that errors call it by.
    pub fn of_texts(kk: (&str, &str), ru: (&str, &str)) -> Result<PreparedSpeech, PreparedError> {
        let kk = sentences(kk, Lang::Kazakh)?;
        let ru = sentences(ru, Lang::Russian)?;
        let own = |sentences: &[&str]| sentences.iter().map(|s| (*s).to_owned()).collect();
        let pairs = align(&kk, &ru).into_iter();
        let pairs = pairs.map(|bead| Pair { kk: own(&kk[bead.left]), ru: own(&ru[bead.right]), doubt: bead.doubt });
        Ok(PreparedSpeech { pairs: pairs.collect() })
    }

    /// A speech whose official text is in one language alone: the machine translates it.
    pub fn in_one_language(lang: Lang, text: (&str, &str)) -> Result<PreparedSpeech, PreparedError> {
        let pair = |sentence: &str| {
            let (mut kk, mut ru) = (Vec::new(), Vec::new());
            if lang == Lang::Kazakh { &mut kk } else { &mut ru }.push(sentence.to_owned());
            Pair { kk, ru, doubt: Some(Doubt::NoPartner) }
        };
        Ok(PreparedSpeech { pairs: sentences(text, lang)?.into_iter().map(pair).collect() })
    }

    /// The speech as someone corrected it in the check view; counts and doubts are made anew.
    pub fn of_check(view: CheckView) -> Result<PreparedSpeech, PreparedError> {
        let mut pairs = view.pairs;
        for (place, pair) in pairs.iter_mut().enumerate() {
            let is_empty = |lang| !pair.sentences(lang).iter().any(|s| s.contains(char::is_alphanumeric));
            let (no_kk, no_ru) = (is_empty(Lang::Kazakh), is_empty(Lang::Russian));
            if no_kk && no_ru {
                return Err(PreparedError::EmptyPair { number: place + 1 });
            }
            pair.doubt = (no_kk || no_ru).then_some(Doubt::NoPartner);
        }
        Ok(PreparedSpeech { pairs })
    }

    /// The pairs, in the order of the speech.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// What the crew checks.
    pub fn check(&self) -> CheckView {
        let count = |lang| self.pairs.iter().map(|pair| pair.sentences(lang).len()).sum();
        let without_partner = self.pairs.iter().filter(|pair| pair.doubt == Some(Doubt::NoPartner)).count();
        CheckView {
            kk_sentences: count(Lang::Kazakh),
            ru_sentences: count(Lang::Russian),
            without_partner,
            doubtful: self.pairs.iter().filter(|pair| pair.doubt.is_some()).count() - without_partner,
            pairs: self.pairs.clone(),
        }
    }
}

/// The sentences of a text that is in the language that it should be in.
fn sentences<'a>((name, text): (&str, &'a str), lang: Lang) -> Result<Vec<&'a str>, PreparedError> {
    let mut sentences = split_sentences(text);
    // A line of dashes or stars is nothing that anyone says.
    sentences.retain(|sentence| sentence.contains(char::is_alphanumeric));
    if sentences.is_empty() {
        return Err(PreparedError::Empty { source_name: name.to_owned(), lang });
    }
    if sentences.len() > MOST_SENTENCES {
        return Err(PreparedError::TooLong { path: name.into(), limit: format!("{MOST_SENTENCES} sentences") });
    }
    match looks_like(text) {
        Some(looks_like) if looks_like != lang.code() => {
            Err(PreparedError::WrongLanguage { source_name: name.to_owned(), expected: lang, looks_like })
        }
        _ => Ok(sentences),
    }
}

/// The language by the letters; nothing when there are too few of them.
fn looks_like(text: &str) -> Option<&'static str> {
    let (mut letters, mut cyrillic, mut kazakh) = (0usize, 0usize, 0usize);
    for c in text.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphabetic()) {
        letters += 1;
        cyrillic += usize::from(matches!(c, '\u{400}'..='\u{52f}'));
        kazakh += usize::from("әғқңөұүһі".contains(c));
    }
    if letters < ENOUGH_LETTERS {
        return None;
    }
    let share = |count: usize| count as f64 / letters as f64;
    Some(match () {
        () if share(cyrillic) < CYRILLIC_SHARE => "neither language",
        () if share(kazakh) > KAZAKH_SHARE => Lang::Kazakh.code(),
        () => Lang::Russian.code(),
    })
}
