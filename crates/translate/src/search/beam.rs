use std::cmp::Ordering;

use super::{Rules, Search, Steps};
use crate::TranslateError;

/// A translation in the making: the prompt, then what was chosen.
struct Row {
    tokens: Vec<u32>,
    /// The sum of the chosen tokens' log-probabilities.
    score: f32,
}

/// A row and a token that may follow.
#[derive(Clone, Copy)]
struct Candidate {
    row: usize,
    token: u32,
    score: f32,
}

/// Keeps the `beams` likeliest rows and, apart from them, the `beams` best that have ended, whose score is divided by
/// a power of their length; stops when no row promises, at its present length, to beat the worst of the ended.
pub(super) fn search(steps: &mut impl Steps, rules: &Rules, search: &Search) -> Result<Vec<u32>, TranslateError> {
    let mut rows = vec![Row { tokens: rules.prompt(), score: 0.0 }];
    let mut ended: Vec<Row> = Vec::new();
    let mut logits = steps.start(&rows[0].tokens)?;
    // So many candidates that, though every row may end in each of the ways there are, `beams` go on.
    let width = (1 + rules.ends.len()).max(2) * search.beams;

    for length in 1 + rules.forced.len().. {
        let by_length = (length as f32).powf(search.length_penalty);
        let mut going: Vec<Candidate> = Vec::new();
        for (rank, candidate) in candidates(&mut logits, &rows, rules, search, width).into_iter().enumerate() {
            if rules.ends.contains(&candidate.token) || length == rules.longest {
                // Those beyond the beam are spares to go on with, too unlikely to end the search.
                if rank < search.beams {
                    ended.push(Row { score: candidate.score / by_length, ..extended(&rows, candidate) });
                }
            } else if going.len() < search.beams {
                going.push(candidate);
            }
        }
        ended.sort_by(|a, b| descending(a.score, b.score));
        ended.truncate(search.beams);

        let Some(most_promising) = going.first() else { break };
        let is_decided = ended.len() == search.beams
            && ended.last().is_some_and(|worst| most_promising.score / by_length <= worst.score);
        if is_decided {
            break;
        }
        let parents: Vec<usize> = going.iter().map(|candidate| candidate.row).collect();
        let tokens: Vec<u32> = going.iter().map(|candidate| candidate.token).collect();
        logits = steps.advance(&parents, &tokens)?;
        rows = going.into_iter().map(|candidate| extended(&rows, candidate)).collect();
    }

    // Where every token is forbidden nothing ends; what there is by then is the translation.
    let best = ended.into_iter().chain(rows).next();
    let mut chosen = best.map(|row| row.tokens).unwrap_or_default().split_off(1 + rules.forced.len());
    if chosen.last().is_some_and(|token| rules.ends.contains(token)) {
        chosen.pop();
    }
    Ok(chosen)
}

fn extended(rows: &[Row], candidate: Candidate) -> Row {
    Row { tokens: [&rows[candidate.row].tokens[..], &[candidate.token]].concat(), score: candidate.score }
}

/// The `width` likeliest continuations of all rows together, the likeliest first.
fn candidates(logits: &mut [f32], rows: &[Row], rules: &Rules, search: &Search, width: usize) -> Vec<Candidate> {
    let vocabulary = logits.len() / rows.len();
    let mut all = Vec::with_capacity(rows.len() * width);
    for (index, (row, logits)) in rows.iter().zip(logits.chunks_exact_mut(vocabulary)).enumerate() {
        // Forbidden tokens take their share of the probability with them: the others do not become likelier.
        let total = log_sum_exp(logits);
        rules.apply(logits, &row.tokens, search.no_repeat_ngram);
        all.extend(highest(logits, width).into_iter().map(|token| Candidate {
            row: index,
            token: token as u32,
            score: row.score + (logits[token] - total),
        }));
    }
    all.sort_by(|a, b| descending(a.score, b.score));
    all.truncate(width);
    all
}

fn descending(a: f32, b: f32) -> Ordering {
    b.total_cmp(&a)
}

/// The logarithm of the sum of the exponentials: what turns a logit into a log-probability when taken from it.
pub(super) fn log_sum_exp(logits: &[f32]) -> f32 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    highest + logits.iter().map(|logit| f64::from((logit - highest).exp())).sum::<f64>().ln() as f32
}

/// The places of the `count` highest values, the highest first, the first of equals first; values that are not finite
/// do not count.
fn highest(values: &[f32], count: usize) -> Vec<usize> {
    let mut best: Vec<usize> = Vec::with_capacity(count + 1);
    for (place, value) in values.iter().enumerate() {
        let is_worth_a_look = best.len() < count || best.last().is_some_and(|worst| *value > values[*worst]);
        if is_worth_a_look && value.is_finite() {
            let rank = best.partition_point(|other| values[*other] >= *value);
            best.insert(rank, place);
            best.truncate(count);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ScriptedSteps, rules};
    use super::*;

    const TWO: Search = Search { beams: 2, ..Search::BEAM };

    /// Greedy search falls for 2, after which nothing is likely; 3 is a little less likely and then sure.
    const TRAP: &[(&[u32], &[f32])] =
        &[(&[0], &[0.0, 0.05, 0.5, 0.45]), (&[2], &[0.0, 0.34, 0.33, 0.33]), (&[3], &[0.0, 0.98, 0.01, 0.01])];

    fn run(table: &'static [(&'static [u32], &'static [f32])], rules: &Rules, how: &Search) -> (Vec<u32>, Vec<usize>) {
        let mut steps = ScriptedSteps::new(table);
        let found = search(&mut steps, rules, how).expect("a script does not fail");
        (found, steps.widths)
    }

    #[test]
    fn the_likeliest_whole_is_found() {
        assert_eq!(run(TRAP, &rules(9), &TWO).0, [3]);
    }

    #[test]
    fn forced_tokens_lead_and_forbidden_ones_never_follow() {
        assert_eq!(run(TRAP, &Rules { forced: &[2], ..rules(9) }, &TWO).0, [3]);
        assert_eq!(run(TRAP, &Rules { banned: &[3], ..rules(9) }, &TWO).0, [2]);
        // Without its end and with one row left the search goes on to the limit.
        assert_eq!(run(TRAP, &Rules { banned: &[1, 3], ..rules(3) }, &TWO).0, [2, 2, 2]);
    }

    #[test]
    fn a_higher_length_penalty_favours_the_longer() {
        // Ending at once: ln 0.5 = -0.69. Going on: ln 0.45 = -0.80, then sure twice.
        const LONGER: &[(&[u32], &[f32])] =
            &[(&[0], &[0.0, 0.5, 0.45, 0.05]), (&[2], &[0.0, 0.0, 0.0, 1.0]), (&[3], &[0.0, 1.0, 0.0, 0.0])];
        assert_eq!(run(LONGER, &rules(9), &Search { length_penalty: 0.0, ..TWO }).0, [0; 0]);
        assert_eq!(run(LONGER, &rules(9), &Search { length_penalty: 1.0, ..TWO }).0, [2, 3]);
    }

    #[test]
    fn the_search_stops_when_nothing_can_win_any_more() {
        // Both places of the ended are filled after the second step: by (2, end) and (3, end).
        const SHORT: &[(&[u32], &[f32])] = &[(&[0], &[0.0, 0.0, 0.5, 0.5]), (&[], &[0.0, 0.98, 0.01, 0.01])];
        assert_eq!(run(SHORT, &rules(50), &TWO), (vec![2], vec![1, 2]));
    }

    #[test]
    fn the_limit_ends_the_search() {
        const ENDLESS: &[(&[u32], &[f32])] = &[(&[], &[0.0, 0.0, 0.6, 0.4])];
        let (found, widths) = run(ENDLESS, &rules(3), &Search { no_repeat_ngram: 0, ..TWO });
        assert_eq!((found, widths), (vec![2, 2, 2], vec![1, 2, 2]));
    }

    #[test]
    fn where_nothing_is_allowed_the_translation_ends() {
        assert_eq!(run(&[(&[], &[0.0, 0.0, 1.0])], &Rules { banned: &[2], ..rules(9) }, &TWO).0, [0; 0]);
        assert_eq!(run(&[(&[], &[f32::NAN; 3])], &rules(9), &TWO).0, [0; 0]);
    }

    #[test]
    fn the_highest_come_in_order_and_the_first_of_equals_first() {
        let check = |values: &[f32], count, expect: &[usize]| assert_eq!(highest(values, count), expect);
        check(&[1.0, 3.0, 2.0, 3.0], 3, &[1, 3, 2]);
        check(&[f32::NEG_INFINITY, 1.0, f32::NAN], 3, &[1]);
        check(&[1.0], 0, &[]);
        check(&[], 2, &[]);
    }

    #[test]
    fn probabilities_sum_to_one() {
        let logits = [80.0f32, 79.0, -80.0];
        let total = log_sum_exp(&logits);
        let sum: f32 = logits.iter().map(|logit| (logit - total).exp()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    }
}
