use std::iter;

use dostyq_speech::{Caption, Lang, SampleTime, TimeSpan};

use super::ReadingRules;
use super::breaks::break_cost;
use crate::text::width;

/// One language of a segment, measured.
pub(super) struct Side {
    pub(super) lang: Lang,
    pub(super) words: Vec<SideWord>,
}

pub(super) struct SideWord {
    pub(super) text: String,
    /// In characters.
    pub(super) width: usize,
    /// When it is spoken, or would be.
    pub(super) span: TimeSpan,
    /// What a break after it costs; nothing after the last one.
    pub(super) break_cost: u64,
}

impl Side {
    /// The words of a caption with their times; `next_start` is when the next segment begins.
    ///
    /// The text is what counts. Where the timed words do not spell it (a translation, a correction by hand), its
    /// words are spread by their lengths: over the span of the speech, and over the silence after it as far as
    /// reading takes longer than the speech did.
    pub(super) fn of(caption: &Caption, next_start: Option<SampleTime>, rules: &ReadingRules) -> Side {
        let is_spelt = caption.text.split_whitespace().eq(caption.words.iter().map(|word| word.text.as_str()));
        let words = if is_spelt {
            spoken(caption)
        } else {
            let TimeSpan { start, end } = caption.span;
            let reading = rules.reading_millis(width(&caption.text));
            let read = start + SampleTime::from_millis(reading).0;
            let silence_end = next_start.map_or(read, |next| next - SampleTime::from_millis(rules.gap_millis).0);
            measure(&caption.text, caption.lang, TimeSpan::new(start, end.max(read.min(silence_end))))
        };
        Side { lang: caption.lang, words }
    }
}

/// The timed words of a caption, each starting no earlier than the one before.
fn spoken(caption: &Caption) -> Vec<SideWord> {
    let mut words = measure(&caption.text, caption.lang, caption.span);
    let mut earliest = SampleTime::ZERO;
    for (word, timed) in words.iter_mut().zip(&caption.words) {
        earliest = earliest.max(timed.span.start);
        word.span = TimeSpan::new(earliest, timed.span.end);
    }
    words
}

/// The words of a text, spread over a span by their lengths.
pub(super) fn measure(text: &str, lang: Lang, span: TimeSpan) -> Vec<SideWord> {
    let texts: Vec<&str> = text.split_whitespace().collect();
    // Each word takes the time of its letters and of the space after it.
    let total: u64 = texts.iter().map(|text| width(text) as u64 + 1).sum();
    let moment = |before: u64| {
        let part = u128::from(span.length()) * u128::from(before) / u128::from(total.max(1));
        // A part of a length that is 64 bits long.
        span.start + u64::try_from(part).unwrap_or(u64::MAX)
    };
    let mut before = 0;
    let nexts = texts.iter().skip(1).map(Some).chain(iter::once(None));
    let words = texts.iter().zip(nexts).map(|(text, next)| {
        let width = width(text);
        let start = moment(before);
        before += width as u64 + 1;
        SideWord {
            text: (*text).to_owned(),
            width,
            span: TimeSpan::new(start, moment(before)),
            break_cost: next.map_or(0, |next| break_cost(text, next, lang)),
        }
    });
    words.collect()
}

/// How wide words are in one line, the spaces between them included.
pub(super) fn line_width(words: &[SideWord]) -> usize {
    words.iter().map(|word| word.width).sum::<usize>() + words.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dostyq_speech::{Author, SegmentId, Word};

    fn span(start: u64, end: u64) -> TimeSpan {
        TimeSpan::new(SampleTime(start), SampleTime(end))
    }

    /// The times that a text gets which was spoken from 16 000 to 32 000, that is for a second from the first on.
    fn check(text: &str, words: &[(&str, u64, u64)], next_start: Option<u64>, expect: &[(u64, u64)]) {
        let word = |&(text, start, end): &(&str, u64, u64)| Word {
            text: text.into(),
            span: span(start, end),
            confidence: 1.0,
        };
        let caption = Caption {
            segment: SegmentId(1),
            revision: 0,
            lang: Lang::Russian,
            spoken: Lang::Russian,
            lang_confidence: 1.0,
            span: span(16_000, 32_000),
            text: text.into(),
            words: words.iter().map(word).collect(),
            author: Author::Machine,
        };
        let side = Side::of(&caption, next_start.map(SampleTime), &ReadingRules::default());
        let times: Vec<_> = side.words.iter().map(|word| (word.span.start.0, word.span.end.0)).collect();
        assert_eq!(times, expect, "{text}");
    }

    #[test]
    fn times_are_those_of_the_words_where_they_spell_the_text() {
        let words = [("да", 16_000, 17_000), ("нет", 30_000, 32_000)];
        check("да нет", &words, None, &[(16_000, 17_000), (30_000, 32_000)]);
        check("да  нет\n", &words, None, &[(16_000, 17_000), (30_000, 32_000)]);
        // Times that run backwards are made to stand still.
        let backwards = [("да", 30_000, 31_000), ("нет", 16_000, 17_000)];
        check("да нет", &backwards, None, &[(30_000, 31_000), (30_000, 30_000)]);
    }

    #[test]
    fn other_words_are_spread_by_their_lengths() {
        // 3 of 8 characters, then 5 of 8.
        check("да нету", &[], None, &[(16_000, 22_000), (22_000, 32_000)]);
        check("да нету", &[("да", 16_000, 17_000)], None, &[(16_000, 22_000), (22_000, 32_000)]);
        // 34 characters take two seconds to read, if silence gives them so much.
        let (long, short) = ("превысокомногорассмотрительный", "или");
        let text = format!("{long} {short}");
        check(&text, &[], None, &[(16_000, 16_000 + 28_342), (16_000 + 28_342, 48_000)]);
        check(&text, &[], Some(41_280), &[(16_000, 16_000 + 21_257), (16_000 + 21_257, 40_000)]);
        check(&text, &[], Some(20_000), &[(16_000, 16_000 + 14_171), (16_000 + 14_171, 32_000)]);
    }
}
