//! `dostyq models trim`: a model without the tokens of other languages translates as before.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use dostyq_speech::Lang;
use dostyq_translate::{OnnxOptions, OnnxTranslator, Precision, Search, Translator};
use ort::environment::Environment;

const SENTENCES: [(Lang, &str); 12] = [
    (Lang::Kazakh, "Құрметті қонақтар, форумға қош келдіңіздер!"),
    (Lang::Kazakh, "Бүгін біз достық пен ынтымақ туралы сөйлесеміз."),
    (Lang::Kazakh, "Қазақстан халқы ассамблеясы 1995 жылы құрылды."),
    (Lang::Kazakh, "Ғалымдар жаңа жобаны таныстырды, сұрақтарыңызды қойыңыздар."),
    (Lang::Kazakh, "Мектептерде үш тілде сабақ өтеді."),
    (Lang::Kazakh, "Су."),
    (Lang::Russian, "Уважаемые гости, добро пожаловать на форум!"),
    (Lang::Russian, "Сегодня мы поговорим о дружбе и согласии."),
    (Lang::Russian, "Ассамблея народа Казахстана создана в 1995 году."),
    (Lang::Russian, "Учёные представили новый проект, задавайте вопросы."),
    (Lang::Russian, "В школах уроки идут на трёх языках."),
    (Lang::Russian, "Вода."),
];

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/trim")
}

fn trim(from: &Path, out: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dostyq"));
    command.args(["models", "trim"]).args([from, out]).args(more).output().expect("the program runs")
}

/// What a model makes of the sentences, greedily and with four beams.
fn translations(folder: &Path, precision: Precision) -> Vec<String> {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    let environment = ENVIRONMENT.get_or_init(|| {
        let library = std::env::var("DOSTYQ_ONNXRUNTIME").expect("DOSTYQ_ONNXRUNTIME: run scripts/test, which sets it");
        ort::init_from(&library).expect(&library).build().expect("the first environment of the process")
    });
    let mut found = Vec::new();
    for search in [Search::GREEDY, Search::BEAM] {
        let options = OnnxOptions { precision, search, ..OnnxOptions::default() };
        let mut translator = OnnxTranslator::open(environment, folder, &options).expect("it is whole");
        for (from, text) in SENTENCES {
            let to = if from == Lang::Kazakh { Lang::Russian } else { Lang::Kazakh };
            found.push(translator.translate(text, from, to).expect(text));
        }
    }
    found
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_trimmed_model_translates_as_before() {
    let work = tempfile::tempdir().expect("a temporary folder");
    let out = work.path().join("trimmed");
    let output = trim(&fixture(), &out, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for precision in [Precision::Fp32, Precision::Int8] {
        let before = translations(&fixture(), precision);
        assert_eq!(translations(&out, precision), before, "{precision:?}");
        // Sentences that differ, or the comparison would show little.
        let mut different = before.clone();
        different.sort();
        different.dedup();
        assert!(different.len() >= before.len() / 2, "{before:?}");
    }
}

#[test]
fn the_command_tells_what_it_did_and_refuses_what_it_cannot_do() {
    let work = tempfile::tempdir().expect("a temporary folder");
    let (out, corpus) = (work.path().join("trimmed"), work.path().join("corpus.tsv"));
    fs::write(&corpus, "Welcome қонақтар\tгости\n").expect("written");
    let corpus = corpus.to_str().expect("a plain path");
    let output = trim(&fixture(), &out, &["--corpus", corpus]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains(" tokens, 100.00 % of the texts, ") && told.ends_with(" MB\n"), "{told}");

    let again = trim(&fixture(), &out, &[]);
    let error = String::from_utf8_lossy(&again.stderr);
    assert_eq!(again.status.code(), Some(2));
    assert!(error.contains("is there already; name a new folder"), "{error}");
    let none = trim(&work.path().join("none"), &work.path().join("other"), &[]);
    assert_eq!(none.status.code(), Some(2));
}
