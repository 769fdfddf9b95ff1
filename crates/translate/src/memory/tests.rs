//! What is found, and what must not be.

use super::*;

const TO_KAZAKH: Direction = Direction { from: Lang::Russian, to: Lang::Kazakh };
const TO_RUSSIAN: Direction = Direction { from: Lang::Kazakh, to: Lang::Russian };

fn memory(pairs: &[(&str, &str)]) -> Memory {
    let mut memory = Memory::default();
    for (kazakh, russian) in pairs {
        memory.add(kazakh, russian).expect("a pair");
    }
    memory
}

/// The likeness to the one sentence of a memory, in hundredths; 0 where it is not found.
fn likeness(stored: &str, text: &str, direction: Direction) -> i32 {
    let memory = match direction.from {
        Lang::Kazakh => memory(&[(stored, "да")]),
        Lang::Russian => memory(&[("иә", stored)]),
    };
    memory.find(text, direction).map_or(0, |found| (found.similarity * 100.0) as i32)
}

#[test]
fn the_same_sentence_is_found_however_it_is_written() {
    let check = |stored, text| assert_eq!(likeness(stored, text, TO_KAZAKH), 100, "{stored:?} {text:?}");
    check("Добро пожаловать!", "добро пожаловать");
    check("Всё ещё впереди.", "Все еще впереди…");
    check("Он сказал: «Да».", "Он сказал \"да\"");
    check("Бюджет — 12 500 тенге, то есть 3,5 %", "бюджет 12500 тенге то есть 3.5%");
    check("Да", "  ДА!!! ");
    check("Кто за?", "кто за?!");
}

#[test]
fn a_slip_or_a_filler_is_near() {
    let check = |stored, text, direction| {
        let found = likeness(stored, text, direction);
        assert!((85..100).contains(&found), "{stored:?} {text:?}: {found}");
    };
    let stored = "Слово предоставляется министру образования и науки";
    check(stored, "слово предостовляется министру образования и науки", TO_KAZAKH);
    check(stored, "Ну слово предоставляется министру образования и науки", TO_KAZAKH);
    check(stored, "Слово предоставляется министру образования науки", TO_KAZAKH);
    check("Біздің форумға құрметті қонақтар келді", "біздің форумға курметти қонақтар келді", TO_RUSSIAN);
}

#[test]
fn another_meaning_is_never_near() {
    let check = |stored, text, direction| {
        assert_eq!(likeness(stored, text, direction), 0, "{stored:?} {text:?}");
        assert_eq!(likeness(text, stored, direction), 0, "{text:?} {stored:?}");
    };
    let stored = "В этом году мы построили в Астане 25 новых школ для детей и взрослых";
    // Numbers.
    check(stored, "В этом году мы построили в Астане 26 новых школ для детей и взрослых", TO_KAZAKH);
    check(stored, "В этом году мы построили в Астане 25 % новых школ для детей и взрослых", TO_KAZAKH);
    check(stored, "В этом году мы построили в Астане 2,5 новых школ для детей и взрослых", TO_KAZAKH);
    check(stored, "В этом году мы построили в Астане -25 новых школ для детей и взрослых", TO_KAZAKH);
    // Names, at the beginning too.
    check(stored, "В этом году мы построили в Алматы 25 новых школ для детей и взрослых", TO_KAZAKH);
    let spoken = "Александров выступает сегодня перед большим залом нашего университета";
    check(spoken, "Алексанров выступает сегодня перед большим залом нашего университета", TO_KAZAKH);
    check(
        "А. Иванов выступает сегодня перед большим залом",
        "И. Иванов выступает сегодня перед большим залом",
        TO_KAZAKH,
    );
    // Negations.
    check(stored, "В этом году мы не построили в Астане 25 новых школ для детей и взрослых", TO_KAZAKH);
    check("Мы сегодня с вами ни о чём не договорились", "Мы сегодня с вами ни о чём договорились", TO_KAZAKH);
    let kazakh = "Биыл біздің жастар бұл маңызды жобаға белсенді қатысады";
    check(kazakh, "Биыл біздің жастар бұл маңызды жобаға белсенді қатыспайды", TO_RUSSIAN);
    check(kazakh, "Биыл біздің жастар бұл маңызды жобаға белсенді қатысады емес", TO_RUSSIAN);
    // Questions.
    check("Вы согласны с этим важным решением", "Вы согласны с этим важным решением?", TO_KAZAKH);
    check(kazakh, "Биыл біздің жастар бұл маңызды жобаға белсенді қатысады ма", TO_RUSSIAN);
    // Other words and endings.
    check(stored, "В этом году мы построили в Астане 25 старых школ для детей и взрослых", TO_KAZAKH);
    check(stored, "В этом году они построили в Астане 25 новых школ для детей и взрослых", TO_KAZAKH);
    check(
        "Министр завтра приезжает к нам на большой форум",
        "Министр завтра приезжал к нам на большой форум",
        TO_KAZAKH,
    );
    check("Совет поддержал новый проект нашего университета", "Совет поддержал проект нашего университета", TO_KAZAKH);
}

#[test]
fn a_word_that_the_memory_knows_is_no_slip() {
    let sentence = |word: &str| format!("Мы сегодня говорим про {word} нашей страны");
    let mut memory = memory(&[("бірінші сөйлем", &sentence("конференцию"))]);
    assert!(memory.find(&sentence("конфиренцию"), TO_KAZAKH).is_some());
    memory.add("екінші", "про конфиренцию").expect("a pair");
    assert!(memory.find(&sentence("конфиренцию"), TO_KAZAKH).is_none());
}

#[test]
fn each_direction_has_its_own_answer() {
    let memory = memory(&[("иә", "да"), ("жоқ", "нет")]);
    assert_eq!(memory.find("Да!", TO_KAZAKH).map(|found| found.text), Some("иә"));
    assert_eq!(memory.find("Жоқ!", TO_RUSSIAN).map(|found| found.text), Some("нет"));
    assert_eq!(memory.find("да", TO_RUSSIAN), None);
    assert_eq!(memory.find("да", Direction { from: Lang::Russian, to: Lang::Russian }), None);
    for nothing in ["", " \n", "…", "?", "🙂"] {
        assert_eq!(memory.find(nothing, TO_KAZAKH), None);
    }
}

#[test]
fn a_correction_counts_at_once() {
    let mut memory = memory(&[("сәлем достар", "привет, друзья")]);
    let find = |memory: &Memory| memory.find("сәлем, достар!", TO_RUSSIAN).map(|found| found.text.to_owned());
    memory.add("Сәлем, достар!", "Привет, друзья!").expect("a pair");
    assert_eq!((find(&memory).as_deref(), memory.len()), (Some("Привет, друзья!"), 1), "the same pair, better written");
    memory.add("Сәлем, достар!", "Здравствуйте, друзья!").expect("a pair");
    assert_eq!((find(&memory).as_deref(), memory.len()), (Some("Здравствуйте, друзья!"), 2));
    memory.add("Сәлем, достар!", "Привет, друзья!").expect("a pair");
    assert_eq!(find(&memory).as_deref(), Some("Привет, друзья!"), "what was taken back is back again");
}

#[test]
fn a_pair_that_says_nothing_is_refused() {
    let mut memory = Memory::default();
    let mut check = |kazakh: &str, russian: &str, expect: &str| {
        let error = memory.add(kazakh, russian).expect_err("no pair").to_string();
        assert!(error.contains(expect), "{error}");
    };
    check("", "да", "Kazakh text has no words");
    check("иә", "…", "Russian text has no words");
    check("иә", &"да ".repeat(1_000), "longer than 2000");
    assert!(memory.is_empty());
}

#[test]
fn a_text_is_translated_from_memory_and_by_the_machine() {
    let memory = memory(&[("Сәлем, достар!", "Здравствуйте, друзья!"), ("Бір. Екі.", "Раз, два.")]);
    let check = |text, expect: &[(&str, Origin)]| {
        let mut machine = |sentence: &str| Ok(format!("[{sentence}]"));
        let parts = memory.translate(text, TO_RUSSIAN, &mut machine).expect("scripted");
        let parts: Vec<_> = parts.iter().map(|part| (&*part.text, part.origin)).collect();
        assert_eq!(parts, expect);
    };
    let known = Origin::Memory { similarity: 1.0 };
    check("", &[]);
    check("Сәлем, достар! Бастайық.", &[("Здравствуйте, друзья!", known), ("[Бастайық.]", Origin::Machine)]);
    check("Бір. Екі.", &[("Раз, два.", known)]);
    let mut fails = |_: &str| Err(TranslateError::Text { reason: "no".into() });
    assert!(memory.translate("Бастайық.", TO_RUSSIAN, &mut fails).is_err());
}

#[test]
fn a_sentence_without_end_is_looked_up_all_the_same() {
    let mut memory = memory(&[("иә", "да да да да да")]);
    let long = "да ".repeat(5_000);
    assert_eq!(memory.find(&long, TO_KAZAKH), None);
    let fits = "раз два три ".repeat(100);
    memory.add("сан", &fits).expect("a pair");
    assert_eq!(memory.find(&fits, TO_KAZAKH).map(|found| found.text), Some("сан"));
}
