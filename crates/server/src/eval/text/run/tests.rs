use dostyq_speech::Lang;

use dostyq_translate::{SentenceRequest, TargetWord, TranslateError};

use super::*;

const DIRECTION: Direction = Direction { from: Lang::Kazakh, to: Lang::Russian };

fn pairs(text: &str) -> Vec<Pair> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("set.tsv");
    std::fs::write(&path, text).expect("writable");
    super::super::pairs::read(&path).expect("pairs")
}

/// Translates into capitals.
#[derive(Default)]
struct ScriptedTranslator {
    asked: Vec<String>,
}

impl Translator for ScriptedTranslator {
    fn sentence(&mut self, request: &SentenceRequest<'_>) -> Result<Vec<TargetWord>, TranslateError> {
        self.asked.push(request.sentence.to_owned());
        let words = request.sentence.split_whitespace();
        Ok(words.map(|word| TargetWord { text: word.to_uppercase(), tokens: vec![1] }).collect())
    }

    fn pieces<'t>(&self, sentence: &'t str, _: Direction) -> Result<Vec<&'t str>, TranslateError> {
        Ok(vec![sentence])
    }
}

#[test]
fn a_sentence_grows_word_by_word() {
    let check = |text, expect: &[&str]| assert_eq!(beginnings(text).collect::<Vec<_>>(), expect, "{text:?}");
    check("", &[]);
    check("бір", &["бір"]);
    check(" бір,  екі ", &[" бір,", " бір,  екі"]);
}

#[test]
fn what_stays_is_scored() {
    let mut translator = ScriptedTranslator::default();
    let pairs = pairs("бір екі үш төрт\tБІР ЕКІ ҮШ ТӨРТ\n");
    let figures = live(&mut translator, &pairs, DIRECTION, &Arc::default()).expect("scripted");
    assert_eq!(translator.asked, ["бір", "бір екі", "бір екі үш", "бір екі үш төрт", "бір екі үш төрт"]);
    assert!((figures.bleu - 100.0).abs() < 1e-9 && (figures.chrf - 100.0).abs() < 1e-9, "{figures:?}");
    assert_eq!(figures.normalised_erasure, Some(0.0), "what is committed stays");
    assert!(figures.latency_ms.p50.is_some());
}

#[test]
fn numbers_and_terms_are_summed_over_sentences() {
    let (glossary, _) = Glossary::parse("g.tsv".as_ref(), "мектеп\tшкола\n".as_bytes());
    let pairs = pairs("Мектепте 12 сынып, 3 бала.\tа\nМектеп 4.\tа\nОны бар.\tа\n");
    let mut translator = ScriptedTranslator::default();
    let figures = whole(&mut translator, &pairs, DIRECTION, &Arc::new(Knowledge { glossary, ..Knowledge::default() }))
        .expect("scripted");
    assert_eq!(figures.number_accuracy, Some(1.0), "digits stay in capitals");
    assert_eq!(figures.term_accuracy, Some(0.0), "none of the two is translated");
    assert_eq!(figures.hypotheses.len(), 3);
}
