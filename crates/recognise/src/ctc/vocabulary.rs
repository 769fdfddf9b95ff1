use std::path::Path;

/// The mark that stands for a space in vocabulary files.
const SPACE_MARK: char = '\u{2581}';
/// The name of the blank in vocabulary files.
const BLANK: &str = "<blk>";

/// The tokens of a model: letters, a space, and the blank that stands for no token.
#[derive(Debug)]
pub(super) struct Vocabulary {
    tokens: Vec<String>,
    /// The number of the blank.
    pub(super) blank: usize,
}

impl Vocabulary {
    /// Reads a file of lines "token number"; the error is a reason in words.
    pub(super) fn read(path: &Path) -> Result<Vocabulary, String> {
        Vocabulary::parse(&std::fs::read_to_string(path).map_err(|error| error.to_string())?)
    }

    /// The token is all before the last space of its line, so it may be a space itself; `▁` in a token is a space. The
    /// numbers count from 0 in any order without gaps, and one of the tokens is `<blk>`.
    fn parse(text: &str) -> Result<Vocabulary, String> {
        let lines: Vec<&str> = text.lines().collect();
        let mut tokens: Vec<Option<String>> = vec![None; lines.len()];
        for (at, line) in lines.iter().enumerate() {
            let entry = line.rsplit_once(' ').and_then(|(token, number)| Some((token, number.parse::<usize>().ok()?)));
            let (token, number) = entry.ok_or_else(|| format!("line {} is not a token and its number", at + 1))?;
            match tokens.get_mut(number) {
                Some(place @ None) => *place = Some(token.replace(SPACE_MARK, " ")),
                Some(Some(_)) => return Err(format!("line {} has the number {number} again", at + 1)),
                None => return Err(format!("line {} has the number {number}, of {} tokens", at + 1, lines.len())),
            }
        }
        // As many lines as numbers, none of them twice: every place is taken.
        let tokens: Vec<String> = tokens.into_iter().flatten().collect();
        let blank = tokens.iter().position(|token| token == BLANK).ok_or_else(|| format!("it has no {BLANK}"))?;
        Ok(Vocabulary { tokens, blank })
    }

    /// How many tokens there are, the blank among them.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The text of a token; a word begins where one begins with a space.
    pub(super) fn text(&self, token: usize) -> &str {
        &self.tokens[token]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_tokens() {
        let check = |text: &str, expect: &[&str], blank: usize| {
            let read = Vocabulary::parse(text).expect(text);
            assert_eq!(
                (read.tokens.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), read.blank),
                (expect, blank)
            );
            assert_eq!(read.len(), expect.len());
        };
        check("▁ 0\nа 1\n<blk> 2\n", &[" ", "а", "<blk>"], 2);
        check("  0\n' 1\nқ 2\n<blk> 3", &[" ", "'", "қ", "<blk>"], 3);
        check("<blk> 0\r\n▁да 1\r\n", &["<blk>", " да"], 0);
        check("а 1\n<blk> 0\n", &["<blk>", "а"], 0);
    }

    #[test]
    fn what_is_no_vocabulary_is_refused_with_its_line() {
        let check = |text: &str, expect: &str| {
            let reason = Vocabulary::parse(text).expect_err(text);
            assert!(reason.contains(expect), "{reason}");
        };
        check("", "no <blk>");
        check("а 0\nб 1\n", "no <blk>");
        check("а 0\nб\n", "line 2");
        check("а 0\n\n<blk> 1\n", "line 2");
        check("а x\n", "line 1");
        check("а 0\nб 0\n", "line 2 has the number 0 again");
        check("а 0\n<blk> 2\n", "line 2 has the number 2, of 2 tokens");
    }
}
