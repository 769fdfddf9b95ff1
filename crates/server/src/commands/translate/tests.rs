use super::*;

/// Runs a text through the command's own path with a machine that writes in capitals and cannot take `тыйым`.
fn translate(text: &str, direction: Option<Direction>, pairs: &[(&str, &str)]) -> (String, Counts) {
    let mut memory = Memory::default();
    for (kazakh, russian) in pairs {
        memory.add(kazakh, russian).expect("a pair");
    }
    let mut machine = |sentence: &str, direction: Direction| {
        if sentence.contains("тыйым") {
            return Err(TranslateError::Text { reason: "scripted".into() });
        }
        Ok(format!("{direction}:{}", sentence.to_uppercase()))
    };
    let mut desk = Desk { memory, machine: &mut machine, counts: Counts::default() };
    let mut out = Vec::new();
    let reader = Box::new(io::Cursor::new(text.as_bytes().to_vec()));
    match Input::open("text".into(), reader, false).expect("a text") {
        Input::Lines(lines) => translate_lines(lines, direction, &mut desk, &mut out),
        Input::Subtitles(file) => translate_subtitles(&file, direction, &mut desk, &mut out),
    }
    .expect("scripted");
    (String::from_utf8(out).expect("UTF-8"), desk.counts)
}

#[test]
fn lines_stay_lines() {
    let check = |text, expect| assert_eq!(translate(text, None, &[]).0, expect, "{text:?}");
    check("", "");
    check("иә", "kk-ru:ИӘ\n");
    check("да. нет.\n\nәлі\n", "ru-kk:ДА. НЕТ.\n\nkk-ru:ӘЛІ\n");
    check("Да. Нет.", "ru-kk:ДА. ru-kk:НЕТ.\n");
}

#[test]
fn the_memory_wins_and_is_counted() {
    let pairs = [("Сәлем, достар!", "Здравствуйте, друзья!")];
    let (text, counts) = translate("сәлем достар\nСәлем! Сәлем, достар!\nтыйым\n", None, &pairs);
    assert_eq!(text, "Здравствуйте, друзья!\nkk-ru:СӘЛЕМ! Здравствуйте, друзья!\nтыйым\n");
    assert_eq!(counts, Counts { sentences: 4, same: 2, near: 0, untranslated: 1, long_cues: 0 });
}

#[test]
fn subtitles_keep_numbers_and_times() {
    let text = "5\n00:00:01,000 --> 00:00:02,000\nБіз бүгін\n\n9\n00:00:02,000 --> 00:00:03,500 X1:0\nкелдік.\n\n";
    let expect =
        "5\n00:00:01,000 --> 00:00:02,000\nkk-ru:БІЗ БҮГІН\n\n9\n00:00:02,000 --> 00:00:03,500 X1:0\nКЕЛДІК.\n\n";
    assert_eq!(translate(text, None, &[]), (expect.into(), Counts { sentences: 1, ..Counts::default() }));
    let long = format!("1\n00:00:01,000 --> 00:00:02,000\n{}\n", "сөз ".repeat(50));
    assert_eq!(translate(&long, None, &[]).1.long_cues, 1);
}

#[test]
fn the_direction_is_given_or_guessed() {
    let check = |from, to, expect: Option<Option<&str>>| {
        let found = direction(from, to).ok().map(|direction| direction.map(|d| d.to_string()));
        assert_eq!(found.as_ref().map(Option::as_deref), expect);
    };
    check(None, None, Some(None));
    check(Some(Lang::Kazakh), None, Some(Some("kk-ru")));
    check(None, Some(Lang::Kazakh), Some(Some("ru-kk")));
    check(Some(Lang::Russian), Some(Lang::Kazakh), Some(Some("ru-kk")));
    check(Some(Lang::Russian), Some(Lang::Russian), None);
}
