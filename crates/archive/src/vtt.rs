use std::fmt::Write;

use dostyq_speech::{Cue, Lang};

use crate::frame::framed;

/// Cues as WebVTT: `HH:MM:SS.mmm`, `& < >` escaped, lines that end in LF.
///
/// Where there is more than one language, each line says which it is in (`<lang kk>`), so that a browser picks the
/// right font and a screen reader the right voice. A cue without text is left out.
pub fn vtt(cues: &[Cue]) -> String {
    let mut file = String::from("WEBVTT\n\n");
    let cues = framed(cues);
    let has = |lang| cues.iter().flat_map(|cue| &cue.lines).any(|line| line.lang == lang);
    let is_multilingual = Lang::ALL.into_iter().filter(|lang| has(*lang)).count() > 1;
    for cue in &cues {
        // Writing to a string cannot fail.
        let _ = writeln!(file, "{} --> {}", cue.span.start, cue.span.end);
        for line in &cue.lines {
            let text = line.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = match is_multilingual {
                true => writeln!(file, "<lang {}>{text}</lang>", line.lang),
                false => writeln!(file, "{text}"),
            };
        }
        file.push('\n');
    }
    file
}
