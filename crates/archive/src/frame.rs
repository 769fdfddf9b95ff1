//! What SRT and WebVTT have in common: a cue is a block of lines that an empty line ends.

use dostyq_speech::{Cue, CueLine, TimeSpan};

/// A cue whose lines cannot break the frame that they are put in.
pub(crate) struct Framed {
    pub(crate) span: TimeSpan,
    /// At least one, each a single line with some text in it.
    pub(crate) lines: Vec<CueLine>,
}

/// The cues that have any text.
pub(crate) fn framed(cues: &[Cue]) -> Vec<Framed> {
    let frame = |cue: &Cue| {
        let lines = cue.lines.iter().map(|line| CueLine { lang: line.lang, text: one_line(&line.text) });
        Framed { span: cue.span, lines: lines.filter(|line| !line.text.is_empty()).collect() }
    };
    cues.iter().map(frame).filter(|cue| !cue.lines.is_empty()).collect()
}

/// The text on one line: whatever some reader of the file may take for a line break, an end or a command is a space.
fn one_line(text: &str) -> String {
    let is_space = |c: char| c.is_whitespace() || c.is_control();
    text.split(is_space).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line() {
        let check = |text, expect| assert_eq!(one_line(text), expect, "{text:?}");
        check("бір жол", "бір жол");
        check(" бір\r\n\r\n2\n00:00 ", "бір 2 00:00");
        check("а\u{2028}б\u{85}в\u{b}г\u{0}д\u{a0}е", "а б в г д е");
        check("\n", "");
    }
}
