use dostyq_speech::Lang;

use super::*;
use crate::eval::text::Tally;

const DIRECTION: Direction = Direction { from: Lang::Kazakh, to: Lang::Russian };

fn pairs(text: &str) -> Vec<Pair> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("set.tsv");
    std::fs::write(&path, text).expect("writable");
    super::super::pairs::read(&path).expect("pairs")
}

/// Shows so many words as have been said, and the last one in capitals until the end.
#[derive(Default)]
struct ScriptedPolicy {
    calls: Vec<String>,
}

impl LivePolicy for ScriptedPolicy {
    fn begin(&mut self, direction: Direction) {
        self.calls.push(direction.to_string());
    }

    fn grow(&mut self, source: &str) -> anyhow::Result<String> {
        self.calls.push(source.to_owned());
        let (before, last) = source.rsplit_once(' ').unwrap_or(("", source));
        Ok(format!("{before} {}", last.to_uppercase()))
    }

    fn finish(&mut self, source: &str) -> anyhow::Result<String> {
        self.calls.push(format!("{source}!"));
        Ok(source.to_owned())
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
fn what_stays_is_scored_and_what_went_is_counted() {
    let mut policy = ScriptedPolicy::default();
    let pairs = pairs("бір екі үш төрт\tбір екі үш төрт\n");
    let figures = live(&mut policy, &pairs, DIRECTION, &mut Checks::default()).expect("scripted");
    let calls = ["kk-ru", "бір", "бір екі", "бір екі үш", "бір екі үш төрт", "бір екі үш төрт!"];
    assert_eq!(policy.calls, calls);
    assert!((figures.bleu - 100.0).abs() < 1e-9 && (figures.chrf - 100.0).abs() < 1e-9, "{figures:?}");
    assert_eq!(figures.normalised_erasure, Some(1.0), "each of four words was shown in capitals first");
    assert!(figures.latency_ms.p50.is_some() && figures.number_accuracy.is_none());
}

#[test]
fn checks_are_summed_over_sentences() {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let numbers = move |source: &str, hypothesis: &str| {
        let all = digits(source);
        Tally { right: digits(hypothesis).min(all), all }
    };
    let mut checks = Checks { numbers: Some(Box::new(numbers)), terms: None };
    let pairs = pairs("1 2 3\tа\n4\tа\nбір\tа\n");
    let figures = live(&mut ScriptedPolicy::default(), &pairs, DIRECTION, &mut checks).expect("scripted");
    assert_eq!((figures.number_accuracy, figures.term_accuracy), (Some(1.0), None));
    assert_eq!(figures.hypotheses, ["1 2 3", "4", "бір"]);
}
