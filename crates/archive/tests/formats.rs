//! Each format as it is written, and as another program reads it.

use aspasia::{SubRipSubtitle, Subtitle, TextEvent, TimedEventInterface, WebVttSubtitle};
use dostyq_archive::{Session, json, srt, vtt};
use dostyq_log::{Anchor, RoomHead};
use dostyq_speech::{
    Author, Caption, Cue, CueLine, Entry, Epoch, Event, Lang, Marker, Offset, SampleTime, SegmentId, TimeSpan, Word,
};
use insta::assert_snapshot;

fn span(start: u64, end: u64) -> TimeSpan {
    TimeSpan::new(SampleTime::from_millis(start), SampleTime::from_millis(end))
}

fn cue(start: u64, end: u64, lines: &[(Lang, &str)]) -> Cue {
    let line = |(lang, text): &(Lang, &str)| CueLine { lang: *lang, text: (*text).to_owned() };
    Cue { segment: SegmentId(1), span: span(start, end), lines: lines.iter().map(line).collect() }
}

fn bilingual() -> Vec<Cue> {
    vec![
        cue(
            0,
            2_345,
            &[
                (Lang::Kazakh, "Құрметті әріптестер,"),
                (Lang::Kazakh, "қош келдіңіздер!"),
                (Lang::Russian, "Уважаемые коллеги,"),
                (Lang::Russian, "добро пожаловать!"),
            ],
        ),
        cue(3_600_000 * 4 + 61_007, 3_600_000 * 4 + 63_000, &[(Lang::Russian, "«Q&A» — 5 < 6")]),
    ]
}

#[test]
fn srt_is_numbered_from_one_with_a_comma_before_the_milliseconds() {
    let text = srt(&bilingual());
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "every line ends in CR LF");
    assert_snapshot!(text.replace("\r\n", "\n"), @"
    1
    00:00:00,000 --> 00:00:02,345
    Құрметті әріптестер,
    қош келдіңіздер!
    Уважаемые коллеги,
    добро пожаловать!

    2
    04:01:01,007 --> 04:01:03,000
    «Q&A» — 5 < 6
    ");
    assert_eq!(srt(&[]), "");
}

#[test]
fn vtt_escapes_and_names_languages_where_there_are_two() {
    assert_snapshot!(vtt(&bilingual()), @"
    WEBVTT

    00:00:00.000 --> 00:00:02.345
    <lang kk>Құрметті әріптестер,</lang>
    <lang kk>қош келдіңіздер!</lang>
    <lang ru>Уважаемые коллеги,</lang>
    <lang ru>добро пожаловать!</lang>

    04:01:01.007 --> 04:01:03.000
    <lang ru>«Q&amp;A» — 5 &lt; 6</lang>
    ");
    assert_eq!(vtt(&[]), "WEBVTT\n\n");
}

#[test]
fn another_program_reads_the_same_cues() {
    let cues = bilingual();
    let times: Vec<(i64, i64)> = vec![(0, 2_345), (14_461_007, 14_463_000)];

    let read: SubRipSubtitle = srt(&cues).parse().unwrap();
    assert_eq!(read.events().iter().map(|e| (e.start.into(), e.end.into())).collect::<Vec<(i64, i64)>>(), times);
    assert_eq!(read.events().iter().map(|e| e.line_number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(read.events()[0].text, "Құрметті әріптестер,\nқош келдіңіздер!\nУважаемые коллеги,\nдобро пожаловать!");

    let read: WebVttSubtitle = vtt(&cues).parse().unwrap();
    assert_eq!(read.events().iter().map(|e| (e.start().into(), e.end().into())).collect::<Vec<(i64, i64)>>(), times);
    assert_eq!(
        *read.events()[0].unformatted_text(),
        "Құрметті әріптестер,\nқош келдіңіздер!\nУважаемые коллеги,\nдобро пожаловать!"
    );
}

#[test]
fn no_text_breaks_the_frame() {
    let hostile = [
        "1\r\n00:00:00,000 --> 00:00:01,000\r\nhidden",
        "before\n\nafter",
        "00:00:00.000 --> 00:00:01.000",
        "before --> after",
        "WEBVTT",
        "NOTE a comment",
        "STYLE",
        "42",
        "\u{feff}",
        "<b>&amp;</lang>",
        "line\u{2028}separator\u{85}and\u{0}more",
    ];
    for text in hostile {
        let cues = [
            cue(0, 1000, &[(Lang::Russian, "до")]),
            cue(2000, 3000, &[(Lang::Kazakh, text), (Lang::Kazakh, ""), (Lang::Russian, text)]),
            cue(4000, 5000, &[(Lang::Russian, " \n ")]),
            cue(6000, 7000, &[]),
            cue(8000, 9000, &[(Lang::Russian, "после")]),
        ];
        let read: SubRipSubtitle = srt(&cues).parse().unwrap();
        let starts: Vec<i64> = read.events().iter().map(|event| event.start.into()).collect();
        assert_eq!(starts, [0, 2000, 8000], "{text:?} as SRT: {}", srt(&cues));
        assert_eq!(read.events()[1].text.lines().count(), 2, "{text:?}");
        assert_eq!(read.events()[2].text, "после", "{text:?}");

        let read: WebVttSubtitle = vtt(&cues).parse().unwrap();
        let starts: Vec<i64> = read.events().iter().map(|event| event.start.into()).collect();
        assert_eq!(starts, [0, 2000, 8000], "{text:?} as WebVTT: {}", vtt(&cues));
        assert_eq!(read.events()[1].text.lines().count(), 2, "{text:?}");
        assert_eq!(vtt(&cues).matches("-->").count(), 3, "{text:?}");
    }
}

#[test]
fn json_holds_the_session() {
    let caption = Caption {
        segment: SegmentId(1),
        revision: 0,
        lang: Lang::Kazakh,
        spoken: Lang::Kazakh,
        lang_confidence: 0.97,
        span: span(500, 900),
        text: "«Рахмет!»".into(),
        words: vec![Word { text: "«Рахмет!»".into(), span: span(500, 900), confidence: 0.5 }],
        author: Author::Machine,
    };
    let translation = Caption {
        lang: Lang::Russian,
        text: "«Спасибо!»".into(),
        words: vec![],
        author: Author::Memory,
        ..caption.clone()
    };
    let entries = [
        Entry::Marker { at: SampleTime::ZERO, marker: Marker::Started },
        Entry::Final(caption),
        Entry::Final(translation),
        Entry::Marker { at: SampleTime::from_millis(1000), marker: Marker::Gap { millis: 250 } },
    ];
    let events = entries.into_iter().zip(1..).map(|(entry, offset)| Event { offset: Offset(offset), entry });
    let session = Session {
        room: "hall-1".parse().unwrap(),
        head: RoomHead { epoch: Epoch(0xabc), top: Offset(4), started_at_millis: 1_760_000_000_000 },
        anchors: vec![Anchor { at: SampleTime::from_millis(60_000), unix_millis: 1_760_000_060_006 }],
        events: events.collect(),
    };
    assert_snapshot!(json(&session), @r#"
    {
      "format": "dostyq-session",
      "version": 1,
      "room": "hall-1",
      "epoch": "00000000000000000000000000000abc",
      "started_at_millis": 1760000000000,
      "anchors": [
        {
          "at_millis": 60000,
          "unix_millis": 1760000060006
        }
      ],
      "events": [
        {
          "offset": 1,
          "kind": "marker",
          "at_millis": 0,
          "marker": "started"
        },
        {
          "offset": 2,
          "kind": "final",
          "segment": 1,
          "revision": 0,
          "lang": "kk",
          "spoken": "kk",
          "lang_confidence": 0.97,
          "start_millis": 500,
          "end_millis": 900,
          "text": "«Рахмет!»",
          "author": "machine",
          "words": [
            {
              "text": "«Рахмет!»",
              "start_millis": 500,
              "end_millis": 900,
              "confidence": 0.5
            }
          ]
        },
        {
          "offset": 3,
          "kind": "final",
          "segment": 1,
          "revision": 0,
          "lang": "ru",
          "spoken": "kk",
          "lang_confidence": 0.97,
          "start_millis": 500,
          "end_millis": 900,
          "text": "«Спасибо!»",
          "author": "memory",
          "words": []
        },
        {
          "offset": 4,
          "kind": "marker",
          "at_millis": 1000,
          "marker": "gap",
          "gap_millis": 250
        }
      ]
    }
    "#);
}
