//! The decoder against transformers: tiny models of each family, in 32-bit floats, must yield the very tokens that
//! `generate` yielded when `scripts/fixtures/translate_fixture.py` made them.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{environment, open, repository};
use dostyq_speech::Lang;
use dostyq_translate::{Direction, OnnxOptions, OnnxTranslator, Search, TranslateError, Translator};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    beams: usize,
    no_repeat_ngram: usize,
    cases: Vec<Case>,
}

/// Token ids as `generate` gives them: the decoder's start, forced tokens, the translation and mostly an end.
#[derive(Deserialize)]
struct Case {
    text: String,
    from: String,
    to: String,
    forced: Vec<u32>,
    prefix: Vec<u32>,
    greedy: Vec<u32>,
    beam: Vec<u32>,
    prefix_greedy: Vec<u32>,
    prefix_beam: Vec<u32>,
}

fn fixture(family: &str) -> PathBuf {
    repository("tests/fixtures/translate").join(family)
}

/// The T5 fixture has no language tokens, like most of its family: it is opened once for each direction.
fn directions_of(family: &str) -> Vec<Option<Direction>> {
    let both = [(Lang::Kazakh, Lang::Russian), (Lang::Russian, Lang::Kazakh)];
    if family == "t5" { both.map(|(from, to)| Some(Direction { from, to })).to_vec() } else { vec![None] }
}

fn check_parity(family: &str, folder: &Path, end: u32) {
    let reference = fs::read_to_string(fixture(family).join("reference.json")).expect("the fixture is committed");
    let reference: Reference = serde_json::from_str(&reference).expect("well formed");
    let greedy = Search { no_repeat_ngram: reference.no_repeat_ngram, ..Search::GREEDY };
    let beam = Search { beams: reference.beams, ..greedy };
    let mut compared = 0;
    for only in directions_of(family) {
        let mut translator = open(folder, &OnnxOptions { direction: only, ..OnnxOptions::default() });
        for case in &reference.cases {
            let lang = |code: &str| code.parse::<Lang>().expect("a language of the hall");
            let direction = Direction { from: lang(&case.from), to: lang(&case.to) };
            if only.is_some_and(|only| only != direction) {
                continue;
            }
            let expected = |generated: &[u32]| {
                let translation = &generated[1 + case.forced.len()..];
                translation.strip_suffix(&[end]).unwrap_or(translation).to_vec()
            };
            for (prefix, how, generated) in [
                (&[][..], &greedy, &case.greedy),
                (&[][..], &beam, &case.beam),
                (&case.prefix, &greedy, &case.prefix_greedy),
                (&case.prefix, &beam, &case.prefix_beam),
            ] {
                let decoded = translator.decode(&case.text, direction, prefix, how).expect(&case.text);
                assert_eq!(decoded, expected(generated), "{family} {direction} {prefix:?} {how:?}: {}", case.text);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 4 * reference.cases.len());
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn bart_decodes_like_transformers() {
    check_parity("bart", &fixture("bart"), 2);
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn m2m100_decodes_like_transformers() {
    check_parity("m2m_100", &fixture("m2m_100"), 2);
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn marian_decodes_like_transformers() {
    check_parity("marian", &fixture("marian"), 0);
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn t5_decodes_like_transformers() {
    check_parity("t5", &fixture("t5"), 1);
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_split_decoder_decodes_like_a_merged_one() {
    let folder = copy_of_bart(&[]);
    fs::remove_file(folder.path().join("decoder_model_merged.onnx")).expect("it was copied");
    check_parity("bart", folder.path(), 2);
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_text_longer_than_the_model_is_translated_whole() {
    let mut translator = open(&fixture("bart"), &OnnxOptions::default());
    let sentence = "достық пен ынтымақ туралы, халық пен жер туралы ".repeat(20);
    assert!(translator.encode(&sentence).expect("text").len() > 5 * translator.longest_sentence());
    let direction = Direction { from: Lang::Kazakh, to: Lang::Russian };
    let error = translator.decode(&sentence, direction, &[], &Search::GREEDY).expect_err("it does not fit");
    assert!(matches!(error, TranslateError::Text { .. }), "{error}");

    let whole = translator.translate(&sentence, Lang::Kazakh, Lang::Russian).expect("cut into pieces that fit");
    let twice = translator.translate(&format!("{sentence}.\n{sentence}"), Lang::Kazakh, Lang::Russian);
    assert!(whole.split_whitespace().count() > 5, "{whole}");
    assert!(twice.expect("two sentences").ends_with(&whole));
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn odd_texts_are_no_trouble() {
    let mut translator = open(&fixture("bart"), &OnnxOptions::default());
    let mut check = |text: &str, from, to, expect: &str| {
        assert_eq!(translator.translate(text, from, to).expect(text), expect);
    };
    check("", Lang::Kazakh, Lang::Russian, "");
    check(" \n\u{7}", Lang::Kazakh, Lang::Russian, "");
    check("12:30 — 15 %", Lang::Kazakh, Lang::Russian, "12:30 — 15 %");
    check("мәтін", Lang::Kazakh, Lang::Kazakh, "мәтін");
    for text in ["🙂 </s> kaz_Cyrl <pad>", "中文 text қазақша", "а\u{0}б"] {
        translator.translate(text, Lang::Kazakh, Lang::Russian).expect(text);
    }
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_prefix_that_leaves_no_room_is_left_as_it_is() {
    let mut translator = open(&fixture("bart"), &OnnxOptions::default());
    let direction = Direction { from: Lang::Kazakh, to: Lang::Russian };
    let prefix = vec![40; 60];
    let decoded = translator.decode("Сәлем!", direction, &prefix, &Search::BEAM).expect("it fits the decoder");
    assert_eq!(decoded, prefix);
    let error = translator.decode("Сәлем!", direction, &[40; 200], &Search::BEAM).expect_err("it does not");
    assert!(matches!(error, TranslateError::Text { .. }), "{error}");
}

/// A folder with the files of the BART fixture, except that some have other contents, or none and are not there.
fn copy_of_bart(changes: &[(&str, Option<&[u8]>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in fs::read_dir(fixture("bart")).expect("the fixture is committed") {
        let file = file.expect("readable");
        fs::copy(file.path(), folder.path().join(file.file_name())).expect("copied");
    }
    for (name, contents) in changes {
        let path = folder.path().join(name);
        match contents {
            Some(contents) => fs::write(path, contents).expect("written"),
            None => fs::remove_file(path).expect("it was copied"),
        }
    }
    folder
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_folder_that_does_not_serve_is_refused_in_one_line() {
    let bart = |name: &str| fs::read(fixture("bart").join(name)).expect("the fixture is committed");
    let config = String::from_utf8(bart("config.json")).expect("text");
    let with_vocabulary = |size: &str| config.replace("\"vocab_size\": 320", &format!("\"vocab_size\": {size}"));
    let refused = |changes: &[(&str, Option<&[u8]>)], options: &OnnxOptions, expect: &str| {
        let folder = copy_of_bart(changes);
        let error = OnnxTranslator::open(environment(), folder.path(), options).map(|_| ()).expect_err(expect);
        let message = error.to_string().replace(&folder.path().display().to_string(), "X");
        assert!(message.starts_with(expect) && !message.contains('\n'), "{message}");
    };
    let plain = OnnxOptions::default();
    refused(&[("encoder_model.onnx", None)], &plain, "X holds no encoder_model_quantized.onnx or encoder_model.onnx");
    let encoder = &bart("encoder_model.onnx");
    refused(&[("encoder_model.onnx", Some(&encoder[..9000]))], &plain, "X/encoder_model.onnx is unusable (");
    refused(&[("tokenizer.json", Some(b"{}"))], &plain, "X/tokenizer.json is unusable (");
    refused(
        &[("config.json", Some(with_vocabulary("200").as_bytes()))],
        &plain,
        "X/tokenizer.json has token ids up to",
    );
    refused(
        &[("config.json", Some(with_vocabulary("400").as_bytes()))],
        &plain,
        "X/decoder_model_merged.onnx is unusable (it scores 320 tokens where its configuration has 400)",
    );
    // An encoder in the decoder's place: its inputs give it away.
    refused(
        &[("decoder_model_merged.onnx", Some(encoder))],
        &plain,
        "X/decoder_model_merged.onnx is unusable (its input attention_mask is unknown)",
    );
    let other_tokenizer = fs::read(fixture("t5").join("tokenizer.json")).expect("the fixture is committed");
    refused(&[("tokenizer.json", Some(&other_tokenizer))], &plain, "X/tokenizer.json is unusable (it has no <s>)");
    #[cfg(not(feature = "cuda"))]
    refused(
        &[],
        &OnnxOptions { device: dostyq_translate::Device::Cuda(0), ..plain.clone() },
        "CUDA cannot be used (this program was built without it): ",
    );

    let error = OnnxTranslator::open(environment(), &fixture("t5"), &plain).expect_err("it does not say");
    assert!(matches!(error, TranslateError::DirectionUnknown { .. }), "{error}");
    let only = Some(Direction { from: Lang::Kazakh, to: Lang::Russian });
    let mut one_way = open(&fixture("t5"), &OnnxOptions { direction: only, ..plain });
    let error = one_way.translate("Привет", Lang::Russian, Lang::Kazakh).expect_err("the other way");
    assert!(error.to_string().ends_with("does not translate ru-kk: configure one that does"), "{error}");
}
