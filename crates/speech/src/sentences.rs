/// Cuts a text of Kazakh or Russian into its sentences, without the white space around them; nothing else is lost.
///
/// A sentence ends at `.`, `!`, `?` or `…`, closing quotes and brackets included, when white space follows and then no
/// small letter; and at every line break. A full stop ends nothing after an initial («А. Байтұрсынұлы»), after an
/// abbreviation that has more to come («г. Алматы», «2024 ж. Астанада») or after the number that opens a sentence
/// («1. Кіріспе»). Where a full stop may be either, as after «млн.», it counts as no end: two sentences in one go
/// cost a translation less than one sentence in two.
///
/// ```
/// use dostyq_speech::split_sentences;
///
/// assert_eq!(split_sentences("Кеш жарық! Бастайық па?"), ["Кеш жарық!", "Бастайық па?"]);
/// ```
pub fn split_sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (sentence, after) = rest.split_at(first_end(rest));
        sentences.push(sentence.trim());
        rest = after;
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// Abbreviations that are usually followed by more of the same sentence, even by a capital letter: of time and place,
/// of people, of quantities, of references. Not here: «т.б.», «т.д.», «т.п.», «др.», which close an enumeration and
/// mostly the sentence with it.
const UNFINISHED: [&str; 4] = [
    "г гг в вв ж жж ғ ғғ б.з.б б.з.д қ көш ауд обл ул просп пр пер пос с д кв стр им",
    "проф акад доц тов гр зам св",
    "тыс млн млрд трлн руб коп тг",
    "см ср напр мыс рис табл т.е т.к",
];

/// Where the first sentence of a text that is not empty ends; never 0.
fn first_end(text: &str) -> usize {
    let mut from = 0;
    while let Some(found) = text[from..].find(|c| is_terminator(c) || c == '\n') {
        let mark = from + found;
        if text[mark..].starts_with('\n') {
            return mark + 1;
        }
        let marks = prefix_length(&text[mark..], is_terminator);
        let end = mark + marks + prefix_length(&text[mark + marks..], is_closer);
        let is_lone_stop = &text[mark..end] == ".";
        if is_followed_by_a_new_sentence(&text[end..]) && !(is_lone_stop && is_unfinished(&text[..mark])) {
            return end;
        }
        from = end;
    }
    text.len()
}

fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…')
}

fn is_closer(c: char) -> bool {
    matches!(c, '»' | '”' | '“' | '"' | '’' | '\'' | ')' | ']')
}

fn prefix_length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// «Кетті ме?» — деп сұрады: a small letter behind a dash or a quote still belongs to the sentence.
fn is_followed_by_a_new_sentence(after: &str) -> bool {
    let follows_space = after.chars().next().is_none_or(char::is_whitespace);
    let first = after.chars().find(|c| c.is_alphanumeric());
    follows_space && !first.is_some_and(char::is_lowercase)
}

/// Whether the word before a full stop, at the end of `before`, tells that the sentence goes on.
fn is_unfinished(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or(before);
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    let is_initial = {
        let mut letters = word.rsplit(['.', '-']).next().unwrap_or(word).chars();
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_none()
    };
    let opens_a_list_item = before.trim() == word && !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    let word = word.to_lowercase();
    let is_unfinished = UNFINISHED.iter().flat_map(|words| words.split(' ')).any(|unfinished| unfinished == word);
    is_initial || opens_a_list_item || is_unfinished
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sentences: &[&str]) {
        assert_eq!(split_sentences(&sentences.join(" ")), sentences);
    }

    #[test]
    fn sentences_end_at_their_marks() {
        check(&["Қайырлы күн!", "Жиналысты бастаймыз.", "Сұрақ бар ма?"]);
        check(&["Подождите…", "Что?!", "Да."]);
        check(&["Мы рады (очень рады!).", "«Дружба» с нами.", "2024 год."]);
        check(&["Он сказал: «Пора».", "— Иду!"]);
        check(&["Біріншісі — ел.", "екіншісі".to_uppercase().as_str()]);
        check(&["нет точки в конце"]);
    }

    #[test]
    fn a_small_letter_never_opens_a_sentence() {
        check(&["Алма, алмұрт, т.б. жемістер бар."]);
        check(&["«Қайда барасың?» — деп сұрады ол."]);
        check(&["Ну… ладно."]);
        check(&["Ура! и ещё раз ура."]);
    }

    #[test]
    fn an_enumeration_that_is_closed_closes_the_sentence() {
        check(&["Алма, алмұрт және т.б.", "Бәрі тәтті."]);
        check(&["Яблоки, груши и т.д.", "Всё сладкое."]);
    }

    #[test]
    fn abbreviations_initials_and_numbers_go_on() {
        check(&["Кездесу г. Алматы өтті.", "Рақмет."]);
        check(&["Форум 2024 ж. Астанада өтті.", "Рақмет."]);
        check(&["Роман «Абай жолы» (1942 г. Алма-Ата)."]);
        check(&["Сөз А. Байтұрсынұлына, содан соң Қ.-Ж. Тоқаевқа беріледі.", "Рақмет."]);
        check(&["Читали А.С. Пушкина и проф. Иванова.", "Да."]);
        check(&["Бюджет 3.5 млн. АҚШ доллары.", "Көп пе?"]);
        check(&["1. Кіріспе сөз.", "2. Баяндама."]);
        check(&["Это было в 2024.", "Потом в 2025."]);
        check(&["Сайт qazaqstan.kz.", "Почта a.b@c.kz!"]);
    }

    #[test]
    fn a_line_break_ends_everything() {
        assert_eq!(split_sentences(" Бірінші\nекінші \n\n үшінші."), ["Бірінші", "екінші", "үшінші."]);
    }

    #[test]
    fn nothing_but_white_space_is_lost() {
        let squeeze = |text: &str| text.split_whitespace().collect::<String>();
        for text in ["", " \n ", "...", ". . .", "?»!", "А.\u{a0}Б. В", "🙂. 🙂", "т.", ".\n.", "Қ. Қ!!»”) қ"]
        {
            let sentences = split_sentences(text);
            assert_eq!(squeeze(&sentences.concat()), squeeze(text), "{text:?}");
            assert!(sentences.iter().all(|s| !s.is_empty() && s.trim() == *s), "{sentences:?}");
        }
    }
}
