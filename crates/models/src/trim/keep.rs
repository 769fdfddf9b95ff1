//! Which pieces of a vocabulary Kazakh and Russian text needs.

/// Before a piece that begins a word, in SentencePiece's vocabularies.
const WORD_BEGINS: char = '\u{2581}';
/// Longer pieces of Latin letters are words of other languages; names and addresses are spelled with these.
const LATIN_LETTERS: usize = 2;

/// Whether a piece can be part of Kazakh or Russian text by the looks of it: its letters are of their Cyrillic
/// alphabets, or a few Latin ones; the rest are digits and signs.
pub(super) fn is_of_the_hall(piece: &str) -> bool {
    let text = || piece.chars().filter(|c| *c != WORD_BEGINS);
    let latin = text().filter(char::is_ascii_alphabetic).count();
    let cyrillic = text().filter(|c| is_cyrillic(*c)).count();
    let is_known = text().all(|c| c.is_ascii() || is_cyrillic(c) || is_sign(c));
    is_known && latin <= LATIN_LETTERS && (latin == 0 || cyrillic == 0)
}

/// Whether a piece is needed so that no letter, digit or sign of the two languages becomes unknown: a single one, or a
/// byte.
pub(super) fn is_a_base(piece: &str) -> bool {
    is_byte(piece) || (piece.chars().filter(|c| *c != WORD_BEGINS).count() <= 1 && is_of_the_hall(piece))
}

/// Whether a piece speaks to the model and not of the text: the mark of a language (`kaz_Cyrl`, `__kk__`, `>>kaz<<`,
/// `<2kk>`), or something else in pointed brackets (`<pad>`). Some vocabularies keep these among their pieces.
pub(super) fn is_a_mark(piece: &str) -> bool {
    let inside = |open: &str, close: &str| {
        let name = piece.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    };
    let is_with_script = || {
        let (language, script) = piece.split_once('_').unwrap_or_default();
        let mut letters = script.chars();
        language.len() == 3
            && language.chars().all(|c| c.is_ascii_lowercase())
            && script.len() == 4
            && letters.next().is_some_and(|c| c.is_ascii_uppercase())
            && letters.all(|c| c.is_ascii_lowercase())
    };
    inside("__", "__") || inside(">>", "<<") || inside("<", ">") || inside("</", ">") || is_with_script()
}

/// A byte of a letter that the vocabulary has no piece for: `<0xD0>`.
fn is_byte(piece: &str) -> bool {
    let hex = piece.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>'));
    hex.is_some_and(|hex| hex.len() == 2 && hex.chars().all(|c| c.is_ascii_hexdigit()))
}

fn is_cyrillic(c: char) -> bool {
    matches!(c, 'А'..='я' | 'Ё' | 'ё') || "ӘәҒғҚқҢңӨөҰұҮүҺһІі".contains(c)
}

/// Signs beyond ASCII: those of Latin-1, the stress mark of Russian textbooks, punctuation, currencies, number signs,
/// fractions, arrows and mathematics.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{a0}'..='\u{bf}' | '×' | '÷' | '\u{301}' | '\u{2000}'..='\u{206f}' | '\u{20a0}'..='\u{20cf}'
        | '℃' | '№' | '™' | '\u{2150}'..='\u{218b}' | '\u{2190}'..='\u{22ff}')
        && c != 'ª'
        && c != 'º'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_known_by_their_letters() {
        for piece in ["▁Қазақстан", "ның", "ё", "▁2024", "…", "▁«", "№", "▁IT", "a", "▁", "₸", "-шы", "а\u{301}"]
        {
            assert!(is_of_the_hall(piece), "{piece}");
        }
        for piece in ["▁the", "中", "ї", "ў", "ال", "ქ", "é", "ѣ", "▁Aқ", "ґ", "か", "ӣ"] {
            assert!(!is_of_the_hall(piece), "{piece}");
        }
    }

    #[test]
    fn single_letters_and_bytes_are_the_base() {
        for piece in ["ә", "▁Ұ", "▁", "7", "?", "Z", "<0xD0>", "<0x0a>"] {
            assert!(is_a_base(piece), "{piece}");
        }
        for piece in ["ал", "中", "<0xD>", "<pad>", "12"] {
            assert!(!is_a_base(piece), "{piece}");
        }
    }

    #[test]
    fn marks_are_not_text() {
        for piece in ["kaz_Cyrl", "__kk__", ">>kaz<<", "<2kk>", "<pad>", "</s>", "<extra_id_7>"] {
            assert!(is_a_mark(piece), "{piece}");
        }
        for piece in ["kaz", "a_b", "____", "<>", "<a b>", "snake_Case", "▁<", "абв_Cyrl"] {
            assert!(!is_a_mark(piece), "{piece}");
        }
    }
}
