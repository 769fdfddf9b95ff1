//! Captions become cues: cut where a reader pauses, broken into lines, timed so that each can be read.

mod breaks;
mod cut;
mod lines;
mod side;
mod timing;

use std::collections::BTreeMap;

use dostyq_speech::{Caption, Cue, CueLine, Lang, SegmentId};

use lines::Layout;
pub use lines::break_lines;
use side::{Side, SideWord};
use timing::Draft;

use crate::text::tidy;

/// What makes a cue readable. The defaults are those of Netflix's Timed Text Style Guide for Russian; Kazakh has no
/// guide and takes the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadingRules {
    /// Characters in a line, spaces included: 39. A single longer word has a line of its own.
    pub max_line_chars: usize,
    /// Lines of one language in a cue, at least 1: 2. A bilingual cue has up to twice as many.
    pub max_lines: usize,
    /// How fast one can read, characters a second, at least 1: 17. A cue stays on screen that long where silence
    /// follows it; where speech follows, it cannot.
    pub max_chars_per_sec: u32,
    /// The shortest a cue is on screen, milliseconds: 834, which is 5/6 s. At most `max_millis`.
    pub min_millis: u64,
    /// The longest, milliseconds: 7000.
    pub max_millis: u64,
    /// Between one cue and the next, milliseconds: 80, which is two frames of 25 a second.
    pub gap_millis: u64,
}

impl Default for ReadingRules {
    fn default() -> Self {
        ReadingRules {
            max_line_chars: 39,
            max_lines: 2,
            max_chars_per_sec: 17,
            min_millis: 834,
            max_millis: 7000,
            gap_millis: 80,
        }
    }
}

impl ReadingRules {
    /// How long reading takes, rounded up.
    fn reading_millis(&self, chars: usize) -> u64 {
        (chars as u64 * 1000).div_ceil(u64::from(self.max_chars_per_sec.max(1)))
    }
}

/// The captions of one language as cues, in the order of the segments.
///
/// Of several captions of one segment and language only the one with the highest revision counts. Every word comes
/// back once and in order. Cues follow each other with the gap of the rules, each for as long as the rules say;
/// a cue starts with its first word, or later when the one before it needs its shortest time.
pub fn reflow_one(captions: &[Caption], lang: Lang, rules: &ReadingRules) -> Vec<Cue> {
    reflow(captions, &[lang], rules)
}

/// The captions of both languages in shared cues, Kazakh lines above Russian ones; otherwise as [`reflow_one`].
///
/// A long segment is cut in both languages at once, at clauses that correspond, judged by how far through the
/// text they are. The times come from the language that was spoken. A segment without its translation stands alone.
pub fn reflow_bilingual(captions: &[Caption], rules: &ReadingRules) -> Vec<Cue> {
    reflow(captions, &Lang::ALL, rules)
}

fn reflow(captions: &[Caption], langs: &[Lang], rules: &ReadingRules) -> Vec<Cue> {
    let segments = newest_by_segment(captions, langs);
    let mut drafts = Vec::new();
    for (index, captions) in segments.iter().enumerate() {
        let next_start = segments.get(index + 1).map(|next| next[0].span.start);
        let sides: Vec<Side> = captions.iter().map(|caption| Side::of(caption, next_start, rules)).collect();
        let (clock, other) = (&sides[0], sides.get(1));
        let other_words = other.map_or(&[][..], |other| &other.words);
        for cut in cut::cut(&clock.words, other_words, next_start, rules) {
            let (clock_words, other_words) = (&clock.words[cut.clock], &other_words[cut.other]);
            let mut lines = lines_of(clock_words, clock.lang, rules);
            if let Some(other) = other {
                lines.extend(lines_of(other_words, other.lang, rules));
            }
            lines.sort_by_key(|line| Lang::ALL.iter().position(|lang| *lang == line.lang));
            let spoken = cut::span(clock_words, other_words);
            drafts.push(Draft { segment: captions[0].segment, spoken, lines });
        }
    }
    timing::place(drafts, rules)
}

fn lines_of(words: &[SideWord], lang: Lang, rules: &ReadingRules) -> Vec<CueLine> {
    let texts = Layout::of(words, rules.max_line_chars).texts(words);
    texts.into_iter().map(|text| CueLine { lang, text }).collect()
}

/// The newest captions of each segment that has any text, in the order of the segments, the spoken one first.
fn newest_by_segment<'a>(captions: &'a [Caption], langs: &[Lang]) -> Vec<Vec<&'a Caption>> {
    let mut newest: BTreeMap<SegmentId, BTreeMap<Lang, &Caption>> = BTreeMap::new();
    for caption in captions.iter().filter(|caption| langs.contains(&caption.lang)) {
        let kept = newest.entry(caption.segment).or_default().entry(caption.lang).or_insert(caption);
        if caption.revision >= kept.revision {
            *kept = caption;
        }
    }
    let segments = newest.into_values().map(|captions| {
        // A correction to nothing takes the line back.
        let mut captions: Vec<_> = captions.into_values().filter(|caption| !tidy(&caption.text).is_empty()).collect();
        captions.sort_by_key(|caption| caption.is_translation());
        captions
    });
    segments.filter(|captions| !captions.is_empty()).collect()
}
