//! The model that ships.

mod common;

use common::{open, repository};
use dostyq_speech::Lang;
use dostyq_translate::{Direction, OnnxOptions, OnnxTranslator, Search, Translator};

fn mini() -> OnnxTranslator {
    open(&repository("models/dostyq-mini"), &OnnxOptions::default())
}

/// Whether a text has letters that Kazakh has and Russian has not.
fn looks_kazakh(text: &str) -> bool {
    text.chars().any(|c| "әғқңөұүһі".contains(c.to_lowercase().next().unwrap_or(c)))
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn each_language_becomes_the_other() {
    let mut translator = mini();
    let russian = "Уважаемые участники, сегодня мы говорим о дружбе. Спасибо всем, кто пришёл!";
    let kazakh = "Құрметті қатысушылар, бүгін біз достық туралы сөйлесеміз. Келгендеріңізге рақмет!";
    let to_kazakh = translator.translate(russian, Lang::Russian, Lang::Kazakh).expect("a plain text");
    let to_russian = translator.translate(kazakh, Lang::Kazakh, Lang::Russian).expect("a plain text");
    assert!(looks_kazakh(&to_kazakh), "{to_kazakh}");
    assert!(!looks_kazakh(&to_russian), "{to_russian}");
    for text in [&to_kazakh, &to_russian] {
        assert!((5..30).contains(&text.split_whitespace().count()), "{text}");
        assert!(text.chars().any(char::is_uppercase) && !text.contains("  ") && !text.contains("Cyrl"), "{text}");
    }
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn what_was_shown_stays() {
    let mut translator = mini();
    let direction = Direction { from: Lang::Russian, to: Lang::Kazakh };
    let sentence = "Сегодня в Астане открывается молодёжный форум.";
    let draft = translator.decode(sentence, direction, &[], &Search::GREEDY).expect("a plain text");
    assert!(draft.len() > 4, "{draft:?}");
    for how in [Search::GREEDY, Search::BEAM] {
        let whole = translator.decode(sentence, direction, &draft[..4], &how).expect("a plain text");
        assert_eq!(whole[..4], draft[..4]);
    }
}
