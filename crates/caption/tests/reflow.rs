//! Captions in, cues out: a picture of each behaviour, then what holds for any captions at all.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use dostyq_caption::{ReadingRules, reflow_bilingual, reflow_one};
use dostyq_speech::{Author, Caption, Cue, Lang, SampleTime, SegmentId, TimeSpan, Word};
use insta::assert_snapshot;
use proptest::prelude::*;

fn span(start: u64, end: u64) -> TimeSpan {
    TimeSpan::new(SampleTime::from_millis(start), SampleTime::from_millis(end))
}

/// A caption spoken at an even pace: each character and each space takes `char_millis`. `…` alone is a second of
/// silence and no word.
fn spoken(segment: u64, lang: Lang, start: u64, char_millis: u64, text: &str) -> Caption {
    let mut at = start;
    let mut words = Vec::new();
    for text in text.split_whitespace() {
        if text == "…" {
            at += 1000;
            continue;
        }
        let end = at + char_millis * text.chars().count() as u64;
        words.push(Word { text: text.into(), span: span(at, end), confidence: 1.0 });
        at = end + char_millis;
    }
    Caption {
        segment: SegmentId(segment),
        revision: 0,
        lang,
        spoken: lang,
        lang_confidence: 1.0,
        span: TimeSpan::new(words[0].span.start, words[words.len() - 1].span.end),
        text: dostyq_speech::join_words(&words),
        words,
        author: Author::Machine,
    }
}

fn translation(of: &Caption, text: &str) -> Caption {
    Caption { lang: of.lang.other(), text: text.into(), words: vec![], ..of.clone() }
}

fn picture(cues: &[Cue]) -> String {
    let mut picture = String::new();
    for cue in cues {
        picture += &format!("{} {} - {}\n", cue.segment.0, cue.span.start, cue.span.end);
        for line in &cue.lines {
            picture += &format!("  {} {}\n", line.lang, line.text);
        }
    }
    picture
}

#[test]
fn a_long_sentence_is_cut_at_its_clauses() {
    let caption = spoken(
        1,
        Lang::Russian,
        1000,
        65,
        "Сегодня мы говорим о будущем наших городов, о воде и воздухе, которыми будут дышать наши дети, \
         и о том, что каждый из нас может сделать для этого уже завтра.",
    );
    assert_snapshot!(picture(&reflow_one(&[caption], Lang::Russian, &ReadingRules::default())), @"
    1 00:00:01.000 - 00:00:04.950
      ru Сегодня мы говорим о будущем
      ru наших городов, о воде и воздухе,
    1 00:00:05.030 - 00:00:07.095
      ru которыми будут дышать наши дети,
    1 00:00:07.175 - 00:00:11.205
      ru и о том, что каждый из нас может
      ru сделать для этого уже завтра.
    ");
}

#[test]
fn silence_leaves_a_gap_and_a_pause_divides() {
    let captions = [
        spoken(1, Lang::Russian, 0, 60, "Спасибо большое. … … Теперь вопросы из зала."),
        spoken(2, Lang::Russian, 20_000, 60, "Да."),
    ];
    assert_snapshot!(picture(&reflow_one(&captions, Lang::Russian, &ReadingRules::default())), @"
    1 00:00:00.000 - 00:00:00.960
      ru Спасибо большое.
    1 00:00:03.020 - 00:00:04.400
      ru Теперь вопросы из зала.
    2 00:00:20.000 - 00:00:20.834
      ru Да.
    ");
}

#[test]
fn kazakh_stands_above_russian_and_both_are_cut_where_they_correspond() {
    let russian = spoken(
        1,
        Lang::Russian,
        0,
        70,
        "Уважаемые коллеги, сегодня мы открываем новый исследовательский центр в Астане, \
         и я благодарю всех, кто строил его эти три года.",
    );
    let kazakh = translation(
        &russian,
        "Құрметті әріптестер, бүгін біз Астанада жаңа зерттеу орталығын ашып отырмыз, \
         және оны осы үш жыл бойы салған барлық адамға алғыс айтамын.",
    );
    let alone = spoken(2, Lang::Kazakh, 15_000, 70, "Рахмет!");
    let cues = reflow_bilingual(&[russian, kazakh, alone], &ReadingRules::default());
    assert_snapshot!(picture(&cues), @"
    1 00:00:00.000 - 00:00:05.520
      kk Құрметті әріптестер, бүгін біз Астанада
      kk жаңа зерттеу орталығын ашып отырмыз,
      ru Уважаемые коллеги, сегодня мы открываем
      ru новый исследовательский центр в Астане,
    1 00:00:05.600 - 00:00:09.130
      kk және оны осы үш жыл бойы салған
      kk барлық адамға алғыс айтамын.
      ru и я благодарю всех,
      ru кто строил его эти три года.
    2 00:00:15.000 - 00:00:15.834
      kk Рахмет!
    ");
}

#[test]
fn a_translation_of_another_length_is_shared_out() {
    let long = spoken(
        1,
        Lang::Kazakh,
        0,
        80,
        "Біздің елімізде тұратын барлық халықтардың достығы мен келісімі, бейбітшілігі мен бірлігі \
         біздің ең басты байлығымыз болып табылады деп есептеймін.",
    );
    let short = translation(&long, "Дружба народов, считаю я, главное наше богатство.");
    assert_snapshot!(picture(&reflow_bilingual(&[long, short], &ReadingRules::default())), @"
    1 00:00:00.000 - 00:00:05.120
      kk Біздің елімізде тұратын барлық
      kk халықтардың достығы мен келісімі,
      ru Дружба народов,
    1 00:00:05.200 - 00:00:07.680
      kk бейбітшілігі мен бірлігі біздің
      ru считаю я,
    1 00:00:07.760 - 00:00:11.760
      kk ең басты байлығымыз болып
      kk табылады деп есептеймін.
      ru главное наше богатство.
    ");

    let brief = spoken(2, Lang::Kazakh, 0, 80, "Иә, дұрыс.");
    let wordy = translation(
        &brief,
        "Да, совершенно верно, именно так оно и есть на самом деле, и я с вами полностью согласен во всём.",
    );
    assert_snapshot!(picture(&reflow_bilingual(&[brief, wordy], &ReadingRules::default())), @"
    2 00:00:00.000 - 00:00:03.355
      kk Иә, дұрыс.
      ru Да, совершенно верно,
      ru именно так оно и есть на самом деле,
    2 00:00:03.435 - 00:00:05.706
      ru и я с вами полностью согласен во всём.
    ");
}

#[test]
fn only_the_newest_revision_counts() {
    let first = spoken(1, Lang::Russian, 0, 60, "привет мир");
    let fixed = Caption { revision: 1, text: "Привет, мир!".into(), ..first.clone() };
    let blank = Caption { revision: 2, text: String::new(), words: vec![], ..first.clone() };
    let check = |captions: &[Caption], expect: &[&str]| {
        let cues = reflow_one(captions, Lang::Russian, &ReadingRules::default());
        assert_eq!(cues.iter().map(|cue| cue.lines[0].text.as_str()).collect::<Vec<_>>(), expect);
    };
    check(&[first.clone(), fixed.clone()], &["Привет, мир!"]);
    check(&[fixed.clone(), first.clone()], &["Привет, мир!"]);
    check(&[first, fixed, blank], &[]);
    check(&[], &[]);
}

/// Any text of short and long words with some punctuation.
fn any_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => "[а-яәғқңөұүһі]{1,12}[,.!?]?",
        1 => "[а-я]{30,60}",
        1 => prop_oneof![Just("—".to_owned()), Just("и".to_owned()), Just("үшін".to_owned())],
    ];
    prop::collection::vec(word, 1..60).prop_map(|words| words.join(" "))
}

/// Captions with times of any pace and order, some translated, some revised, some without words.
fn any_captions() -> impl Strategy<Value = Vec<Caption>> {
    let segment = (any_text(), prop::option::of(any_text()), any::<bool>(), 0u64..200, 0u64..12_000, any::<bool>());
    prop::collection::vec(segment, 0..6).prop_map(|segments| {
        let mut captions = Vec::new();
        let mut start = 0;
        for (number, (text, other, is_kazakh, char_millis, pause, is_timed)) in segments.into_iter().enumerate() {
            let lang = if is_kazakh { Lang::Kazakh } else { Lang::Russian };
            let mut caption = spoken(number as u64 + 1, lang, start, char_millis, &text);
            // A recogniser may give overlapping and even backward times.
            start = caption.span.end.as_millis().saturating_sub(1000) + pause;
            if !is_timed {
                caption.words.reverse();
            }
            captions.extend(other.map(|other| translation(&caption, &other)));
            captions.push(caption);
        }
        captions
    })
}

fn words_of(captions: &[Caption], lang: Lang) -> Vec<String> {
    let mut ours: Vec<_> = captions.iter().filter(|caption| caption.lang == lang).collect();
    ours.sort_by_key(|caption| caption.segment);
    ours.iter().flat_map(|caption| caption.text.split_whitespace()).map(str::to_owned).collect()
}

fn check_cues(captions: &[Caption], cues: &[Cue], langs: &[Lang], rules: &ReadingRules) {
    for lang in langs {
        let lines = cues.iter().flat_map(|cue| &cue.lines).filter(|line| line.lang == *lang);
        let shown: Vec<_> = lines.flat_map(|line| line.text.split(' ')).map(str::to_owned).collect();
        assert_eq!(shown, words_of(captions, *lang), "every word once and in order");
    }
    for cue in cues {
        let lines = |lang| cue.lines.iter().filter(move |line| line.lang == lang).count();
        assert!(!cue.lines.is_empty() && Lang::ALL.iter().all(|lang| lines(*lang) <= rules.max_lines), "{cue:?}");
        assert!(cue.lines.is_sorted_by_key(|line| line.lang != Lang::Kazakh), "Kazakh is above Russian: {cue:?}");
        for line in &cue.lines {
            let is_short = line.text.chars().count() <= rules.max_line_chars || !line.text.contains(' ');
            assert!(is_short, "{:?} is too long a line", line.text);
        }
        let millis = cue.span.length_millis();
        assert!((rules.min_millis..=rules.max_millis).contains(&millis), "{millis} ms is no time for a cue");
        let spoken = captions.iter().filter(|caption| caption.segment == cue.segment).map(|caption| caption.span.start);
        assert!(spoken.min().unwrap() <= cue.span.start, "no cue comes before it is spoken: {cue:?}");
    }
    for pair in cues.windows(2) {
        assert!(pair[0].segment <= pair[1].segment, "{pair:?}");
        let gap = pair[1].span.start.as_millis().checked_sub(pair[0].span.end.as_millis());
        assert!(gap.is_some_and(|gap| gap >= rules.gap_millis), "{pair:?} follow each other too closely");
    }
}

/// A segment of many minutes: no segmenter gives one, but a file from elsewhere may.
#[test]
fn a_segment_of_any_length_is_cut() {
    let rules = ReadingRules::default();
    let text = |words: usize| ["Біз", "бүгін,", "осы", "мәселені", "талқылаймыз."].repeat(words / 5).join(" ");
    let long = spoken(1, Lang::Kazakh, 0, 60, &text(400));
    let other = translation(&long, &text(300));
    let captions = [long, other];
    check_cues(&captions, &reflow_bilingual(&captions, &rules), &Lang::ALL, &rules);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cues_keep_every_word_and_every_rule(
        captions in any_captions(),
        (max_line_chars, max_lines) in prop::sample::select(vec![(39, 2), (39, 2), (20, 1), (1, 3)]),
    ) {
        let rules = ReadingRules { max_line_chars, max_lines, ..ReadingRules::default() };
        for lang in Lang::ALL {
            check_cues(&captions, &reflow_one(&captions, lang, &rules), &[lang], &rules);
        }
        check_cues(&captions, &reflow_bilingual(&captions, &rules), &Lang::ALL, &rules);
    }
}
