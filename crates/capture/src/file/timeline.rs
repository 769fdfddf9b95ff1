/// A jump of the time stamps up to this long is rounding, in milliseconds: containers stamp in ticks of 1/1000 s or
/// coarser, decoders count samples.
const ROUNDING_MILLIS: u32 = 5;

/// A jump longer than this is a broken time stamp rather than missing sound, in seconds. Silence is not invented
/// for it.
const LONGEST_FILL_SECS: u32 = 120;

/// What to do with a decoded block: `silence` before it, then `keep` samples of it after `skip`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lay {
    pub(super) silence: u64,
    pub(super) skip: usize,
    pub(super) keep: usize,
}

/// Where the blocks of a recording lie, in samples of the recording's own rate.
///
/// Every block is laid at its time stamp. So the encoder's delay falls before the origin and is cut off, a packet
/// that is damaged leaves silence of its own length, and what follows it keeps its time. Sound itself is never
/// dropped for the sake of a time stamp: a stamp that goes backwards or jumps absurdly far is not believed.
#[derive(Debug)]
pub(super) struct Timeline {
    /// Where the next sample lies by the container's stamps; before the first sound, the origin.
    next: i64,
    /// The first sample after the recording, where the container says it.
    end: i64,
    /// What is added to the stamps since one of them was not believed.
    offset: i64,
    /// Whether a block has been laid.
    begun: bool,
    /// The end of the latest block, decoded or not.
    latest: i64,
    rounding: i64,
    longest_fill: i64,
}

impl Timeline {
    /// A recording whose sound begins at the stamp `origin` and ends before `end`.
    pub(super) fn new(origin: i64, end: Option<i64>, rate: u32) -> Timeline {
        Timeline {
            next: origin,
            end: end.unwrap_or(i64::MAX),
            offset: 0,
            begun: false,
            latest: origin,
            rounding: i64::from(rate * ROUNDING_MILLIS / 1000),
            longest_fill: i64::from(rate) * i64::from(LONGEST_FILL_SECS),
        }
    }

    /// A block of `samples` stamped `stamp`, of which the first `trim_start` and the last `trim_end` are the
    /// encoder's. A block that could not be decoded has no samples and a `length` all the same.
    pub(super) fn lay(&mut self, stamp: i64, samples: usize, length: u64, trim_start: u64, trim_end: u64) -> Lay {
        let stamp = stamp.saturating_add(self.offset);
        // What came short at the end of a file that was cut off is not owed; what could not be decoded is.
        let length = if samples == 0 { length } else { samples as u64 };
        self.latest = stamp.saturating_add_unsigned(length.saturating_sub(trim_end)).min(self.end);
        let valid_start = stamp.saturating_add_unsigned(trim_start);
        let valid_end = stamp.saturating_add_unsigned(samples as u64).saturating_sub_unsigned(trim_end).min(self.end);
        // Before the first sound the origin cuts; after it, only the recording's end does.
        let start = if self.begun { valid_start } else { valid_start.max(self.next) };
        if start >= valid_end {
            return Lay::default();
        }
        let jump = start.saturating_sub(self.next);
        let silence = if self.begun && jump.unsigned_abs() <= self.rounding.unsigned_abs() {
            0
        } else if (0..=self.longest_fill).contains(&jump) {
            jump
        } else {
            self.offset = self.offset.saturating_sub(jump);
            self.latest = self.latest.saturating_sub(jump);
            0
        };
        let (skip, keep) = (start - stamp, valid_end - start);
        self.begun = true;
        self.next = self.next.saturating_add(silence).saturating_add(keep);
        Lay { silence: silence as u64, skip: skip as usize, keep: keep as usize }
    }

    /// The silence that is owed at the end for blocks that could not be decoded.
    pub(super) fn finish(&self) -> u64 {
        let owed = self.latest.saturating_sub(self.next);
        if self.begun && owed > self.rounding && owed <= self.longest_fill { owed as u64 } else { 0 }
    }

    /// Where the next sample lies.
    pub(super) fn reached(&self) -> i64 {
        self.next
    }

    /// Whether any sound was laid.
    pub(super) fn begun(&self) -> bool {
        self.begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block: stamp, samples decoded, length, trims.
    type Block = (i64, usize, u64, u64, u64);

    const RATE: u32 = 1_000;

    /// Lays the blocks and writes what comes out as `silence+kept samples`, with `+N` for the silence at the end.
    fn check(origin: i64, end: Option<i64>, blocks: &[Block], expect: &str) {
        let mut timeline = Timeline::new(origin, end, RATE);
        let mut laid: Vec<String> = Vec::new();
        for &(stamp, samples, length, trim_start, trim_end) in blocks {
            let lay = timeline.lay(stamp, samples, length, trim_start, trim_end);
            assert!(lay.skip + lay.keep <= samples, "{lay:?} reaches beyond the {samples} samples of its block");
            laid.push(format!("{}+{}..{}", lay.silence, lay.skip, lay.skip + lay.keep));
        }
        laid.push(format!("{}", timeline.finish()));
        assert_eq!(laid.join(" "), expect, "{blocks:?} from {origin} to {end:?}");
    }

    #[test]
    fn whole_blocks_follow_one_another() {
        check(0, None, &[(0, 100, 100, 0, 0), (100, 100, 100, 0, 0)], "0+0..100 0+0..100 0");
    }

    #[test]
    fn the_encoders_delay_is_cut_off() {
        // As MP3 and Vorbis say it: by trims on the blocks.
        check(0, None, &[(-30, 100, 100, 30, 0), (70, 100, 100, 0, 40)], "0+30..100 0+0..60 0");
        // As Opus and MP4 say it: by an origin, here in the second block, and an end.
        check(
            130,
            Some(250),
            &[(0, 100, 100, 0, 0), (100, 100, 100, 0, 0), (200, 100, 100, 0, 0)],
            "0+0..0 0+30..100 0+0..50 0",
        );
        // A movie whose sound begins later.
        check(-50, None, &[(0, 100, 100, 0, 0)], "50+0..100 0");
    }

    #[test]
    fn what_could_not_be_decoded_is_silence() {
        let lost = (100, 0, 100, 0, 0);
        check(0, None, &[(0, 100, 100, 0, 0), lost, (200, 100, 100, 0, 0)], "0+0..100 0+0..0 100+0..100 0");
        check(0, None, &[(0, 100, 100, 0, 0), lost], "0+0..100 0+0..0 100");
        check(0, None, &[(0, 100, 100, 0, 0), (100, 40, 100, 0, 0)], "0+0..100 0+0..40 0");
        check(0, None, &[(0, 0, 100, 0, 0), lost], "0+0..0 0+0..0 0");
    }

    #[test]
    fn coarse_stamps_are_not_gaps() {
        check(
            0,
            None,
            &[(0, 100, 100, 0, 0), (102, 100, 100, 0, 0), (199, 100, 100, 0, 0)],
            "0+0..100 0+0..100 0+0..100 0",
        );
    }

    #[test]
    fn broken_stamps_lose_no_sound_and_invent_none() {
        // Back to the start in the middle.
        check(
            0,
            None,
            &[(500, 100, 100, 0, 0), (0, 100, 100, 0, 0), (100, 100, 100, 0, 0)],
            "500+0..100 0+0..100 0+0..100 0",
        );
        // An hour ahead, and on from there.
        check(
            0,
            None,
            &[(0, 100, 100, 0, 0), (3_600_000, 100, 100, 0, 0), (3_600_200, 100, 100, 0, 0)],
            "0+0..100 0+0..100 100+0..100 0",
        );
        check(0, None, &[(i64::MAX, 100, 100, 0, 0), (i64::MIN, 100, 100, 0, 0)], "0+0..0 0+0..0 0");
    }
}
