//! Sentences of two texts paired by length.
//!
//! The method is that of Gale and Church, "A Program for Aligning Sentences in Bilingual Corpora" (Computational
//! Linguistics 19(1), 1993), with its constants: the cheapest chain of beads, each of one or two sentences a side or of
//! one sentence without a partner, by how far the lengths are from what is usual. On top come the cues of Simard, Foster
//! and Isabelle, "Using Cognates to Align Sentences in Bilingual Corpora" (TMI 1992): numbers, and words that sound alike.

use std::collections::BTreeSet;
use std::ops::Range;

use dostyq_speech::Lang;
use serde::{Deserialize, Serialize};

use crate::fold::{Sound, fold};

/// Why a pair deserves a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// The text is in one language alone: in the other one the machine translates.
    NoPartner,
    /// One side is much longer than the other.
    Lengths,
    /// The sides have different numbers.
    Numbers,
}

/// Sentences that belong together; one of the ranges is empty where there is no partner.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bead {
    pub(crate) left: Range<usize>,
    pub(crate) right: Range<usize>,
    pub(crate) doubt: Option<Doubt>,
}

/// Russian letters for a Kazakh one, and the variance of that count for each letter (c and s² of Gale and Church, who have
/// 1 and 6.8 for languages of Europe). Measured on 519 pairs of FLORES-200 dev.
const RATIO: f64 = 1.06;
const VARIANCE: f64 = 3.5;
/// The kinds of beads, sentences left and right, with the negative natural logarithm of how common they are (Gale and
/// Church, table 5; the joint kinds halved).
const KINDS: [(usize, usize, f64); 6] =
    [(1, 1, 0.117), (1, 0, 5.31), (0, 1, 5.31), (1, 2, 3.11), (2, 1, 3.11), (2, 2, 4.51)];
/// What a number that both sides have takes off the cost, and what one that only one has adds.
const SHARED_NUMBER: f64 = 2.5;
const LONELY_NUMBER: f64 = 2.5;
/// What a word that sounds alike takes off, and how many count.
const COGNATE: f64 = 0.8;
const MOST_COGNATES: usize = 5;
/// Sounds at the beginning of a word that must be alike; inflection changes the end.
const STEM: usize = 5;
/// Deviations from the usual length from which a pair is doubtful.
const STRANGE_LENGTHS: f64 = 2.2;

struct Sentence {
    letters: f64,
    numbers: BTreeSet<String>,
    stems: BTreeSet<Vec<Sound>>,
}

impl Sentence {
    fn of(text: &str, lang: Lang) -> Sentence {
        let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
        let stems = text.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
        Sentence {
            letters: text.chars().filter(|c| c.is_alphanumeric()).count() as f64,
            numbers: numbers.map(str::to_owned).collect(),
            stems: stems.map(|word| fold(word, lang)).filter(|w| w.len() >= STEM).map(|w| w[..STEM].to_vec()).collect(),
        }
    }
}

/// A stretch of sentences as one.
struct Side {
    letters: f64,
    numbers: BTreeSet<String>,
    stems: BTreeSet<Vec<Sound>>,
}

impl Side {
    fn of(sentences: &[Sentence]) -> Side {
        Side {
            letters: sentences.iter().map(|s| s.letters).sum(),
            numbers: sentences.iter().flat_map(|s| s.numbers.iter().cloned()).collect(),
            stems: sentences.iter().flat_map(|s| s.stems.iter().cloned()).collect(),
        }
    }
}

/// Pairs the sentences of a Kazakh text (left) with those of a Russian one; each sentence is in exactly one bead.
///
/// Takes time and memory in proportion to the product of the two counts.
pub(crate) fn align(left: &[&str], right: &[&str]) -> Vec<Bead> {
    let left: Vec<_> = left.iter().map(|text| Sentence::of(text, Lang::Kazakh)).collect();
    let right: Vec<_> = right.iter().map(|text| Sentence::of(text, Lang::Russian)).collect();
    let width = right.len() + 1;
    let mut best = vec![(f64::INFINITY, 0usize); (left.len() + 1) * width];
    best[0].0 = 0.0;
    for i in 0..=left.len() {
        for j in 0..=right.len() {
            for (kind, (a, b, rarity)) in KINDS.into_iter().enumerate() {
                if a > i || b > j {
                    continue;
                }
                let so_far = best[(i - a) * width + j - b].0;
                if so_far >= best[i * width + j].0 {
                    continue;
                }
                let cost = so_far + rarity + misfit(&left[i - a..i], &right[j - b..j]);
                if cost < best[i * width + j].0 {
                    best[i * width + j] = (cost, kind);
                }
            }
        }
    }
    let (mut i, mut j) = (left.len(), right.len());
    let mut beads = Vec::new();
    while i + j > 0 {
        let (a, b, _) = KINDS[best[i * width + j].1];
        let doubt = doubt(&left[i - a..i], &right[j - b..j]);
        beads.push(Bead { left: i - a..i, right: j - b..j, doubt });
        (i, j) = (i - a, j - b);
    }
    beads.reverse();
    beads
}

/// How little two stretches look like translations of each other; about 1 for a usual pair, less with cues.
fn misfit(left: &[Sentence], right: &[Sentence]) -> f64 {
    if left.is_empty() || right.is_empty() {
        return 0.0;
    }
    let (left, right) = (Side::of(left), Side::of(right));
    let shared = left.numbers.intersection(&right.numbers).count() as f64;
    let lonely = left.numbers.symmetric_difference(&right.numbers).count() as f64;
    let cognates = left.stems.intersection(&right.stems).count().min(MOST_COGNATES) as f64;
    tail_cost(deviation(&left, &right)) + LONELY_NUMBER * lonely - SHARED_NUMBER * shared - COGNATE * cognates
}

/// By how many standard deviations the lengths are off (Gale and Church, equation for δ).
fn deviation(left: &Side, right: &Side) -> f64 {
    let mean = (left.letters + right.letters / RATIO) / 2.0;
    (right.letters - left.letters * RATIO).abs() / (mean.max(1.0) * VARIANCE).sqrt()
}

/// The negative logarithm of the probability that a normal variable is at least so far off, either way.
fn tail_cost(deviation: f64) -> f64 {
    // Abramowitz and Stegun, 26.2.17; error below 7.5e-8, and below the smallest probability that matters here.
    let t = 1.0 / (1.0 + 0.231_641_9 * deviation);
    let poly =
        t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let density = (-deviation * deviation / 2.0).exp() / std::f64::consts::TAU.sqrt();
    -(2.0 * density * poly).max(1e-30).ln()
}

fn doubt(left: &[Sentence], right: &[Sentence]) -> Option<Doubt> {
    if left.is_empty() || right.is_empty() {
        return Some(Doubt::NoPartner);
    }
    let (left, right) = (Side::of(left), Side::of(right));
    if left.numbers != right.numbers {
        return Some(Doubt::Numbers);
    }
    (deviation(&left, &right) > STRANGE_LENGTHS).then_some(Doubt::Lengths)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each bead as `kk+ru`, such as `0+0` or `1,2+1` or `3+-`.
    fn check(kk: &[&str], ru: &[&str], expect: &str) {
        let side = |range: &Range<usize>| {
            let numbers: Vec<_> = range.clone().map(|n| n.to_string()).collect();
            if numbers.is_empty() { "-".to_owned() } else { numbers.join(",") }
        };
        let beads: Vec<_> = align(kk, ru).iter().map(|b| format!("{}+{}", side(&b.left), side(&b.right))).collect();
        assert_eq!(beads.join(" "), expect);
    }

    const KK: [&str; 4] = [
        "Құрметті форумға қатысушылар, ханымдар мен мырзалар!",
        "Бүгін біз Астанада бас қостық.",
        "Биыл елімізде 350 жаңа мектеп салынды, олардың жартысы ауылдық жерлерде.",
        "Бұл — үлкен жетістік.",
    ];
    const RU: [&str; 4] = [
        "Уважаемые участники форума, дамы и господа!",
        "Сегодня мы собрались в Астане.",
        "В этом году в стране построено 350 новых школ, половина из них в сельской местности.",
        "Это большое достижение.",
    ];

    #[test]
    fn sentences_find_their_partners() {
        check(&KK, &RU, "0+0 1+1 2+2 3+3");
    }

    #[test]
    fn a_sentence_that_is_missing_leaves_its_partner_alone() {
        check(&KK, &[RU[0], RU[1], RU[3]], "0+0 1+1 2+- 3+2");
        check(&[KK[0], KK[1], KK[3]], &RU, "0+0 1+1 -+2 2+3");
        check(&KK, &[], "0+- 1+- 2+- 3+-");
        check(&[], &[], "");
    }

    #[test]
    fn two_short_sentences_are_one_long_one() {
        let joined = format!("{} {}", RU[1].trim_end_matches('.'), RU[2]);
        check(&KK, &[RU[0], &joined, RU[3]], "0+0 1,2+1 3+2");
    }

    #[test]
    fn other_numbers_and_strange_lengths_are_doubtful() {
        let doubts = |kk: &[&str], ru: &[&str]| align(kk, ru).iter().map(|bead| bead.doubt).collect::<Vec<_>>();
        assert_eq!(doubts(&KK, &RU), [None; 4]);
        let wrong = RU[2].replace("350", "305");
        assert_eq!(doubts(&KK, &[RU[0], RU[1], &wrong, RU[3]]), [None, None, Some(Doubt::Numbers), None]);
        let long = "Это большое достижение нашей страны и всех нас.";
        assert_eq!(doubts(&KK, &[RU[0], RU[1], RU[2], long])[3], Some(Doubt::Lengths));
    }

    #[test]
    fn the_tail_of_the_normal_distribution_is_that_of_the_tables() {
        for (deviation, probability) in [(0.0, 1.0), (1.0, 0.317_31), (1.96, 0.05), (3.0, 0.0027)] {
            assert!(((-tail_cost(deviation)).exp() - probability).abs() < 1e-4, "{deviation}");
        }
    }
}
