//! The engine against what reference programs make of the same sound: see `tests/fixtures/ctc`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use dostyq_speech::{Lang, SampleTime, SegmentId, TimeSpan, Word, join_words};
use serde_json::Value;

use super::*;

/// The process's handle to the ONNX Runtime library that `DOSTYQ_ONNXRUNTIME` names.
fn environment() -> &'static Environment {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let library = std::env::var("DOSTYQ_ONNXRUNTIME")
            .expect("DOSTYQ_ONNXRUNTIME must name the ONNX Runtime library: run scripts/test, which sets it");
        ort::init_from(&library).expect(&library).build().expect("the first environment of the process")
    })
}

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/ctc").join(path)
}

fn reference() -> Value {
    let text = std::fs::read_to_string(fixture("reference.json")).expect("the reference");
    serde_json::from_str(&text).expect("the reference")
}

fn cases(reference: &Value) -> &[Value] {
    let cases = reference["cases"].as_array().expect("cases");
    assert!(!cases.is_empty());
    cases
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number")) as usize
}

fn numbers(value: &Value) -> Vec<usize> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list")).iter().map(number).collect()
}

fn open(folder: &Path, beam: usize) -> CtcRecogniser {
    CtcRecogniser::open(environment(), folder, &CtcOptions { beam, ..CtcOptions::default() })
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The first samples of the fixture's sound, as an utterance that begins at 2 s.
fn utterance(length: usize) -> Utterance {
    let bytes = std::fs::read(fixture("signal.s16")).expect("the sound");
    let samples = bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0);
    let samples: Vec<f32> = samples.take(length).collect();
    assert_eq!(samples.len(), length);
    let start = SampleTime::from_millis(2_000);
    let voiced = TimeSpan::new(start, start + length as u64);
    let (segment, heard_until) = (SegmentId(1), voiced.end);
    Utterance { segment, start, samples, voiced, voiced_secs: voiced.length_secs(), heard_until, is_final: false }
}

fn hear(engine: &mut CtcRecogniser, length: usize, lang: LangChoice, committed: &[Word]) -> Recognition {
    let utterance = utterance(length);
    engine
        .recognise(&Request { utterance: &utterance, lang, prior: 0.0, committed, reminders: &[], expected: None })
        .expect("the fixture's sound")
}

#[test]
fn features_are_those_of_the_reference() {
    let reference = reference();
    let expected = &reference["features"];
    let features = LogMel::new().of(&utterance(number(&expected["samples"])).samples);
    let rows = expected["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), features.nrows());
    for (band, (row, ours)) in rows.iter().zip(features.rows()).enumerate() {
        let theirs: Vec<f32> = row.as_array().expect("a row").iter().filter_map(|v| Some(v.as_f64()? as f32)).collect();
        assert_eq!(theirs.len(), ours.len());
        for (frame, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
            assert!((theirs - ours).abs() < 1e-3, "band {band}, frame {frame}: {theirs} and {ours}");
        }
    }
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn greedy_decoding_is_that_of_the_reference() {
    let reference = reference();
    // The same network, told the lengths and not.
    for folder in [fixture(""), fixture("without-lengths")] {
        let mut engine = open(&folder, 1);
        for case in cases(&reference) {
            let (length, expected) = (number(&case["samples"]), &case["greedy"]);
            let decoded = engine.decode(&utterance(length)).expect("the fixture's sound");
            let ids: Vec<usize> = decoded.tokens.iter().map(|token| token.id).collect();
            let frames: Vec<usize> = decoded.tokens.iter().map(|token| token.first).collect();
            assert_eq!((ids, frames), (numbers(&expected["ids"]), numbers(&expected["frames"])), "{length} samples");
            let log_probability = expected["log_probability"].as_f64().expect("a number") as f32;
            assert!((decoded.log_probability - log_probability).abs() < 1e-3, "{}", decoded.log_probability);
        }
    }
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn beams_find_what_the_reference_finds() {
    let reference = reference();
    let mut differ = 0;
    for case in cases(&reference) {
        let length = number(&case["samples"]);
        for expected in case["beams"].as_array().expect("beams") {
            let width = number(&expected["width"]);
            let decoded = open(&fixture(""), width).decode(&utterance(length)).expect("the fixture's sound");
            let ids: Vec<usize> = decoded.tokens.iter().map(|token| token.id).collect();
            let frames: Vec<usize> = decoded.tokens.iter().map(|token| token.first).collect();
            let at = format!("{length} samples, a beam of {width}");
            assert_eq!((&ids, frames), (&numbers(&expected["ids"]), numbers(&expected["frames"])), "{at}");
            let log_probability = expected["log_probability"].as_f64().expect("a number") as f32;
            assert!((decoded.log_probability - log_probability).abs() < 1e-3, "{at}: {}", decoded.log_probability);
            differ += usize::from(ids != numbers(&case["greedy"]["ids"]));
        }
    }
    assert!(differ > 0, "a fixture in which a beam finds nothing else proves nothing");
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn words_have_the_times_of_their_frames() {
    let reference = reference();
    let mut engine = open(&fixture(""), 1);
    for case in cases(&reference) {
        let length = number(&case["samples"]);
        let Recognition { hypothesis, signals } = hear(&mut engine, length, LangChoice::Auto, &[]);
        let start = SampleTime::from_millis(2_000);
        let words: Vec<_> = hypothesis
            .words
            .iter()
            .map(|word| {
                let (from, to) = (word.span.start.samples_since(start), word.span.end.samples_since(start));
                (word.text.to_lowercase(), from as usize, to as usize)
            })
            .collect();
        let expected: Vec<_> = case["greedy"]["words"]
            .as_array()
            .expect("words")
            .iter()
            .map(|word| (word[0].as_str().expect("a text").to_owned(), number(&word[1]), number(&word[2])))
            .collect();
        assert_eq!(words, expected, "{length} samples");
        assert!(words.windows(2).all(|pair| pair[0].2 <= pair[1].1) && words.iter().all(|word| word.2 <= length));
        assert!(hypothesis.words.iter().all(|word| word.confidence > 0.0 && word.confidence < 1.0));
        assert!(signals.mean_log_probability < 0.0 && signals.no_speech_probability == 0.0 && !signals.looped);
    }
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_growing_utterance_keeps_what_is_committed() {
    let mut engine = open(&fixture(""), 1);
    let first = hear(&mut engine, 32_000, LangChoice::Auto, &[]).hypothesis;
    assert!(first.words[0].text.starts_with(char::is_uppercase), "{}", first.words[0].text);
    // What is committed stays as it is, even if it was heard otherwise.
    let mut committed = first.words[..3].to_vec();
    committed[1].text = "иначе".into();
    let second = hear(&mut engine, 51_200, LangChoice::Auto, &committed).hypothesis;
    assert_eq!(second.words[..3], committed);
    assert_eq!(second.words[3], first.words[3]);
    assert!(second.words.len() > first.words.len());
    assert!(second.words.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
    assert!(second.words[3..].iter().all(|word| word.text.starts_with(char::is_lowercase)), "{second:?}");
    // All is committed already.
    let all = hear(&mut engine, 51_200, LangChoice::Auto, &second.words);
    assert_eq!((all.hypothesis.words, all.signals.mean_log_probability), (second.words, 0.0));
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn the_language_is_the_given_one_or_that_of_the_letters() {
    let mut engine = open(&fixture(""), 1);
    for lang in [Lang::Kazakh, Lang::Russian] {
        let heard = hear(&mut engine, 51_200, LangChoice::Fixed(lang), &[]).hypothesis;
        assert_eq!((heard.lang, heard.lang_confidence), (lang, 1.0));
    }
    let heard = hear(&mut engine, 51_200, LangChoice::Auto, &[]).hypothesis;
    let text = join_words(&heard.words).to_lowercase();
    assert_eq!((heard.lang, heard.lang_confidence), letters::scores(&text).decide(0.0), "{text}");
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn too_little_sound_has_no_words_and_more_than_half_a_minute_has() {
    let mut engine = open(&fixture(""), 1);
    for length in [0, 1, 319] {
        let heard = hear(&mut engine, length, LangChoice::Auto, &[]);
        assert_eq!((heard.hypothesis.words, heard.signals.mean_log_probability), (vec![], 0.0), "{length} samples");
    }
    let mut long = utterance(51_200);
    long.samples = long.samples.repeat(12);
    let request = Request {
        utterance: &long,
        lang: LangChoice::Auto,
        prior: 0.0,
        committed: &[],
        reminders: &[],
        expected: None,
    };
    let words = engine.recognise(&request).expect("38 s").hypothesis.words;
    assert!(words.last().expect("words").span.start > SampleTime::from_millis(2_000 + 35_000));
    assert!(words.last().expect("words").span.end <= long.span().end);
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn what_does_not_fit_is_refused_when_it_is_opened() {
    let check = |files: &[(&str, &Path)], vocabulary: &str, expect: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, source) in files {
            std::fs::copy(source, folder.path().join(name)).expect("a copy");
        }
        std::fs::write(folder.path().join("vocab.txt"), vocabulary).expect("a file");
        match CtcRecogniser::open(environment(), folder.path(), &CtcOptions::default()) {
            Ok(_) => panic!("opened, and expected: {expect}"),
            Err(error @ RecogniseError::Load { .. }) => assert!(error.to_string().contains(expect), "{error}"),
            Err(other) => panic!("{other}"),
        }
    };
    let network = fixture("without-lengths/model.onnx");
    let whole = std::fs::read_to_string(fixture("without-lengths/vocab.txt")).expect("the vocabulary");
    check(&[("model.onnx", &network)], "а 0\n<blk> 1\n", "it scores 71 tokens, and the vocabulary has 2");
    check(&[("model.onnx", &network)], "а 0\n", "vocab.txt cannot be loaded (it has no <blk>)");
    check(&[("model.onnx", &fixture("signal.s16"))], &whole, "model.onnx cannot be loaded (");
    check(&[], &whole, "the folder has none of");
}
