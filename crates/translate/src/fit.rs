/// Cuts a sentence into pieces that fit, as few as halving allows, without the white space between them.
///
/// Each cut falls at the mark of a clause nearest to the middle; in a sentence without marks, between two words; in a
/// word without end, between two letters. Nothing but white space is lost. A single letter counts as fitting.
pub(crate) fn split_to_fit<'t, E>(text: &'t str, fits: &impl Fn(&str) -> Result<bool, E>) -> Result<Vec<&'t str>, E> {
    let text = text.trim();
    let Some(cut) = best_cut(text) else { return Ok(vec![text]) };
    if fits(text)? {
        return Ok(vec![text]);
    }
    let mut pieces = split_to_fit(&text[..cut], fits)?;
    pieces.extend(split_to_fit(&text[cut..], fits)?);
    Ok(pieces)
}

/// The best place for a cut inside a trimmed text, none if it has no inside.
fn best_cut(text: &str) -> Option<usize> {
    let spaces = || text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    let clauses = spaces().filter(|at| text[..*at].ends_with(is_clause_mark));
    let letters = text.char_indices().skip(1).map(|(at, _)| at);
    nearest_to(text.len() / 2, clauses)
        .or_else(|| nearest_to(text.len() / 2, spaces()))
        .or_else(|| nearest_to(text.len() / 2, letters))
}

fn nearest_to(middle: usize, places: impl Iterator<Item = usize>) -> Option<usize> {
    places.min_by_key(|place| place.abs_diff(middle))
}

fn is_clause_mark(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '—' | '–' | '!' | '?' | '…')
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn check(text: &str, longest: usize, expect: &[&str]) {
        let fits = |piece: &str| Ok::<_, Infallible>(piece.chars().count() <= longest);
        let Ok(pieces) = split_to_fit(text, &fits);
        assert_eq!(pieces, expect);
    }

    #[test]
    fn cuts_fall_where_they_hurt_least() {
        check("а б", 3, &["а б"]);
        check("кел, отыр; тыңда", 10, &["кел, отыр;", "тыңда"]);
        check("бір екі, үш төрт бес", 12, &["бір екі,", "үш төрт бес"]);
        check("бір екі үш төрт", 8, &["бір екі", "үш төрт"]);
        check("он, жиырма отыз қырық елу", 11, &["он,", "жиырма отыз", "қырық елу"]);
    }

    #[test]
    fn a_word_without_end_is_cut_between_letters() {
        check("ааааа", 2, &["аа", "а", "аа"]);
        check("қ", 0, &["қ"]);
        check("", 0, &[""]);
        check("🙂🙂", 1, &["🙂", "🙂"]);
    }

    #[test]
    fn an_error_of_the_measure_is_the_answer() {
        assert_eq!(split_to_fit("а б", &|_| Err::<bool, _>("no")), Err("no"));
    }
}
