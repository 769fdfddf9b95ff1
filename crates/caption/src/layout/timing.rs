use dostyq_speech::{Cue, CueLine, Lang, SampleTime, SegmentId, TimeSpan};

use super::ReadingRules;
use crate::text::width;

/// A cue before its time on screen is settled.
pub(super) struct Draft {
    pub(super) segment: SegmentId,
    /// When its words are spoken.
    pub(super) spoken: TimeSpan,
    pub(super) lines: Vec<CueLine>,
}

/// Gives each cue its time on screen.
///
/// A cue comes with its first word and stays until its last word is spoken and it can have been read, but makes way
/// for the next one and never stays longer than the rules say. Where there is not even the shortest time before the
/// next cue, that one comes later.
pub(super) fn place(drafts: Vec<Draft>, rules: &ReadingRules) -> Vec<Cue> {
    let samples = |millis| SampleTime::from_millis(millis).0;
    // The order of the words stands above their times: a cue that claims to be earlier than the one before is not.
    let mut latest = SampleTime::ZERO;
    let mut starts = Vec::new();
    for draft in &drafts {
        latest = latest.max(draft.spoken.start);
        starts.push(latest);
    }
    let mut free_from = SampleTime::ZERO;
    let mut cues = Vec::new();
    for (index, draft) in drafts.into_iter().enumerate() {
        let start = starts[index].max(free_from);
        let shortest = start + samples(rules.min_millis);
        let read = start + samples(reading_millis(&draft.lines, rules));
        let wanted = draft.spoken.end.max(read).min(start + samples(rules.max_millis));
        let end = match starts.get(index + 1) {
            Some(next) => wanted.min(*next - samples(rules.gap_millis)),
            None => wanted,
        };
        let span = TimeSpan::new(start, end.max(shortest));
        free_from = span.end + samples(rules.gap_millis);
        cues.push(Cue { segment: draft.segment, span, lines: draft.lines });
    }
    cues
}

/// A reader reads one of the languages: the one with more text sets the time.
fn reading_millis(lines: &[CueLine], rules: &ReadingRules) -> u64 {
    let chars = |lang: Lang| {
        lines.iter().filter(|line| line.lang == lang).map(|line| width(&line.text) + 1).sum::<usize>().saturating_sub(1)
    };
    rules.reading_millis(Lang::ALL.into_iter().map(chars).max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cues of one line each, given and expected as (start, end) in milliseconds.
    fn check(drafts: &[(&str, u64, u64)], expect: &[(u64, u64)]) {
        let draft = |&(text, start, end): &(&str, u64, u64)| Draft {
            segment: SegmentId(1),
            spoken: TimeSpan::new(SampleTime::from_millis(start), SampleTime::from_millis(end)),
            lines: vec![CueLine { lang: Lang::Russian, text: text.into() }],
        };
        let cues = place(drafts.iter().map(draft).collect(), &ReadingRules::default());
        let spans: Vec<_> = cues.iter().map(|cue| (cue.span.start.as_millis(), cue.span.end.as_millis())).collect();
        assert_eq!(spans, expect, "{drafts:?}");
    }

    #[test]
    fn a_cue_stays_until_it_can_have_been_read() {
        check(&[], &[]);
        check(&[("Да.", 1000, 3000)], &[(1000, 3000)]);
        check(&[("Да.", 1000, 1100)], &[(1000, 1834)]);
        check(&[("тридцать четыре знака в этой строке", 0, 500)], &[(0, 2059)]);
        check(&[("Да.", 1000, 20_000)], &[(1000, 8000)]);
    }

    #[test]
    fn a_cue_makes_way_for_the_next() {
        check(&[("раз", 0, 2000), ("два", 2000, 4000)], &[(0, 1920), (2000, 4000)]);
        check(&[("тридцать четыре знака в этой строке", 0, 500), ("два", 1500, 3000)], &[(0, 1420), (1500, 3000)]);
        check(&[("раз", 0, 2000), ("два", 5000, 7000)], &[(0, 2000), (5000, 7000)]);
    }

    #[test]
    fn a_cue_waits_while_the_one_before_has_its_shortest_time() {
        check(&[("раз", 0, 300), ("два", 300, 2500), ("три", 2500, 4000)], &[(0, 834), (914, 2420), (2500, 4000)]);
        check(&[("раз", 500, 900), ("два", 100, 300)], &[(500, 1334), (1414, 2248)]);
    }
}
