use dostyq_speech::{TimeSpan, Utterance, Word};

use super::decode::Token;
use super::vocabulary::Vocabulary;

/// Samples of one frame of the output: 40 ms.
const SAMPLES_A_FRAME: u64 = 640;
/// Samples by which a word may be heard earlier or later than before: three frames.
const MOST_SHIFT: u64 = 3 * SAMPLES_A_FRAME;

/// A word as it was heard.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Heard {
    /// The text as the model writes it: lower case, no punctuation.
    pub(super) text: String,
    /// From the frame of its first token to that of its last.
    pub(super) span: TimeSpan,
    /// Natural log-probabilities of its tokens.
    pub(super) log_probabilities: Vec<f32>,
}

/// The tokens as words: one begins where a token is a space or begins with one. What has no letter is no word.
pub(super) fn words_of(tokens: &[Token], vocabulary: &Vocabulary, utterance: &Utterance) -> Vec<Heard> {
    let mut words: Vec<Heard> = Vec::new();
    let mut is_new = true;
    for token in tokens {
        let text = vocabulary.text(token.id);
        is_new |= text.starts_with(' ');
        let letters = text.trim();
        if letters.is_empty() {
            continue;
        }
        let span = span_of(token, utterance);
        if is_new {
            words.push(Heard { span, ..Heard::default() });
            is_new = false;
        }
        if let Some(word) = words.last_mut() {
            word.text.push_str(letters);
            word.span.end = span.end;
            word.log_probabilities.push(token.log_probability);
        }
    }
    words.retain(|word| word.text.contains(char::is_alphanumeric));
    words
}

/// The frames of a token on the room's clock, inside the sound.
fn span_of(token: &Token, utterance: &Utterance) -> TimeSpan {
    let moment = |frame: usize| (utterance.start + frame as u64 * SAMPLES_A_FRAME).min(utterance.span().end);
    TimeSpan::new(moment(token.first), moment(token.last + 1))
}

/// What was heard after the committed words.
///
/// The engine cannot be made to begin with given words, so it hears the sound under them again, perhaps otherwise. What
/// follows them are the words of which at least half lies behind their end. But with more sound behind it a word may be
/// heard a frame or two earlier or later, and a word of one letter may be no longer than that: where the last committed
/// word is heard beside that place and ends about when it did, what follows it is what follows.
pub(super) fn after(committed: &[Word], mut heard: Vec<Heard>) -> Vec<Heard> {
    let Some(last) = committed.last() else { return heard };
    let end = last.span.end;
    let text = last.text.to_lowercase();
    let place = heard.partition_point(|word| word.span.start + word.span.length() / 2 < end);
    let is_last = |word: &Heard| {
        let shift = end.samples_since(word.span.end).max(word.span.end.samples_since(end));
        word.text == text && shift <= MOST_SHIFT
    };
    let beside = [place, place + 1, place.saturating_sub(1)];
    let after_last = beside.into_iter().find(|place| *place > 0 && heard.get(place - 1).is_some_and(is_last));
    heard.split_off(after_last.unwrap_or(place))
}

/// The committed words and those after them. The first letter of an utterance is made a capital; where its sentences
/// end is not known, and no punctuation is made up.
pub(super) fn joined(committed: &[Word], fresh: &[Heard]) -> Vec<Word> {
    let fresh = fresh.iter().enumerate().map(|(i, heard)| Word {
        text: if i == 0 && committed.is_empty() { with_capital(&heard.text) } else { heard.text.clone() },
        span: heard.span,
        confidence: mean(&heard.log_probabilities).exp(),
    });
    committed.iter().cloned().chain(fresh).collect()
}

/// The mean; 0 of nothing.
pub(super) fn mean(values: &[f32]) -> f32 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f32>() / values.len() as f32 }
}

fn with_capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use dostyq_speech::{SampleTime, SegmentId};

    use super::*;

    /// An utterance of ten frames and a half, which begins at 1 s.
    fn utterance() -> Utterance {
        let start = SampleTime::from_millis(1_000);
        Utterance {
            segment: SegmentId(1),
            start,
            samples: vec![0.0; 6_720],
            voiced: TimeSpan::new(start, start + 6_720),
            voiced_secs: 0.42,
            heard_until: start + 6_720,
            is_final: false,
        }
    }

    fn vocabulary(tokens: &[&str]) -> Vocabulary {
        let folder = tempfile::tempdir().expect("a folder");
        let path: PathBuf = folder.path().join("vocab.txt");
        let lines: String = tokens.iter().enumerate().map(|(i, token)| format!("{token} {i}\n")).collect();
        std::fs::write(&path, lines).expect("a file");
        Vocabulary::read(&path).expect("a vocabulary")
    }

    fn token(id: usize, first: usize, last: usize) -> Token {
        Token { id, first, last, log_probability: -0.1 * (id as f32 + 1.0) }
    }

    fn shown(words: &[Heard]) -> Vec<(&str, u64, u64)> {
        let millis = |time: SampleTime| time.as_millis() - 1_000;
        words.iter().map(|word| (word.text.as_str(), millis(word.span.start), millis(word.span.end))).collect()
    }

    #[test]
    fn letters_become_words_at_spaces() {
        let v = vocabulary(&["▁", "қ", "а", "'", "<blk>"]);
        let check = |tokens: &[Token], expect: &[(&str, u64, u64)]| {
            assert_eq!(shown(&words_of(tokens, &v, &utterance())), expect, "{tokens:?}");
        };
        check(&[], &[]);
        check(&[token(1, 0, 1), token(2, 2, 2)], &[("қа", 0, 120)]);
        check(&[token(1, 1, 1), token(0, 2, 3), token(2, 4, 4)], &[("қ", 40, 80), ("а", 160, 200)]);
        check(&[token(0, 0, 0), token(2, 2, 2), token(0, 3, 3), token(0, 5, 5)], &[("а", 80, 120)]);
        // The last frame is cut where the sound ends.
        check(&[token(2, 10, 10)], &[("а", 400, 420)]);
        check(&[token(3, 0, 0), token(0, 1, 1), token(2, 2, 2), token(3, 3, 3)], &[("а'", 80, 160)]);
    }

    #[test]
    fn pieces_that_begin_with_a_space_begin_a_word() {
        let v = vocabulary(&["▁да", "ла", "▁", "<blk>"]);
        let words = words_of(&[token(0, 0, 0), token(1, 1, 1), token(0, 3, 3), token(2, 4, 4)], &v, &utterance());
        assert_eq!(shown(&words), [("дала", 0, 80), ("да", 120, 160)]);
    }

    #[test]
    fn a_word_is_as_sure_as_its_letters_on_the_whole() {
        let v = vocabulary(&["▁", "қ", "а", "<blk>"]);
        let heard = words_of(&[token(1, 0, 0), token(2, 1, 1), token(0, 2, 2)], &v, &utterance());
        assert!((joined(&[], &heard)[0].confidence - (-0.25f32).exp()).abs() < 1e-6);
    }

    fn heard(text: &str, from: u64, to: u64) -> Heard {
        let span = TimeSpan::new(SampleTime::from_millis(from), SampleTime::from_millis(to));
        Heard { text: text.into(), span, log_probabilities: vec![0.0] }
    }

    fn committed(text: &str, end: u64) -> Vec<Word> {
        let span = TimeSpan::new(SampleTime::ZERO, SampleTime::from_millis(end));
        vec![Word { text: text.into(), span, confidence: 0.5 }]
    }

    /// Committed words, what was heard, and the words that come of both.
    fn check_after(committed: &[Word], heard: &[Heard], expect: &str) {
        let words = joined(committed, &after(committed, heard.to_vec()));
        assert_eq!(dostyq_speech::join_words(&words), expect, "{committed:?}");
    }

    #[test]
    fn fresh_words_go_on_where_the_committed_ones_end() {
        let all = [heard("біз", 0, 400), heard("де", 400, 800), heard("сол", 900, 1_300)];
        check_after(&[], &all, "Біз де сол");
        check_after(&committed("Бар", 400), &all, "Бар де сол");
        check_after(&committed("Бар", 600), &all, "Бар де сол");
        check_after(&committed("Бар", 601), &all, "Бар сол");
        check_after(&committed("Бар", 2_000), &all, "Бар");
        check_after(&committed("Бар", 400), &[], "Бар");
    }

    #[test]
    fn a_short_word_that_is_heard_a_frame_later_or_earlier_is_said_once() {
        let late = [heard("день", 0, 400), heard("и", 520, 560), heard("час", 640, 900)];
        check_after(&committed("И", 480), &late, "И час");
        let early = [heard("день", 0, 320), heard("и", 360, 400), heard("час", 640, 900)];
        check_after(&committed("День", 400), &early, "День и час");
        // Too far away to be the same word: it was said again.
        check_after(&committed("И", 400), &late, "И и час");
        check_after(&committed("Да", 400), &[heard("да", 320, 400), heard("да", 480, 560)], "Да да");
        check_after(&committed("Да", 560), &[heard("да", 320, 400), heard("да", 560, 640)], "Да");
    }

    #[test]
    fn only_the_first_letter_becomes_a_capital() {
        let check = |text: &str, expect: &str| assert_eq!(with_capital(text), expect);
        check("қайырлы", "Қайырлы");
        check("і", "І");
        check("'а", "'а");
        check("", "");
    }
}
