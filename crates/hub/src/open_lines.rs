//! The lines that are still being spoken: live state, of which a viewer needs the newest and nothing else.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};

use dostyq_speech::{Lang, OpenCaption, SegmentId};

use crate::encode::{Encoded, Languages};
use crate::limits::{DROPS_KEPT, OPEN_LINES};
use crate::wire::{ServerMessage, WireOpen};

/// A count of the changes of a room's open lines. A viewer remembers the one it has seen, and is sent what changed
/// since: a line that changed ten times in between goes out once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u64);

/// At most [`OPEN_LINES`] lines and [`DROPS_KEPT`] drops.
#[derive(Debug)]
pub(crate) struct OpenLines {
    /// Added to the version that is told to others, so that one of another run of the server is not taken for one of
    /// this run.
    base: u64,
    version: Version,
    lines: BTreeMap<(SegmentId, Lang), (Version, Encoded)>,
    drops: VecDeque<(Version, Encoded)>,
    /// The newest drop that is no longer in `drops`: who has not seen it cannot be brought up to date.
    forgotten: Version,
}

impl Default for OpenLines {
    fn default() -> Self {
        // A fresh hasher is seeded at random. JavaScript counts whole numbers up to 53 bits: 32 for the run, the
        // others for some hours of changes, after which a collision would cost no more than a late draft.
        let run = RandomState::new().build_hasher().finish() >> 32;
        OpenLines {
            base: run << 20,
            version: Version::default(),
            lines: BTreeMap::new(),
            drops: VecDeque::new(),
            forgotten: Version::default(),
        }
    }
}

impl OpenLines {
    /// The version as viewers are told it.
    pub(crate) fn public_version(&self) -> u64 {
        self.base + self.version.0
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// A line began, grew or changed its tail.
    pub(crate) fn put(&mut self, line: &OpenCaption, encoded: Encoded) {
        self.insert((line.segment, line.lang), encoded);
    }

    fn insert(&mut self, key: (SegmentId, Lang), encoded: Encoded) {
        let version = self.step();
        self.lines.insert(key, (version, encoded));
        while self.lines.len() > OPEN_LINES
            && let Some(&(oldest, _)) = self.lines.keys().next()
        {
            self.drop_segment(oldest);
        }
    }

    /// A line as another machine told it, perhaps again.
    pub(crate) fn put_told(&mut self, line: WireOpen) {
        let key = (line.segment, line.lang);
        let encoded = Encoded::new(&ServerMessage::Open(line));
        if self.lines.get(&key).is_none_or(|(_, held)| *held != encoded) {
            self.insert(key, encoded);
        }
    }

    /// A line became final; the event that says so also tells the viewers to take it away.
    pub(crate) fn finish(&mut self, segment: SegmentId, lang: Lang) {
        self.lines.remove(&(segment, lang));
    }

    /// A segment came to nothing.
    pub(crate) fn drop_segment(&mut self, segment: SegmentId) {
        let before = self.lines.len();
        self.lines.retain(|(held, _), _| *held != segment);
        if self.lines.len() == before {
            // No viewer has a line of it: each was told when the last one went.
            return;
        }
        let version = self.step();
        self.drops.push_back((version, Encoded::dropped(segment)));
        if self.drops.len() > DROPS_KEPT
            && let Some((version, _)) = self.drops.pop_front()
        {
            self.forgotten = version;
        }
    }

    /// Whoever spoke is gone: nothing of it will be finished.
    pub(crate) fn drop_all(&mut self) {
        while let Some(&(segment, _)) = self.lines.keys().next() {
            self.drop_segment(segment);
        }
    }

    /// What another machine tells of is all that is open: a segment of which it leaves out a line goes.
    pub(crate) fn keep_lines(&mut self, told: &BTreeSet<(SegmentId, Lang)>) {
        while let Some(&(segment, _)) = self.lines.keys().find(|line| !told.contains(line)) {
            self.drop_segment(segment);
        }
    }

    /// Every open line in these languages.
    pub(crate) fn all(&self, languages: Languages) -> Vec<Encoded> {
        let wanted = self.lines.iter().filter(|((_, lang), _)| languages.contains(*lang));
        wanted.map(|(_, (_, line))| line.clone()).collect()
    }

    /// What changed since `seen`, in the order in which it changed; None when that is no longer known.
    pub(crate) fn since(&self, seen: Version, languages: Languages) -> Option<Vec<Encoded>> {
        if seen < self.forgotten {
            return None;
        }
        let lines = self.lines.iter().filter(|((_, lang), _)| languages.contains(*lang)).map(|(_, line)| line);
        let mut changes: Vec<_> = lines.chain(&self.drops).filter(|(version, _)| *version > seen).collect();
        changes.sort_by_key(|(version, _)| *version);
        Some(changes.into_iter().map(|(_, message)| message.clone()).collect())
    }

    fn step(&mut self) -> Version {
        self.version.0 += 1;
        self.version
    }
}

#[cfg(test)]
mod tests {
    use dostyq_speech::TimeSpan;

    use super::*;

    fn line(segment: u64, lang: Lang, text: &str) -> OpenCaption {
        OpenCaption {
            segment: SegmentId(segment),
            lang,
            spoken: Lang::Russian,
            span: TimeSpan::default(),
            committed: text.into(),
            tentative: String::new(),
        }
    }

    fn put(lines: &mut OpenLines, segment: u64, lang: Lang, text: &str) {
        let line = line(segment, lang, text);
        lines.put(&line, Encoded::open(&line));
    }

    /// Segment and text of each message; a drop has no text.
    fn read(messages: Option<Vec<Encoded>>) -> Option<Vec<(u64, String)>> {
        let read = |message: Encoded| match serde_json::from_slice(message.text()).expect("a message") {
            crate::wire::ServerMessage::Open(line) => (line.segment.0, line.committed),
            crate::wire::ServerMessage::Drop { segment } => (segment.0, String::new()),
            other => panic!("{other:?} is no change of an open line"),
        };
        messages.map(|messages| messages.into_iter().map(read).collect())
    }

    fn both() -> Languages {
        Lang::ALL.into_iter().collect()
    }

    #[test]
    fn a_viewer_that_looks_late_sees_the_newest_alone() {
        let mut lines = OpenLines::default();
        put(&mut lines, 1, Lang::Russian, "а");
        let seen = lines.version();
        put(&mut lines, 1, Lang::Russian, "а б");
        put(&mut lines, 2, Lang::Kazakh, "ә");
        put(&mut lines, 1, Lang::Russian, "а б в");
        assert_eq!(read(lines.since(seen, both())), Some(vec![(2, "ә".into()), (1, "а б в".into())]));
        let kazakh = Languages::from_iter([Lang::Kazakh]);
        assert_eq!(read(lines.since(seen, kazakh)), Some(vec![(2, "ә".into())]));
        assert_eq!(read(lines.since(lines.version(), both())), Some(vec![]));
        assert_eq!(lines.all(kazakh).len(), 1);
    }

    #[test]
    fn a_drop_reaches_every_language_and_a_line_that_comes_again_follows_it() {
        let mut lines = OpenLines::default();
        put(&mut lines, 1, Lang::Russian, "а");
        put(&mut lines, 1, Lang::Kazakh, "ә");
        let seen = lines.version();
        lines.drop_segment(SegmentId(1));
        lines.drop_segment(SegmentId(1));
        assert_eq!(read(lines.since(seen, Languages::from_iter([Lang::Kazakh]))), Some(vec![(1, String::new())]));
        put(&mut lines, 1, Lang::Russian, "б");
        assert_eq!(read(lines.since(seen, both())), Some(vec![(1, String::new()), (1, "б".into())]));
        assert!(lines.all(Languages::from_iter([Lang::Kazakh])).is_empty());
    }

    #[test]
    fn a_finished_line_is_not_sent_again() {
        let mut lines = OpenLines::default();
        put(&mut lines, 1, Lang::Russian, "а");
        put(&mut lines, 1, Lang::Kazakh, "ә");
        lines.finish(SegmentId(1), Lang::Russian);
        assert_eq!(read(lines.since(Version::default(), both())), Some(vec![(1, "ә".into())]));
    }

    #[test]
    fn open_lines_are_bounded_and_the_oldest_segment_goes_first() {
        let mut lines = OpenLines::default();
        for segment in 1..=OPEN_LINES as u64 + 1 {
            put(&mut lines, segment, Lang::Russian, "а");
        }
        assert_eq!(lines.all(both()).len(), OPEN_LINES);
        let changes = read(lines.since(Version::default(), both())).expect("nothing is forgotten");
        assert_eq!(changes.last(), Some(&(1, String::new())));
        lines.drop_all();
        assert!(lines.all(both()).is_empty());
    }

    #[test]
    fn a_viewer_that_missed_a_forgotten_drop_is_told_so() {
        let mut lines = OpenLines::default();
        put(&mut lines, 1, Lang::Russian, "а");
        let seen = lines.version();
        for segment in 1..=DROPS_KEPT as u64 + 1 {
            put(&mut lines, segment, Lang::Russian, "а");
            lines.drop_segment(SegmentId(segment));
        }
        assert_eq!(lines.since(seen, both()), None);
        assert_eq!(lines.drops.len(), DROPS_KEPT);
        assert!(lines.since(lines.version(), both()).is_some());
    }
}
