use dostyq_speech::{AudioFrame, Level, SampleTime};

/// A peak from here on may have been cut off by the converter before it reached us, in dBFS.
pub const CLIPPING_DBFS: f32 = -1.0;

/// How long the clipping alarm stays after the last such peak, in milliseconds of sound: long enough to be seen.
pub const CLIPPING_HOLD_MILLIS: u64 = 2_000;

/// An RMS below this is no speech near a microphone, in dBFS.
pub const NO_SOUND_DBFS: f32 = -50.0;

/// How long it is quiet before the no-sound alarm, in milliseconds of sound: longer than a speaker's pause.
pub const NO_SOUND_MILLIS: u64 = 10_000;

/// What a meter shows after a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// How loud the frame was.
    pub level: Level,
    /// A peak reached [`CLIPPING_DBFS`] within the last [`CLIPPING_HOLD_MILLIS`]: turn the gain down.
    pub is_clipping: bool,
    /// Nothing has reached [`NO_SOUND_DBFS`] for [`NO_SOUND_MILLIS`]: a wrong channel, a muted or dead microphone.
    pub is_silent: bool,
}

/// Watches the level of a source. Pure: its only clock is that of the frames.
#[derive(Debug, Default)]
pub struct Meter {
    /// The end of the last frame that clipped.
    clipped: Option<SampleTime>,
    /// The start of the first quiet frame since the last loud one.
    quiet_since: Option<SampleTime>,
}

impl Meter {
    /// A meter that has heard nothing.
    pub fn new() -> Meter {
        Meter::default()
    }

    /// Hears the next frame.
    pub fn push(&mut self, frame: &AudioFrame) -> Reading {
        let level = Level::of(&frame.samples);
        let now = frame.span().end;
        if level.peak_dbfs >= CLIPPING_DBFS {
            self.clipped = Some(now);
        }
        if level.rms_dbfs >= NO_SOUND_DBFS {
            self.quiet_since = None;
        } else {
            self.quiet_since.get_or_insert(frame.start);
        }
        let has_passed = |since: SampleTime, millis| now.samples_since(since) >= SampleTime::from_millis(millis).0;
        Reading {
            level,
            is_clipping: self.clipped.is_some_and(|clipped| !has_passed(clipped, CLIPPING_HOLD_MILLIS)),
            is_silent: self.quiet_since.is_some_and(|since| has_passed(since, NO_SOUND_MILLIS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays stretches of (milliseconds, amplitude) from `start` and writes the alarms as they change: `C` and `S`
    /// for clipping and silence, `.` for none, with the moment in milliseconds after the start.
    fn check(stretches: &[(u64, f32)], expect: &str) {
        for start in [0, 123_456] {
            let (mut meter, mut now) = (Meter::new(), SampleTime(start));
            let (mut seen, mut said) = ((false, false), Vec::new());
            for &(millis, amplitude) in stretches {
                for _ in 0..millis / 32 {
                    let frame = AudioFrame { start: now, samples: vec![amplitude; 512] };
                    now = frame.span().end;
                    let reading = meter.push(&frame);
                    let alarms = (reading.is_clipping, reading.is_silent);
                    if alarms != seen {
                        let name = match alarms {
                            (true, true) => "CS",
                            (true, false) => "C",
                            (false, true) => "S",
                            (false, false) => ".",
                        };
                        said.push(format!("{name}{}", now.samples_since(SampleTime(start)) / 16));
                        seen = alarms;
                    }
                }
            }
            assert_eq!(said.join(" "), expect, "{stretches:?}");
        }
    }

    #[test]
    fn clipping_is_held_long_enough_to_be_seen() {
        check(&[(1_600, 0.88)], "");
        check(&[(320, 0.5), (32, 0.9), (3_200, 0.5)], "C352 .2368");
        check(&[(32, -1.0), (1_600, 0.5), (32, 0.9), (3_200, 0.5)], "C32 .3680");
    }

    #[test]
    fn silence_is_told_after_ten_seconds_and_ends_at_once() {
        check(&[(9_984, 0.003)], "");
        check(&[(12_800, 0.003), (320, 0.004)], "S10016 .12832");
        check(&[(9_600, 0.0), (32, 0.1), (9_600, 0.0)], "");
        check(&[(16_000, 0.0), (32, 1.0), (12_800, 0.0)], "S10016 C16032 .18048 S26048");
    }

    #[test]
    fn the_reading_carries_the_level_of_the_frame() {
        let frame = AudioFrame { start: SampleTime::ZERO, samples: vec![0.1; 512] };
        assert_eq!(Meter::new().push(&frame).level, Level::of(&frame.samples));
    }
}
