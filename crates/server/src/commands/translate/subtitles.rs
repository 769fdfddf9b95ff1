use dostyq_caption::break_lines;
use dostyq_speech::Lang;
use dostyq_translate::split_sentences;

use super::input::clean;
use super::share::share_out;
use super::srt::Cue;

/// Characters in a line.
const MAX_LINE_CHARS: usize = 42;
/// Lines in a cue; only a text that is too long for its cue has more.
pub(super) const MAX_LINES: usize = 2;
/// What a cue can show.
const MAX_CUE_CHARS: usize = MAX_LINE_CHARS * MAX_LINES;
/// A sentence without an end is cut after so many cues.
const MAX_CUES_A_SENTENCE: usize = 8;
/// A silence between cues that ends a sentence, milliseconds.
const PAUSE_MILLIS: u64 = 2_000;
/// A text of more words is broken into lines without looking for the best places.
const MAX_LAID_OUT_WORDS: usize = 60;

/// The lines of each cue in the other language. A sentence that goes over several cues is translated whole, and its
/// translation shared out over them by the length of what they had.
pub(super) fn translate(
    cues: &[Cue],
    to: Lang,
    machine: &mut dyn FnMut(&str) -> anyhow::Result<String>,
) -> anyhow::Result<Vec<Vec<String>>> {
    let (looks, mut pieces): (Vec<Look>, Vec<Piece>) = take_apart(cues);
    let breaks = passages(&pieces, cues);
    for passage in breaks.windows(2) {
        translate_passage(&mut pieces[passage[0]..passage[1]], machine)?;
    }
    let mut lines = vec![Vec::new(); cues.len()];
    for piece in &pieces {
        lines[piece.cue].extend(piece.lines(to));
    }
    Ok(lines.into_iter().zip(&looks).map(|(lines, look)| look.dress(lines)).collect())
}

/// What one speaker says in a cue.
struct Piece {
    cue: usize,
    /// The dash before another speaker's words, as it was written.
    dash: Option<char>,
    text: String,
    translation: String,
}

impl Piece {
    fn lines(&self, to: Lang) -> Vec<String> {
        let dash = self.dash.map_or(String::new(), |dash| format!("{dash} "));
        if self.translation.is_empty() {
            return Vec::new();
        }
        lay_out(&format!("{dash}{}", self.translation), to)
    }
}

fn lay_out(text: &str, lang: Lang) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() <= MAX_LAID_OUT_WORDS {
        return break_lines(text, lang, MAX_LINE_CHARS);
    }
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= MAX_LINE_CHARS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// How a cue is set, which is not text.
#[derive(Default)]
struct Look {
    /// A position such as `{\an8}`.
    position: String,
    is_italic: bool,
}

impl Look {
    fn dress(&self, mut lines: Vec<String>) -> Vec<String> {
        if let (Some(first), true) = (lines.first_mut(), self.is_italic) {
            first.insert_str(0, "<i>");
        }
        if let Some(first) = lines.first_mut() {
            first.insert_str(0, &self.position);
        }
        if let (Some(last), true) = (lines.last_mut(), self.is_italic) {
            last.push_str("</i>");
        }
        lines
    }
}

fn take_apart(cues: &[Cue]) -> (Vec<Look>, Vec<Piece>) {
    let (mut looks, mut pieces) = (Vec::new(), Vec::new());
    for (cue, lines) in cues.iter().map(|cue| &cue.lines).enumerate() {
        let whole = lines.join("\n");
        let unplaced = whole.trim_start();
        let position = if unplaced.starts_with("{\\") { unplaced.find('}').map_or(0, |end| end + 1) } else { 0 };
        let (position, text) = unplaced.split_at(position);
        let is_italic = text.trim().starts_with("<i>") && text.trim().ends_with("</i>");
        looks.push(Look { position: position.to_owned(), is_italic });
        for line in without_tags(text).lines().map(clean).filter(|line| !line.is_empty()) {
            let words = line.trim_start_matches(['-', '–', '—']).trim_start();
            // «-5» is a number.
            let is_speaker = words.len() < line.len() && !words.starts_with(|c: char| c.is_ascii_digit());
            let dash = line.chars().next().filter(|_| is_speaker);
            let text = if is_speaker { words } else { &line };
            match pieces.last_mut() {
                Some(Piece { cue: before, text: so_far, .. }) if *before == cue && dash.is_none() => {
                    so_far.push(' ');
                    so_far.push_str(text);
                }
                _ => pieces.push(Piece { cue, dash, text: text.to_owned(), translation: String::new() }),
            }
        }
    }
    (looks, pieces)
}

/// The text without the few tags of SubRip and without `{\…}`; other angle brackets are text.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '{']) {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let name = tag[1..].trim_start_matches('/');
        let name = &name[..name.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(name.len())];
        let is_known = ["i", "b", "u", "s", "font"].iter().any(|known| name.eq_ignore_ascii_case(known));
        let end = match tag.as_bytes()[0] {
            b'<' if is_known => tag.find('>'),
            b'{' if tag[1..].starts_with('\\') => tag.find('}'),
            _ => None,
        };
        let end = end.unwrap_or_else(|| {
            out.push_str(&tag[..1]);
            0
        });
        rest = &tag[end + 1..];
    }
    out + rest
}

/// Where a sentence cannot go on: the places of the first pieces, and the end.
fn passages(pieces: &[Piece], cues: &[Cue]) -> Vec<usize> {
    let begins = |at: usize| {
        let Some(before) = at.checked_sub(1).map(|before| &pieces[before]) else { return true };
        let pause = cues[pieces[at].cue].start_millis.saturating_sub(cues[before.cue].end_millis);
        pieces[at].dash.is_some() || before.cue != pieces[at].cue && pause >= PAUSE_MILLIS
    };
    (0..pieces.len()).filter(|at| begins(*at)).chain([pieces.len()]).collect()
}

fn translate_passage(
    pieces: &mut [Piece],
    machine: &mut dyn FnMut(&str) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    let mut text = String::new();
    let mut ends = Vec::new();
    for piece in pieces.iter() {
        text.push_str(&piece.text);
        ends.push(text.len());
        text.push(' ');
    }
    let mut from = 0;
    for sentence in split_sentences(&text) {
        // Sentences follow one another, so the first place is the right one.
        let start = from + text[from..].find(sentence).unwrap_or(0);
        from = start + sentence.len();
        let mut shares: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
        for (place, end) in ends.iter().enumerate() {
            let begin = if place == 0 { 0 } else { ends[place - 1] };
            let shared = begin.max(start)..(*end).min(from);
            if shared.start < shared.end && !text[shared.clone()].trim().is_empty() {
                shares.push((place, shared));
            }
        }
        for shares in shares.chunks(MAX_CUES_A_SENTENCE) {
            let Some(((_, first), (_, last))) = shares.first().zip(shares.last()) else { continue };
            let translation = machine(text[first.start..last.end].trim())?;
            let weights: Vec<usize> =
                shares.iter().map(|(_, range)| text[range.clone()].trim().chars().count()).collect();
            for (part, (place, _)) in share_out(&translation, &weights, MAX_CUE_CHARS).iter().zip(shares) {
                let so_far = &mut pieces[*place].translation;
                if !so_far.is_empty() && !part.is_empty() {
                    so_far.push(' ');
                }
                so_far.push_str(part);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::srt;
    use super::*;

    /// Cues of a second each, one after the other; a text `+` is a pause of two seconds.
    fn cues(texts: &[&str]) -> Vec<Cue> {
        let mut file = String::new();
        let mut second = 0;
        for text in texts {
            if *text == "+" {
                second += 2;
                continue;
            }
            file.push_str(&format!("1\n00:00:{second:02},000 --> 00:00:{:02},000\n{text}\n\n", second + 1));
            second += 1;
        }
        srt::parse(&file).expect("SubRip").cues
    }

    /// The machine writes in capitals and is told apart by brackets around each text it gets.
    fn check(texts: &[&str], expect: &[&str]) {
        let mut machine = |text: &str| Ok(format!("[{}]", text.to_uppercase()));
        let lines = translate(&cues(texts), Lang::Russian, &mut machine).expect("scripted");
        assert_eq!(lines.iter().map(|lines| lines.join("|")).collect::<Vec<_>>(), expect, "{texts:?}");
    }

    #[test]
    fn a_sentence_is_translated_whole_and_shared_out_again() {
        check(&["бір екі", "үш төрт."], &["[БІР ЕКІ", "ҮШ ТӨРТ.]"]);
        check(&["Бір. Екі", "үш. Төрт."], &["[БІР.] [ЕКІ", "ҮШ.] [ТӨРТ.]"]);
        check(&["бір", "екі", "үш"], &["[БІР", "ЕКІ", "ҮШ]"]);
        check(&["Бір?\nИә!"], &["[БІР?] [ИӘ!]"]);
    }

    #[test]
    fn pauses_and_speakers_end_a_sentence() {
        check(&["бір екі", "+", "үш төрт."], &["[БІР ЕКІ]", "[ҮШ ТӨРТ.]"]);
        check(&["- Бір\n- Екі", "үш"], &["- [БІР]|- [ЕКІ", "ҮШ]"]);
        check(&["-5 градус\n-10 градус"], &["[-5 ГРАДУС -10 ГРАДУС]"]);
        check(&["а"; 10], &["[А", "А", "А", "А", "А", "А", "А", "А]", "[А", "А]"]);
    }

    #[test]
    fn what_is_no_text_is_kept_apart() {
        check(&["<i>бір</i>"], &["<i>[БІР]</i>"]);
        check(&["{\\an8}<i>бір</i> <b>екі</b>"], &["{\\an8}[БІР ЕКІ]"]);
        check(&["{\\an8}<font color=\"red\">бір</font>"], &["{\\an8}[БІР]"]);
        check(&["2 < 3 {а} <i"], &["[2 < 3 {А} <I]"]);
        check(&[""], &[""]);
        check(&["а\u{0}\u{7}б 🙂"], &["[А Б 🙂]"]);
        check(&["-"], &[""]);
    }

    #[test]
    fn lines_are_short() {
        let word = "сөздер";
        let text = [word; 11].join(" ");
        let mut machine = |text: &str| Ok(text.to_owned());
        let lines = translate(&cues(&[&text]), Lang::Kazakh, &mut machine).expect("scripted");
        assert_eq!(lines[0].len(), 2);
        let long = [word; 5_000].join(" ");
        let lines = translate(&cues(&[&long, "бір"]), Lang::Kazakh, &mut machine).expect("scripted");
        let words = lines.iter().flatten().flat_map(|line| line.split(' ')).count();
        assert_eq!(words, 5_001, "no word is lost");
        assert!(lines.iter().flatten().all(|line| line.chars().count() <= MAX_LINE_CHARS));
    }

    #[test]
    fn an_error_of_the_machine_is_the_answer() {
        let mut machine = |_: &str| Err(anyhow::anyhow!("no"));
        assert!(translate(&cues(&["бір"]), Lang::Russian, &mut machine).is_err());
    }
}
