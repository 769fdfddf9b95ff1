//! Transcripts and translations in, events out: one table row a promise.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use dostyq_caption::{Captioner, MAX_FINISHED, MAX_OPEN, Oddities};
use dostyq_speech::{
    Author, Caption, CaptionEvent, Lang, SampleTime, SegmentId, TimeSpan, Transcript, Translation, Word,
};

/// Words of 100 ms each, the first at `start` milliseconds.
fn words(text: &str, start: u64) -> Vec<Word> {
    let word = |(index, text): (usize, &str)| {
        let at = start + 100 * index as u64;
        Word { text: text.into(), span: span(at, at + 100), confidence: 0.5 }
    };
    text.split(' ').filter(|text| !text.is_empty()).enumerate().map(word).collect()
}

fn span(start: u64, end: u64) -> TimeSpan {
    TimeSpan::new(SampleTime::from_millis(start), SampleTime::from_millis(end))
}

fn growing(segment: u64, committed: &str, tentative: &str) -> Transcript {
    let committed = words(committed, 1000);
    let tentative = words(tentative, 1000 + 100 * committed.len() as u64);
    Transcript {
        segment: SegmentId(segment),
        lang: Lang::Russian,
        lang_confidence: 0.9,
        span: span(800, 3000),
        committed,
        tentative,
        is_final: false,
        author: Author::Machine,
    }
}

fn last(segment: u64, committed: &str) -> Transcript {
    Transcript { is_final: true, ..growing(segment, committed, "") }
}

fn translated(segment: u64, lang: Lang, text: &str) -> Translation {
    Translation { is_final: true, ..translating(segment, lang, text) }
}

fn translating(segment: u64, lang: Lang, text: &str) -> Translation {
    Translation { segment: SegmentId(segment), lang, text: text.into(), is_final: false, author: Author::Machine }
}

/// An event in short: `1 ru да|нет` is an open line, `1 ru да.` a caption, `-1` a drop.
fn short(events: &[CaptionEvent]) -> Vec<String> {
    let short = |event: &CaptionEvent| match event {
        CaptionEvent::Open(o) => format!("{} {} {}|{}", o.segment.0, o.lang, o.committed, o.tentative),
        CaptionEvent::Final(c) => format!("{} {} {}.", c.segment.0, c.lang, c.text),
        CaptionEvent::Dropped(segment) => format!("-{}", segment.0),
    };
    events.iter().map(short).collect()
}

fn only_caption(events: Vec<CaptionEvent>) -> Caption {
    match <[CaptionEvent; 1]>::try_from(events).unwrap() {
        [CaptionEvent::Final(caption)] => caption,
        other => panic!("one caption was expected, not {other:?}"),
    }
}

/// What a fresh captioner says to a row of transcripts, and how often it had to put something right.
fn check(transcripts: &[Transcript], expect: &[&str], oddities: Oddities) {
    let mut captioner = Captioner::new();
    let events: Vec<_> = transcripts.iter().flat_map(|t| captioner.push_transcript(t.clone())).collect();
    assert_eq!(short(&events), expect);
    assert_eq!(captioner.oddities(), oddities, "{expect:?}");
}

#[test]
fn an_open_line_grows_and_becomes_a_caption() {
    check(
        &[growing(1, "", "да"), growing(1, "да", "нет"), last(1, "да нет")],
        &["1 ru |да", "1 ru да|нет", "1 ru да нет."],
        Oddities::default(),
    );
}

#[test]
fn nothing_is_said_when_nothing_visible_changed() {
    let none = Oddities::default();
    check(&[growing(1, "", "")], &[], none);
    check(&[growing(1, "да", ""), growing(1, "да", ""), growing(1, "да", " ")], &["1 ru да|"], none);
    check(&[growing(1, "", "да"), growing(1, "", "")], &["1 ru |да", "1 ru |"], none);
    // The same words, but some of them are certain now: a viewer who hides the tail sees more.
    check(&[growing(1, "", "да"), growing(1, "да", "")], &["1 ru |да", "1 ru да|"], none);
}

#[test]
fn a_segment_without_words_is_dropped() {
    check(&[growing(1, "", "кхе"), last(1, "")], &["1 ru |кхе", "-1"], Oddities::default());
    check(&[last(1, "")], &["-1"], Oddities::default());
}

#[test]
fn what_was_committed_stays() {
    let rewrites = |rewrites| Oddities { rewrites, ..Oddities::default() };
    check(&[growing(1, "да нет", ""), last(1, "да")], &["1 ru да нет|", "1 ru да нет."], rewrites(1));
    check(&[growing(1, "да нет", ""), last(1, "")], &["1 ru да нет|", "1 ru да нет."], rewrites(1));
    // Only what was spoken after the committed words is added.
    check(
        &[growing(1, "да нет", ""), last(1, "да нет? может быть")],
        &["1 ru да нет|", "1 ru да нет может быть."],
        rewrites(1),
    );
    check(
        &[growing(1, "да", ""), growing(1, "нет", "или"), last(1, "нет или")],
        &["1 ru да|", "1 ru да|или", "1 ru да или."],
        rewrites(2),
    );
}

#[test]
fn a_guess_may_change_its_language_but_committed_words_may_not() {
    let kazakh = |transcript: Transcript| Transcript { lang: Lang::Kazakh, ..transcript };
    check(
        &[growing(1, "", "ия"), kazakh(growing(1, "", "иә")), kazakh(last(1, "иә"))],
        &["1 ru |ия", "-1", "1 kk |иә", "1 kk иә."],
        Oddities::default(),
    );
    check(&[growing(1, "", "ия"), kazakh(last(1, "иә"))], &["1 ru |ия", "-1", "1 kk иә."], Oddities::default());
    check(
        &[growing(1, "да", ""), kazakh(last(1, "да иә"))],
        &["1 ru да|", "1 ru да иә."],
        Oddities { rewrites: 1, ..Oddities::default() },
    );
}

#[test]
fn a_segment_ends_once() {
    check(
        &[last(1, "да"), growing(1, "да", "нет"), last(1, "да нет"), last(2, "нет")],
        &["1 ru да.", "2 ru нет."],
        Oddities { late_transcripts: 2, ..Oddities::default() },
    );
}

#[test]
fn a_caption_spans_its_words_and_keeps_what_the_log_can_hold() {
    let mut transcript = last(7, "да нет");
    transcript.committed[0].text = " да \n, конечно".into();
    transcript.committed[0].confidence = f32::NAN;
    transcript.committed[1].confidence = 3.0;
    transcript.committed.push(Word { text: "  ".into(), span: span(1300, 9000), confidence: 1.0 });
    transcript.lang_confidence = f32::NAN;
    let caption = only_caption(Captioner::new().push_transcript(transcript));
    assert_eq!(caption.text, "да , конечно нет");
    assert_eq!(caption.span, span(1000, 1200), "not the span of the segment, and not that of the empty word");
    assert_eq!(caption.words.iter().map(|word| word.confidence).collect::<Vec<_>>(), [0.0, 1.0]);
    assert_eq!((caption.lang_confidence, caption.revision, caption.spoken), (0.5, 0, Lang::Russian));
}

#[test]
fn a_translation_takes_over_segment_span_and_confidence_of_its_source() {
    let mut captioner = Captioner::new();
    let source = only_caption(captioner.push_transcript(last(7, "да нет")));
    let caption = only_caption(captioner.push_translation(translated(7, Lang::Kazakh, " иә \n жоқ ")));
    let expect =
        Caption { lang: Lang::Kazakh, text: "иә жоқ".into(), words: vec![], spoken: Lang::Russian, ..source };
    assert_eq!(caption, expect);
    assert_eq!(captioner.oddities(), Oddities::default());
}

#[test]
fn a_translation_without_a_waiting_source_is_counted() {
    let mut captioner = Captioner::new();
    captioner.push_transcript(last(1, "да"));
    captioner.push_transcript(last(2, ""));
    let mut check = |translation, expect: &[&str], orphans| {
        assert_eq!(short(&captioner.push_translation(translation)), expect);
        assert_eq!(captioner.oddities().orphan_translations, orphans, "{expect:?}");
    };
    check(translated(9, Lang::Kazakh, "иә"), &[], 1); // Unknown.
    check(translated(2, Lang::Kazakh, "иә"), &[], 2); // Came to nothing.
    check(translated(1, Lang::Russian, "да"), &[], 3); // Not a translation, and the source goes on waiting.
    check(translated(1, Lang::Kazakh, "иә"), &["1 kk иә."], 3);
    check(translated(1, Lang::Kazakh, "иә"), &[], 4); // A second one.
}

#[test]
fn an_empty_translation_says_nothing_and_ends_the_wait() {
    let mut captioner = Captioner::new();
    captioner.push_transcript(last(1, "да"));
    assert_eq!(captioner.push_translation(translated(1, Lang::Kazakh, " ")), []);
    assert_eq!(captioner.oddities().orphan_translations, 0);
    assert_eq!(captioner.push_translation(translated(1, Lang::Kazakh, "иә")), []);
}

#[test]
fn memory_is_bounded_and_its_limits_are_told() {
    let mut captioner = Captioner::new();
    let count = MAX_FINISHED as u64 + 1;
    for segment in 1..=count {
        captioner.push_transcript(last(segment, "да"));
    }
    assert_eq!(captioner.push_translation(translated(1, Lang::Kazakh, "иә")), [], "forgotten");
    assert_eq!(captioner.oddities().orphan_translations, 1);
    assert_eq!(short(&captioner.push_translation(translated(2, Lang::Kazakh, "иә"))), ["2 kk иә."]);

    let mut captioner = Captioner::new();
    let count = MAX_OPEN as u64 + 1;
    let events: Vec<_> =
        (1..=count).flat_map(|segment| captioner.push_transcript(growing(segment, "да", ""))).collect();
    assert_eq!(short(&events).last().unwrap(), "-1");
    assert_eq!(captioner.oddities().abandoned, 1);
    // The final was not lost after all, and neither are its words.
    assert_eq!(short(&captioner.push_transcript(last(1, "да нет"))), ["1 ru да нет."]);
}

#[test]
fn a_translation_grows_beside_its_source_and_is_finished_after_it() {
    let kk = Lang::Kazakh;
    let mut captioner = Captioner::new();
    let translate = |captioner: &mut Captioner, text| short(&captioner.push_translation(translating(1, kk, text)));
    assert_eq!(translate(&mut captioner, "иә"), [""; 0], "its source is not known");
    captioner.push_transcript(growing(1, "да", ""));
    assert_eq!(translate(&mut captioner, ""), [""; 0], "nothing to see");
    assert_eq!(translate(&mut captioner, "иә"), ["1 kk иә|"]);
    assert_eq!(translate(&mut captioner, "иә, жоқ"), ["1 kk иә, жоқ|"]);
    assert_eq!(translate(&mut captioner, "иә, жоқ"), [""; 0], "nothing changed");
    assert_eq!(translate(&mut captioner, "жоқ"), [""; 0], "what is committed stays");
    assert_eq!(captioner.oddities().rewrites, 1);
    assert_eq!(short(&captioner.push_transcript(last(1, "да нет"))), ["1 ru да нет."]);
    assert_eq!(translate(&mut captioner, "иә, жоқ, бар"), [""; 0], "out of date");
    assert_eq!(short(&captioner.push_translation(translated(1, kk, "иә, жоқ"))), ["1 kk иә, жоқ."]);
}

#[test]
fn a_translation_that_will_not_be_finished_is_taken_away() {
    let mut captioner = Captioner::new();
    for (segment, is_begun) in [(1, true), (2, false)] {
        captioner.push_transcript(growing(segment, "да", ""));
        if is_begun {
            captioner.push_translation(translating(segment, Lang::Kazakh, "иә"));
        }
        captioner.push_transcript(last(segment, "да нет"));
        let expect: &[&str] = if is_begun { &["-1"] } else { &[] };
        assert_eq!(short(&captioner.give_up_translation(SegmentId(segment))), expect);
        assert_eq!(captioner.give_up_translation(SegmentId(segment)), [], "once");
    }
}

#[test]
fn a_guess_in_the_other_language_takes_its_translation_with_it() {
    let mut captioner = Captioner::new();
    captioner.push_transcript(growing(1, "", "да"));
    captioner.push_translation(translating(1, Lang::Kazakh, "иә"));
    let kazakh = Transcript { lang: Lang::Kazakh, ..growing(1, "иә", "") };
    assert_eq!(short(&captioner.push_transcript(kazakh)), ["-1", "1 kk иә|"]);
    assert_eq!(short(&captioner.push_translation(translating(1, Lang::Russian, "да"))), ["1 ru да|"]);
}
