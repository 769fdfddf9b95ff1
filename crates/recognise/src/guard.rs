//! Guards against words that nobody said.
//!
//! Whisper was trained on subtitles of films and clips: over noise or silence it writes what such subtitles end with,
//! and it can fall into a loop. Each rule here names the cause of its rejection, so that rejections can be counted.

use dostyq_speech::{Utterance, Word, join_words};

use crate::Recognition;

/// Why a hypothesis was thrown out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rejection {
    /// The engine found nobody speaking and is unsure of its own words.
    NoSpeech,
    /// The words are too improbable to be shown.
    Improbable,
    /// Nothing but a loop.
    Loop,
    /// A phrase of film subtitles over hardly any voice.
    Boilerplate,
    /// A stage direction of film subtitles, which stand in capitals.
    StageDirection,
    /// Mostly Latin letters: neither language of the hall is written so.
    Script,
}

impl Rejection {
    /// The name under which it is counted.
    pub const fn name(self) -> &'static str {
        match self {
            Rejection::NoSpeech => "no_speech",
            Rejection::Improbable => "improbable",
            Rejection::Loop => "loop",
            Rejection::Boilerplate => "boilerplate",
            Rejection::StageDirection => "stage_direction",
            Rejection::Script => "script",
        }
    }
}

/// Whisper's own limits (openai/whisper, `transcribe.py`): silent if the probability of no speech is above the first
/// and the mean log-probability below the second.
const NO_SPEECH_PROBABILITY: f32 = 0.6;
const DOUBTFUL_LOG_PROBABILITY: f32 = -1.0;
/// The same where hardly anybody speaks: there is little to be sure of, and a wrong word is all that is shown.
const DOUBTFUL_LOG_PROBABILITY_LOW_SPEECH: f32 = -0.5;
/// Below this, words are noise whatever the voice detector says. Kazakh through a small Whisper hovers around -0.9.
const HOPELESS_LOG_PROBABILITY: f32 = -1.6;
/// Seconds of voice under which a known phrase of film subtitles is not believed.
const LOW_SPEECH_SECS: f64 = 1.2;
/// Letters from which a word in capitals is no abbreviation.
const LONGEST_ABBREVIATION: usize = 4;
/// Share of Latin letters from which a text is in the wrong script.
pub(crate) const LATIN_SHARE: f32 = 0.5;

/// Beginnings of what Whisper writes over silence in Russian and Kazakh, lower case, letters and spaces alone.
const BOILERPLATE: [&str; 11] = [
    "продолжение следует",
    "субтитры",
    "редактор субтитров",
    "спасибо за просмотр",
    "спасибо за внимание",
    "подписывайтесь",
    "ставьте лайки",
    "до новых встреч",
    "жазылуды",
    "көргеніңізге рахмет",
    "телеарна",
];

/// Judges what an engine made of an utterance; `Err` says why it is not to be shown.
pub fn judge(utterance: &Utterance, recognition: &Recognition) -> Result<(), Rejection> {
    let words = &recognition.hypothesis.words;
    let signals = &recognition.signals;
    if words.is_empty() {
        return if signals.looped { Err(Rejection::Loop) } else { Ok(()) };
    }
    let is_low_speech = utterance.voiced_secs < LOW_SPEECH_SECS;
    let doubtful = if is_low_speech { DOUBTFUL_LOG_PROBABILITY_LOW_SPEECH } else { DOUBTFUL_LOG_PROBABILITY };
    if signals.no_speech_probability > NO_SPEECH_PROBABILITY && signals.mean_log_probability < doubtful {
        return Err(Rejection::NoSpeech);
    }
    if signals.mean_log_probability < HOPELESS_LOG_PROBABILITY {
        return Err(Rejection::Improbable);
    }
    if is_low_speech && is_boilerplate(words) {
        return Err(Rejection::Boilerplate);
    }
    if is_stage_direction(words) {
        return Err(Rejection::StageDirection);
    }
    if latin_share(&join_words(words)) > LATIN_SHARE {
        return Err(Rejection::Script);
    }
    Ok(())
}

/// Whether all is in capitals, and more than an abbreviation: «ТРЕВОЖНАЯ МУЗЫКА», «АПЛОДИСМЕНТЫ».
fn is_stage_direction(words: &[Word]) -> bool {
    let letters = || words.iter().flat_map(|word| word.text.chars()).filter(|c| c.is_alphabetic());
    let longest = words.iter().map(|word| word.text.chars().filter(|c| c.is_alphabetic()).count()).max();
    letters().all(char::is_uppercase) && longest > Some(LONGEST_ABBREVIATION)
}

fn is_boilerplate(words: &[Word]) -> bool {
    let text: String =
        join_words(words).chars().flat_map(char::to_lowercase).filter(|c| c.is_alphabetic() || *c == ' ').collect();
    BOILERPLATE.iter().any(|phrase| text.trim_start().starts_with(phrase))
}

/// The share of Latin letters among all letters of a text, 0 to 1; 0 where there are none.
pub(crate) fn latin_share(text: &str) -> f32 {
    let (mut latin, mut letters) = (0u32, 0u32);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        latin += u32::from(c.is_ascii());
    }
    if letters == 0 { 0.0 } else { latin as f32 / letters as f32 }
}

/// Where a text begins to repeat itself: the length of the sequence without its loop, if it has one.
///
/// A loop is a block of up to `BLOCK` items that closes the sequence at least `TIMES` times in a row (a single item
/// needs twice that: «нет, нет, нет» is speech). One copy of the block is kept, since it may have been said once.
pub fn without_loop<T: PartialEq>(items: &[T]) -> Option<usize> {
    const BLOCK: usize = 12;
    const TIMES: usize = 4;
    for block in 1..=BLOCK.min(items.len() / TIMES) {
        let tail = &items[items.len() - block..];
        let times = items.rchunks(block).take_while(|chunk| *chunk == tail).count();
        if times >= if block == 1 { TIMES * 2 } else { TIMES } {
            return Some(items.len() - block * (times - 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Signals;
    use dostyq_speech::{Hypothesis, Lang, SampleTime, SegmentId, TimeSpan};

    fn check(text: &str, voiced_secs: f64, mean_log_probability: f32, no_speech: f32, expect: Result<(), Rejection>) {
        let words = text
            .split_whitespace()
            .map(|w| Word { text: w.into(), span: TimeSpan::default(), confidence: 0.5 })
            .collect();
        let utterance = Utterance {
            segment: SegmentId(1),
            start: SampleTime::ZERO,
            samples: Vec::new(),
            voiced: TimeSpan::default(),
            voiced_secs,
            heard_until: SampleTime::ZERO,
            is_final: true,
        };
        let recognition = Recognition {
            hypothesis: Hypothesis { lang: Lang::Russian, lang_confidence: 0.9, words },
            signals: Signals { mean_log_probability, no_speech_probability: no_speech, looped: false },
        };
        assert_eq!(judge(&utterance, &recognition), expect, "{text:?}");
    }

    #[test]
    fn what_was_said_passes() {
        check("Добрый день, уважаемые гости!", 2.0, -0.2, 0.1, Ok(()));
        check("Құрметті қонақтар", 2.0, -0.9, 0.1, Ok(()));
        // Whisper is sure of the words: its doubt about speech does not count.
        check("Добрый день", 0.8, -0.2, 0.9, Ok(()));
        // Names keep their letters.
        check("Компания Microsoft открыла офис в Астане", 3.0, -0.3, 0.0, Ok(()));
        // The phrase itself, spoken by somebody.
        check("Спасибо за внимание!", 1.6, -0.1, 0.0, Ok(()));
        // Abbreviations, and capitals in a sentence.
        check("США, ООН", 1.6, -0.1, 0.0, Ok(()));
        check("Фильм «ТРЕВОГА» снят в Алматы", 2.6, -0.1, 0.0, Ok(()));
    }

    #[test]
    fn what_nobody_said_does_not() {
        check("Продолжение следует...", 0.4, -0.3, 0.3, Err(Rejection::Boilerplate));
        check("Субтитры сделал кто-то", 0.9, -0.3, 0.3, Err(Rejection::Boilerplate));
        check("и и что", 0.5, -1.2, 0.8, Err(Rejection::NoSpeech));
        check("та-ти", 0.5, -0.7, 0.8, Err(Rejection::NoSpeech));
        check("ТРЕВОЖНАЯ МУЗЫКА", 2.5, -0.3, 0.3, Err(Rejection::StageDirection));
        check("абракадабра", 2.0, -2.0, 0.0, Err(Rejection::Improbable));
        check("Thank you for watching", 2.0, -0.3, 0.0, Err(Rejection::Script));
    }

    #[test]
    fn loops_are_cut_to_one_copy() {
        let check = |text: &str, expect: Option<usize>| {
            let items: Vec<&str> = text.split(' ').collect();
            assert_eq!(without_loop(&items), expect, "{text:?}");
        };
        check("а б в г", None);
        check("нет нет нет нет", None);
        check("да а а а а а а а а", Some(2));
        check("ну вот так вот так вот так вот так", Some(3));
        check("вот так вот так вот так", None);
        check("", None);
    }
}
