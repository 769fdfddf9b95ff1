//! The model that ships, led to the terms of a glossary.

mod common;

use std::path::Path;
use std::sync::Arc;

use common::{open, repository};
use dostyq_speech::Lang;
use dostyq_translate::{Direction, Glossary, Knowledge, OnnxOptions, Search, Translator};

const TERMS: &str = "ерікті\tволонтёр\nтәлімгер\tнаставник\nжастар саясаты\tмолодёжная политика\nхаттама\tпротокол\n\
                     министрлік\tминистерство\nсауалнама\tанкета\nНұрлан Әбілов\tНурлан Абилов\nQazInnovations\t=\n";

/// Written for this test: a term or two each, none of them of the corpus.
const KAZAKH: [&str; 6] = [
    "Тәлімгерлер мен еріктілер бүгін жиналды.",
    "Жастар саясатында жаңа жоба бар.",
    "Министрлікке хаттаманы ертең жібереміз.",
    "Сауалнамаға барлығы жауап берді.",
    "Сөз кезегі Нұрлан Әбіловке беріледі.",
    "Біз QazInnovations компаниясымен жұмыс істейміз.",
];
const RUSSIAN: [&str; 5] = [
    "Наставники и волонтёры собрались сегодня.",
    "В молодёжной политике есть новый проект.",
    "Завтра отправим протокол в министерство.",
    "На вопросы анкеты ответили все.",
    "Слово предоставляется Нурлану Абилову.",
];

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn terms_are_there_in_one_of_their_forms() {
    let (glossary, problems) = Glossary::parse(Path::new("test.tsv"), TERMS.as_bytes());
    assert!(problems.is_empty(), "{problems:?}");
    let knowledge = Arc::new(Knowledge { glossary: glossary.clone(), ..Knowledge::default() });
    for search in [Search::GREEDY, Search::BEAM] {
        let mut translator = open(&repository("models/dostyq-mini"), &OnnxOptions { search, ..OnnxOptions::default() });
        for (from, sentences) in [(Lang::Kazakh, &KAZAKH[..]), (Lang::Russian, &RUSSIAN[..])] {
            let direction = Direction { from, to: from.other() };
            for sentence in sentences {
                let translated = translator.translate_with(sentence, direction, &knowledge).expect("a plain text");
                assert!(!glossary.find(sentence, direction).is_empty(), "{sentence}");
                assert!(translated.missed.is_empty(), "{sentence} {translated:?}");
            }
        }
    }
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn what_was_shown_stays_and_the_term_follows() {
    let (glossary, _) = Glossary::parse(Path::new("test.tsv"), TERMS.as_bytes());
    let direction = Direction { from: Lang::Kazakh, to: Lang::Russian };
    let mut translator = open(&repository("models/dostyq-mini"), &OnnxOptions::default());
    let bias = translator.bias(&glossary.find(KAZAKH[3], direction));
    let prefix = translator.encode("Сегодня на").expect("a plain text");
    let led = translator.decode_with(KAZAKH[3], direction, &prefix, &Search::GREEDY, &bias).expect("a plain text");
    assert_eq!(led[..prefix.len()], prefix);
    let text = translator.text(&led).expect("text");
    assert!(glossary.missed(KAZAKH[3], &text, direction).is_empty(), "{text}");
}
