use std::fmt::Write;

use dostyq_speech::{Cue, SampleTime};

use crate::frame::framed;

/// Cues as SubRip: numbered from 1, `HH:MM:SS,mmm`, lines that end in CR LF, without a byte order mark.
///
/// SubRip has no escapes. An arrow `-->` in a text becomes `→`, since readers look for it to find the next cue;
/// anything that looks like a tag stays as it is. A cue without text is left out.
pub fn srt(cues: &[Cue]) -> String {
    let mut file = String::new();
    for (cue, number) in framed(cues).iter().zip(1..) {
        let (start, end) = (time(cue.span.start), time(cue.span.end));
        // Writing to a string cannot fail.
        let _ = write!(file, "{number}\r\n{start} --> {end}\r\n");
        for line in &cue.lines {
            file.push_str(&line.text.replace("-->", "→"));
            file.push_str("\r\n");
        }
        file.push_str("\r\n");
    }
    file
}

fn time(moment: SampleTime) -> String {
    moment.to_string().replace('.', ",")
}
