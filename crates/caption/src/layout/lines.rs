use dostyq_speech::{Lang, TimeSpan};

use super::side::{SideWord, line_width, measure};

/// A text in as few lines of at most `max_chars` characters as hold it, of even lengths, broken where it reads well:
/// after punctuation, before conjunctions, never between a preposition and its noun if that can be helped.
///
/// A single word that is longer stands on a line of its own; words are never cut.
pub fn break_lines(text: &str, lang: Lang, max_chars: usize) -> Vec<String> {
    let words = measure(text, lang, TimeSpan::default());
    Layout::of(&words, max_chars).texts(&words)
}

/// The best lines for some words.
pub(super) struct Layout {
    /// What the breaks cost the reader, with the unevenness of the lines.
    pub(super) cost: u64,
    /// For each line the number of words up to its end.
    ends: Vec<usize>,
}

impl Layout {
    /// Dynamic programming over the breaks: the best way to put the first `end` words on a number of lines is the
    /// best way to put fewer words on one line less, and one line more.
    pub(super) fn of(words: &[SideWord], max_chars: usize) -> Layout {
        let line_count = count_lines(words, max_chars);
        let even = line_width(words) / line_count.max(1);
        // best[end]: the cheapest lines so far that hold the first `end` words.
        let mut best: Vec<Option<(u64, Vec<usize>)>> = vec![None; words.len() + 1];
        best[0] = Some((0, Vec::new()));
        for _ in 0..line_count {
            let mut next: Vec<Option<(u64, Vec<usize>)>> = vec![None; words.len() + 1];
            for (start, so_far) in best.iter().enumerate() {
                let Some((cost, ends)) = so_far else { continue };
                for end in start + 1..=words.len() {
                    let line = &words[start..end];
                    if !fits(line, max_chars) {
                        break;
                    }
                    let break_cost = if end < words.len() { line[line.len() - 1].break_cost } else { 0 };
                    let cost = cost + break_cost + line_width(line).abs_diff(even) as u64;
                    if next[end].as_ref().is_none_or(|(least, _)| cost < *least) {
                        next[end] = Some((cost, ends.iter().copied().chain([end]).collect()));
                    }
                }
            }
            best = next;
        }
        // As many lines as a greedy break needs always hold the words.
        let (cost, ends) = best.pop().flatten().unwrap_or_default();
        Layout { cost, ends }
    }

    /// The lines themselves; `words` are those that were laid out.
    pub(super) fn texts(&self, words: &[SideWord]) -> Vec<String> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        let line = |(start, end): (usize, &usize)| {
            words[start..*end].iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        starts.zip(&self.ends).map(line).collect()
    }
}

/// How many lines the words need at least.
pub(super) fn count_lines(words: &[SideWord], max_chars: usize) -> usize {
    let (mut lines, mut start) = (0, 0);
    while start < words.len() {
        let longest = (start + 1..=words.len()).take_while(|end| fits(&words[start..*end], max_chars)).last();
        // One word always fits.
        start = longest.unwrap_or(start + 1);
        lines += 1;
    }
    lines
}

fn fits(line: &[SideWord], max_chars: usize) -> bool {
    line.len() == 1 || line_width(line) <= max_chars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_where_a_reader_would() {
        let check = |lang, max_chars, text: &str, expect: &[&str]| {
            assert_eq!(break_lines(text, lang, max_chars), expect, "{text}");
        };
        check(Lang::Russian, 39, "", &[]);
        check(Lang::Russian, 39, "Спасибо!", &["Спасибо!"]);
        check(Lang::Russian, 39, "  Большое \n спасибо! ", &["Большое спасибо!"]);
        check(
            Lang::Russian,
            39,
            "Сегодня мы открываем новый центр, где будут учиться дети",
            &["Сегодня мы открываем новый центр,", "где будут учиться дети"],
        );
        check(
            Lang::Russian,
            39,
            "Премьер-министр выступил с большим докладом о бюджете",
            &["Премьер-министр выступил", "с большим докладом о бюджете"],
        );
        check(
            Lang::Kazakh,
            42,
            "Бүгін біз елде бейбітшілік пен келісім туралы сөйлесеміз",
            &["Бүгін біз елде", "бейбітшілік пен келісім туралы сөйлесеміз"],
        );
        // A word that no line holds is never cut.
        check(
            Lang::Russian,
            10,
            "о превысокомногорассмотрительствующий да",
            &["о", "превысокомногорассмотрительствующий", "да"],
        );
        check(Lang::Russian, 0, "раз два", &["раз", "два"]);
    }
}
