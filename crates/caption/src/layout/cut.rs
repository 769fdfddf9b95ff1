use std::ops::Range;

use dostyq_speech::{SampleTime, TimeSpan};

use super::ReadingRules;
use super::lines::{Layout, count_lines};
use super::side::{SideWord, line_width};

/// The words of one cue, as ranges of the words of both sides; one of the two may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) clock: Range<usize>,
    pub(super) other: Range<usize>,
}

// The costs of a cut, in the points that `break_cost` counts in.
/// A cue more, so that there are as few as the other costs allow.
const CUE: u64 = 100;
/// A cue ends more visibly than a line does.
const CUE_BREAK_WEIGHT: u64 = 3;
/// For each hundredth that one language is ahead of the other when a cue ends.
const AHEAD: u64 = 4;
/// A cue that shows one language while the other has words elsewhere in the segment.
const ONE_SIDED: u64 = 400;
/// A cue that is spoken for longer than it may be shown, and for each two milliseconds more.
const TOO_LONG: u64 = 500;
/// A cue that has less than the shortest time before the next one, and for each four milliseconds less.
const TOO_SHORT: u64 = 300;
/// For each ten milliseconds that reading takes longer than there is.
const TOO_FAST_MILLIS: u64 = 10;
/// A silence inside a cue that lasts `PAUSE_MILLIS`, and for each four milliseconds more.
const PAUSE: u64 = 150;
/// From here on a silence between words is heard as a pause.
const PAUSE_MILLIS: u64 = 700;

/// Hundredths that one language may be ahead of the other when a cue ends, unless a single word is longer.
const WORTH_A_LOOK: u64 = 50;

/// The search takes time and memory by the product of both word counts, so longer segments are searched in pieces.
/// Speech of half a minute, which is as long as a segment gets, is one piece.
const MAX_PIECE_WORDS: usize = 150;

/// Cuts a segment into cues that hold all of its words in order.
///
/// `clock` is the side that gives the times; `other` may be empty. `next_start` is when the next segment begins.
pub(super) fn cut(
    clock: &[SideWord],
    other: &[SideWord],
    next_start: Option<SampleTime>,
    rules: &ReadingRules,
) -> Vec<Cut> {
    let pieces = clock.len().max(other.len()).div_ceil(MAX_PIECE_WORDS);
    let piece = |words: &[SideWord], number: usize| words.len() * number / pieces..words.len() * (number + 1) / pieces;
    let mut cuts = Vec::new();
    for number in 0..pieces {
        let (clock_piece, other_piece) = (piece(clock, number), piece(other, number));
        let next_start = clock.get(clock_piece.end).map(|word| word.span.start).or(next_start);
        let search = Search::new(&clock[clock_piece.clone()], &other[other_piece.clone()], next_start, rules);
        cuts.extend(search.cuts().into_iter().map(|cut| Cut {
            clock: cut.clock.start + clock_piece.start..cut.clock.end + clock_piece.start,
            other: cut.other.start + other_piece.start..cut.other.end + other_piece.start,
        }));
    }
    cuts
}

/// When the words of a cue are spoken.
pub(super) fn span(clock: &[SideWord], other: &[SideWord]) -> TimeSpan {
    let words = if clock.is_empty() { other } else { clock };
    match (words.first(), words.last()) {
        (Some(first), Some(last)) => TimeSpan::new(first.span.start, last.span.end),
        _ => TimeSpan::default(),
    }
}

/// One piece, with what there is to know of every part of a side that one cue can hold.
struct Search<'a> {
    rules: &'a ReadingRules,
    /// By the place that a part starts at, then by its count of words.
    clock_parts: Vec<Vec<Part>>,
    other_parts: Vec<Vec<Part>>,
    clock_progress: Vec<u64>,
    other_progress: Vec<u64>,
}

struct Part {
    /// What it costs, whatever the other side shows beside it.
    cost: u64,
    /// In characters.
    width: usize,
    /// How long it can be shown before the next cue.
    room_millis: u64,
}

impl Search<'_> {
    fn new<'a>(
        clock: &[SideWord],
        other: &[SideWord],
        next_start: Option<SampleTime>,
        rules: &'a ReadingRules,
    ) -> Search<'a> {
        let mut clock_parts = parts(clock, rules);
        for (start, parts) in clock_parts.iter_mut().enumerate() {
            if start < clock.len() {
                // A cue without words of the clock has no time of its own until they are all shown.
                parts[0].room_millis = 0;
            }
            for (part, end) in parts.iter_mut().zip(start..).skip(1) {
                let next_start = clock.get(end).map(|word| word.span.start).or(next_start);
                part.add_time(&clock[start..end], next_start, rules);
            }
        }
        Search {
            rules,
            clock_parts,
            other_parts: parts(other, rules),
            clock_progress: progress(clock),
            other_progress: progress(other),
        }
    }

    /// Dynamic programming over pairs of places, one in each side: the cheapest way to show all words before a pair
    /// is the cheapest way to an earlier pair, and one cue more.
    fn cuts(&self) -> Vec<Cut> {
        let end = (self.clock_progress.len() - 1, self.other_progress.len() - 1);
        let index = |(clock, other): (usize, usize)| clock * (end.1 + 1) + other;
        let max_ahead = self.max_ahead();
        let mut best: Vec<Option<(u64, (usize, usize))>> = vec![None; index(end) + 1];
        best[0] = Some((0, (0, 0)));
        for from in (0..=end.0).flat_map(|clock| (0..=end.1).map(move |other| (clock, other))) {
            let Some((so_far, _)) = best[index(from)] else { continue };
            for (clock_end, clock) in (from.0..).zip(&self.clock_parts[from.0]) {
                for (other_end, other) in (from.1..).zip(&self.other_parts[from.1]) {
                    let to = (clock_end, other_end);
                    let ahead = self.ahead(to);
                    if to == from || ahead > max_ahead {
                        continue;
                    }
                    let cost = so_far + self.cost(clock, other) + AHEAD * ahead;
                    if best[index(to)].is_none_or(|(least, _)| cost < least) {
                        best[index(to)] = Some((cost, from));
                    }
                }
            }
        }
        let mut cuts = Vec::new();
        let mut at = end;
        while at != (0, 0) {
            // The end is always reached: see `max_ahead`.
            let Some((_, from)) = best[index(at)] else { break };
            cuts.push(Cut { clock: from.0..at.0, other: from.1..at.1 });
            at = from;
        }
        cuts.reverse();
        cuts
    }

    fn cost(&self, clock: &Part, other: &Part) -> u64 {
        let reading_millis = self.rules.reading_millis(clock.width.max(other.width));
        let too_fast = reading_millis.saturating_sub(clock.room_millis);
        CUE + clock.cost + other.cost + too_fast / TOO_FAST_MILLIS
    }

    /// How many hundredths of its text one side is ahead of the other at a pair of places.
    fn ahead(&self, (clock, other): (usize, usize)) -> u64 {
        let has_both = self.clock_progress.len() > 1 && self.other_progress.len() > 1;
        if has_both { self.clock_progress[clock].abs_diff(self.other_progress[other]) } else { 0 }
    }

    /// Pairs of places that are further apart are not worth a look. There is always a way to the end that keeps to
    /// this: whichever side is behind takes its next word, and is then ahead by that word at most.
    fn max_ahead(&self) -> u64 {
        let words = |progress: &[u64]| progress.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        WORTH_A_LOOK.max(words(&self.clock_progress)).max(words(&self.other_progress))
    }
}

impl Part {
    /// Adds what the times of its words cost. `next_start` is when the next word is spoken.
    fn add_time(&mut self, words: &[SideWord], next_start: Option<SampleTime>, rules: &ReadingRules) {
        let span = span(words, &[]);
        if let Some(next_start) = next_start {
            let until_next = SampleTime(next_start.samples_since(span.start)).as_millis();
            self.room_millis = until_next.saturating_sub(rules.gap_millis);
        }
        let step = |cost: u64, excess: u64, millis: u64| if excess > 0 { cost + excess / millis } else { 0 };
        self.cost += step(TOO_LONG, span.length_millis().saturating_sub(rules.max_millis), 2);
        self.cost += step(TOO_SHORT, rules.min_millis.saturating_sub(self.room_millis), 4);
        for pair in words.windows(2) {
            let silence = SampleTime(pair[1].span.start.samples_since(pair[0].span.end)).as_millis();
            self.cost += step(PAUSE, silence.saturating_sub(PAUSE_MILLIS), 4);
        }
    }
}

/// For each place the parts that start there and hold 0, 1, 2 … words, as far as a cue goes, with what their lines
/// cost and their ends.
fn parts(words: &[SideWord], rules: &ReadingRules) -> Vec<Vec<Part>> {
    let fits = |words: &[SideWord]| {
        // A single word makes a cue even where the rules allow no line.
        words.len() <= 1 || count_lines(words, rules.max_line_chars) <= rules.max_lines
    };
    let part = |part: &[SideWord]| {
        let cost = match part.last() {
            Some(last) => Layout::of(part, rules.max_line_chars).cost + CUE_BREAK_WEIGHT * last.break_cost,
            None if words.is_empty() => 0,
            None => ONE_SIDED,
        };
        Part { cost, width: line_width(part), room_millis: u64::MAX }
    };
    let from = |start: usize| {
        let ranges = (start..=words.len()).map(|end| &words[start..end]);
        ranges.take_while(|words| fits(words)).map(part).collect()
    };
    (0..=words.len()).map(from).collect()
}

/// How many hundredths of the characters are before each place between words.
fn progress(words: &[SideWord]) -> Vec<u64> {
    let total = line_width(words).max(1);
    (0..=words.len()).map(|end| (line_width(&words[..end]) * 100 / total) as u64).collect()
}
