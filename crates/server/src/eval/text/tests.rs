//! The scores of sacrebleu, on a committed set of hypotheses.

use serde::Deserialize;

use super::bleu::Bleu;
use super::chrf::Chrf;
use super::*;

/// Made by `scripts/fixtures/metrics_fixture.py`.
#[derive(Deserialize)]
struct Fixture {
    segments: Vec<Segment>,
    corpora: Vec<Corpus>,
}

#[derive(Deserialize)]
struct Segment {
    hypothesis: String,
    reference: String,
}

#[derive(Deserialize)]
struct Corpus {
    name: String,
    segments: Vec<usize>,
    bleu: f64,
    chrf: f64,
    chrfpp: f64,
}

#[test]
fn scores_are_those_of_sacrebleu() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/translate/metrics/sacrebleu.json");
    let text = std::fs::read_to_string(path).expect("the fixture");
    let fixture: Fixture = serde_json::from_str(&text).expect("the fixture's shape");
    assert!(fixture.segments.len() >= 50 && fixture.corpora.len() > fixture.segments.len());
    for corpus in &fixture.corpora {
        let (mut bleu, mut chrf) = (Bleu::default(), Chrf::default());
        for segment in corpus.segments.iter().map(|place| &fixture.segments[*place]) {
            bleu.add(&segment.hypothesis, &segment.reference);
            chrf.add(&segment.hypothesis, &segment.reference);
        }
        let check = |what: &str, value: f64, expect: f64| {
            assert!((value - expect).abs() < 1e-6, "{what} of {}: {value}, sacrebleu has {expect}", corpus.name);
        };
        check("BLEU", bleu.score(), corpus.bleu);
        check("chrF", chrf.chrf(), corpus.chrf);
        check("chrF++", chrf.chrf_plus_plus(), corpus.chrfpp);
    }
}

fn report() -> Report {
    let figures = Figures {
        bleu: 8.909_9,
        chrf: 34.5,
        chrfpp: 32.814_9,
        number_accuracy: Some(1.0 / 3.0),
        term_accuracy: None,
        latency_ms: Quantiles { p50: Some(41.234), p95: Some(88.0) },
        normalised_erasure: None,
        words_behind: None,
        hypotheses: vec!["да".into(), "нет".into()],
    };
    let direction = Direction { from: dostyq_speech::Lang::Kazakh, to: dostyq_speech::Lang::Russian };
    Report { peak_memory_mb: Some(150.0), ..Report::new("set.tsv".into(), direction, &figures) }
}

#[test]
fn the_object_has_the_keys_that_others_read() {
    assert_eq!(
        serde_json::to_string(&report()).expect("figures"),
        "{\"name\":\"set.tsv\",\"direction\":\"kk-ru\",\"pairs\":2,\"bleu\":8.91,\"chrf\":34.5,\"chrfpp\":32.81,\
         \"number_accuracy\":0.3333,\"term_accuracy\":null,\"latency_ms\":{\"p50\":41.234,\"p95\":88.0},\
         \"normalised_erasure\":null,\"words_behind\":null,\"peak_memory_mb\":150.0}"
    );
}

#[test]
fn the_table_has_a_dash_where_there_is_no_figure() {
    let table = table(&report());
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines[0].matches('|').count(), lines[1].matches('|').count());
    assert_eq!(lines[2], "| set.tsv | kk-ru | 2 | 8.91 | 34.50 | 32.81 | 33.3 % | – | 41 / 88 | – | – | 150 |");
}
