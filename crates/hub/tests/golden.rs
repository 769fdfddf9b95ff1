//! The wire and its golden file: each example is read and written back unchanged, and the browser reads the same ones.

use dostyq_hub::wire::{ClientMessage, CloseCode, ServerMessage, WireEvent, WireOpen};
use dostyq_speech::{
    Author, Caption, Effort, Entry, Event, Lang, Marker, Offset, OpenCaption, SampleTime, SegmentId, TimeSpan, Word,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn examples(direction: &str) -> Vec<(String, Value)> {
    let text = include_str!("../../../tests/golden/wire-v1.json");
    let examples: Vec<Value> = serde_json::from_str(text).expect("the golden file is JSON");
    let named = |example: Value| (example["name"].as_str().expect("a name").to_owned(), example["json"].clone());
    examples.into_iter().filter(|example| example["direction"] == direction).map(named).collect()
}

fn example(name: &str) -> Value {
    let all = ["client", "server", "close"].into_iter().flat_map(examples);
    all.into_iter().find(|(held, _)| held == name).unwrap_or_else(|| panic!("no example \"{name}\"")).1
}

/// Through text, as on the wire: a float of 32 bits changes its digits on any other way.
fn written(message: &impl Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(message).expect("it can be written")).expect("it is JSON")
}

fn check<M: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(direction: &str, at_least: usize) {
    let examples = examples(direction);
    assert!(examples.len() >= at_least, "{direction}: {} examples", examples.len());
    for (name, json) in examples {
        let message: M = serde_json::from_str(&json.to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(written(&message), json, "{name}");
        let later: M =
            serde_json::from_str(&with_unknown_fields(json).to_string()).expect("unknown fields are ignored");
        assert_eq!(later, message, "{name}");
    }
}

/// The same message as a later version might send it: one more field in every object.
fn with_unknown_fields(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let more = ("later".to_owned(), json!({"nested": [1, null]}));
            Value::Object(
                fields.into_iter().map(|(key, value)| (key, with_unknown_fields(value))).chain([more]).collect(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(with_unknown_fields).collect()),
        plain => plain,
    }
}

#[test]
fn what_viewers_say_is_read_and_written_as_in_the_golden_file() {
    check::<ClientMessage>("client", 4);
}

#[test]
fn what_the_hub_says_is_read_and_written_as_in_the_golden_file() {
    check::<ServerMessage>("server", 15);
}

#[test]
fn the_close_codes_are_those_of_the_golden_file() {
    let codes: Vec<Value> = examples("close").into_iter().map(|(_, json)| json).collect();
    let code = |code: CloseCode| json!({"code": code.number(), "reconnect": CloseCode::reconnects(code.number())});
    assert_eq!(codes, CloseCode::ALL.map(code));
    // A close frame has room for 123 bytes of reason.
    assert!(CloseCode::ALL.iter().all(|code| code.reason().len() <= 123));
}

#[test]
fn which_numbers_end_it_for_good() {
    for (number, expect) in [(1000, true), (1006, true), (3499, true), (3500, false), (3999, false)] {
        assert_eq!(CloseCode::reconnects(number), expect, "{number}");
    }
    for (number, expect) in [(4000, true), (4499, true), (4500, false), (4999, false)] {
        assert_eq!(CloseCode::reconnects(number), expect, "{number}");
    }
}

#[test]
fn values_of_speech_become_the_messages_of_the_golden_file() {
    let millis = |start, end| TimeSpan::new(SampleTime::from_millis(start), SampleTime::from_millis(end));
    let word = |text: &str, start, end, confidence| Word { text: text.into(), span: millis(start, end), confidence };
    let kazakh = Caption {
        segment: SegmentId(2),
        revision: 0,
        lang: Lang::Kazakh,
        spoken: Lang::Kazakh,
        lang_confidence: 0.98712,
        span: millis(4500, 6020),
        text: "Құрметті әріптестер!".into(),
        words: vec![word("Құрметті", 4500, 5100, 0.9931), word("әріптестер!", 5180, 6020, 0.87149)],
        author: Author::Machine,
    };
    let russian =
        Caption {
            lang: Lang::Russian, text: "Уважаемые коллеги!".into(), words: Vec::new(), ..kazakh.clone()
        };
    let remembered = Caption { author: Author::Memory, ..russian.clone() };
    let corrected = Caption { revision: 1, text: "Дорогие коллеги!".into(), ..russian.clone() };
    let marker = |at, marker| Entry::Marker { at: SampleTime::from_millis(at), marker };
    for (name, offset, entry) in [
        ("a final", 44, Entry::Final(kazakh)),
        ("a translation", 45, Entry::Final(russian)),
        ("a translation from the memory", 45, Entry::Final(remembered)),
        ("a correction", 46, Entry::Final(corrected)),
        ("the room began", 1, marker(0, Marker::Started)),
        ("the room ended", 47, marker(7000, Marker::Ended)),
        ("the recording began again", 48, marker(7000, Marker::Looped)),
        ("sound was missing", 49, marker(9000, Marker::Gap { millis: 1250 })),
        ("the machine is too slow", 50, marker(9500, Marker::Effort { effort: Effort::FinalsOnly })),
        ("a prepared speech goes on air", 51, marker(9700, Marker::Script { is_on_air: true })),
    ] {
        let event = Event { offset: Offset(offset), entry };
        assert_eq!(written(&ServerMessage::Event(WireEvent::from(&event))), example(name), "{name}");
    }
    let line = OpenCaption {
        segment: SegmentId(3),
        lang: Lang::Russian,
        spoken: Lang::Russian,
        span: millis(9100, 10480),
        committed: "Мы начинаем".into(),
        tentative: "нашу встречу".into(),
    };
    assert_eq!(written(&ServerMessage::Open(WireOpen::from(&line))), example("an open line"));
}

#[test]
fn a_confidence_that_is_no_number_is_zero() {
    let mut caption = Caption {
        segment: SegmentId(1),
        revision: 0,
        lang: Lang::Russian,
        spoken: Lang::Russian,
        lang_confidence: f32::NAN,
        span: TimeSpan::default(),
        text: String::new(),
        words: Vec::new(),
        author: Author::Machine,
    };
    for (confidence, expect) in [(f32::NAN, 0.0), (f32::INFINITY, 1.0), (-1.0, 0.0), (0.9996, 1.0)] {
        caption.lang_confidence = confidence;
        let event = Event { offset: Offset(1), entry: Entry::Final(caption.clone()) };
        assert_eq!(written(&WireEvent::from(&event))["lc"], json!(expect), "{confidence}");
    }
}

#[test]
fn messages_of_a_later_version_are_read_as_unknown() {
    assert_eq!(ClientMessage::decode(r#"{"t":"applause"}"#), Ok(ClientMessage::Unknown));
    let event = |text| match serde_json::from_str(text).expect("it can be read") {
        ServerMessage::Event(event) => written(&event),
        other => panic!("{other:?}"),
    };
    assert_eq!(event(r#"{"t":"ev","o":7,"k":"retract","seg":4}"#), json!({"o": 7, "k": "skip"}));
    assert_eq!(event(r#"{"t":"ev","o":7,"k":"marker","m":"applause","at":1}"#)["m"], "unknown");
    assert_eq!(serde_json::from_str::<ServerMessage>(r#"{"t":"poll","q":1}"#).expect("read"), ServerMessage::Unknown);
}

#[test]
fn a_hello_that_cannot_be_served_names_its_close_code() {
    let check = |text: &str, expect| assert_eq!(ClientMessage::decode(text).map(|_| ()), expect, "{text}");
    check(r#"{"t":"hello","v":1,"l":["kk"]}"#, Ok(()));
    check(r#"{"t":"hello","v":1,"l":["kk"],"e":null,"o":null}"#, Ok(()));
    check(r#"{"t":"hello","v":1,"l":["kk"],"e":"no epoch","o":3}"#, Ok(()));
    check(r#"{"t":"hello","v":2,"l":{"kk":1}}"#, Err(CloseCode::UnknownVersion));
    check(r#"{"t":"hello","v":0}"#, Err(CloseCode::UnknownVersion));
    for text in [
        "",
        "hello",
        "[]",
        "null",
        "{}",
        r#"{"t":7}"#,
        r#"{"t":"hello"}"#,
        r#"{"t":"hello","v":1}"#,
        r#"{"t":"hello","v":"1","l":["kk"]}"#,
        r#"{"t":"hello","v":-1,"l":["kk"]}"#,
        r#"{"t":"hello","v":1,"l":[]}"#,
        r#"{"t":"hello","v":1,"l":["en"]}"#,
        r#"{"t":"hello","v":1,"l":["kk"],"o":-1}"#,
        r#"{"t":"hello","v":1,"l":["kk"],"o":1.5}"#,
        r#"{"t":"hello","v":1,"l":["kk"],"e":5}"#,
        r#"{"t":"hello","v":1,"l":["kk"],"tail":"no"}"#,
        r#"{"t":"hello","v":1,"l":["kk"]"#,
    ] {
        check(text, Err(CloseCode::BadMessage));
    }
}
