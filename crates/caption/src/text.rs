/// One space between words and none around them; nothing else is touched.
pub(crate) fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many characters a reader sees. A combining mark (an `й` or `ё` in two code points) takes no room of its own.
pub(crate) fn width(text: &str) -> usize {
    text.chars().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_are_collapsed_and_nothing_else() {
        let check = |input, expect| assert_eq!(tidy(input), expect);
        check("", "");
        check(" \n\t", "");
        check("  екі\u{a0} сөз\r\n", "екі сөз");
        check("иә ,  жоқ", "иә , жоқ");
    }

    #[test]
    fn a_letter_is_one_character_wide_however_it_is_encoded() {
        let check = |text, expect| assert_eq!(width(text), expect, "{text:?}");
        check("", 0);
        check("қазақ", 5);
        check("мой", 3);
        check("мои\u{306}", 3);
    }
}
