use super::{Rules, Search, Steps, log_sum_exp, search_once};
use crate::TranslateError;
use crate::glossary::Bias;

/// What a piece that says little about the term takes from the place where it might begin it, in natural logarithms of
/// probability, for each letter that it lacks of four: most words begin like some other.
const VAGUENESS: f32 = 1.5;

/// Translates again, as far as it has to, for each term that `found` lacks: what comes before the place where the model
/// would have begun the term soonest is kept, the term follows, and the rest is searched for as ever. A term that this
/// does not bring is left out; one that it would bring at the cost of another is too.
pub(super) fn missing_terms(
    steps: &mut impl Steps,
    rules: &Rules,
    search: &Search,
    mut found: Vec<u32>,
) -> Result<Vec<u32>, TranslateError> {
    if rules.bias.is_empty() || rules.forced.len() >= rules.longest {
        return Ok(found);
    }
    let missing = |found: &[u32]| rules.bias.missing(&[rules.forced, found].concat());
    for term in missing(&found) {
        let before = missing(&found).len();
        // Wherever the model likes it best; if another term is lost by that, behind all those that are there.
        let behind = (0..=found.len()).find(|end| missing(&found[..*end]).len() == before).unwrap_or(found.len());
        for from in [0, behind] {
            if !missing(&found).contains(&term) {
                break;
            }
            let Some(place) = likeliest_place(steps, rules, term, &found, from)? else { continue };
            let forced = [rules.forced, &found[..place]].concat();
            let bias = rules.bias.demanding(term);
            let again = search_once(steps, &Rules { forced: &forced, bias: &bias, ..*rules }, search)?;
            let again = [&found[..place], &again].concat();
            if missing(&again).len() < before {
                found = again;
            }
        }
    }
    Ok(found)
}

/// Where in a translation, from the place `from`, the model would begin a term soonest, if it can begin there at all.
fn likeliest_place(
    steps: &mut impl Steps,
    rules: &Rules,
    term: usize,
    found: &[u32],
    from: usize,
) -> Result<Option<usize>, TranslateError> {
    let mut so_far = rules.prompt();
    let mut best: Option<(f32, usize)> = None;
    let mut logits = steps.start(&so_far)?;
    for place in 0..=found.len() {
        let next = found.get(place);
        if place >= from && next.is_none_or(|next| rules.bias.begins_a_word(*next)) {
            let total = log_sum_exp(&logits);
            let score = |(token, letters): (u32, usize)| {
                let vagueness = VAGUENESS * Bias::letters_lacking(letters) as f32;
                logits.get(token as usize).map_or(f32::NEG_INFINITY, |logit| logit - total - vagueness)
            };
            let here = rules.bias.steps(term, &so_far).into_iter().map(score).fold(f32::NEG_INFINITY, f32::max);
            if here.is_finite() && best.is_none_or(|(best, _)| here > best) {
                best = Some((here, place));
            }
        }
        if let Some(next) = next {
            so_far.push(*next);
            logits = steps.advance(&[0], &[*next])?;
        }
    }
    Ok(best.map(|(_, place)| place))
}

#[cfg(test)]
mod tests {
    use dostyq_speech::Lang;

    use super::super::search;
    use super::super::tests::{ScriptedSteps, rules};
    use super::*;
    use crate::glossary::{Pattern, Pieces};

    /// 0 starts, 1 ends; 2 «Новый», 3 «лицей», 4 «школ», 5 «а», 6 «открыт».
    const TOKENS: [&str; 7] = ["", "", "▁Новый", "▁лицей", "▁школ", "а", "▁открыт"];
    /// The model says «Новый лицей открыт», and would say «школа» soonest where it says «лицей».
    const LYCEUM: &[(&[u32], &[f32])] = &[
        (&[0], &[0.0, 0.0, 0.97, 0.01, 0.01, 0.0, 0.01]),
        (&[2], &[0.0, 0.01, 0.0, 0.89, 0.05, 0.0, 0.05]),
        (&[4], &[0.0, 0.1, 0.0, 0.0, 0.0, 0.8, 0.1]),
        (&[3], &[0.0, 0.05, 0.0, 0.0, 0.01, 0.0, 0.94]),
        (&[5], &[0.0, 0.05, 0.0, 0.0, 0.0, 0.0, 0.95]),
        (&[6], &[0.0, 0.98, 0.0, 0.0, 0.02, 0.0, 0.0]),
    ];

    fn bias(terms: &[&str]) -> Bias {
        let pieces = Pieces::new(TOKENS.iter().map(|token| Some((*token).to_owned())));
        let terms = terms.iter().map(|term| Pattern::new(term, Lang::Russian, false)).collect();
        Bias::new(pieces.into(), terms)
    }

    fn check(terms: &[&str], forced: &[u32], expect: &[u32]) {
        for how in [Search::GREEDY, Search::BEAM] {
            let bias = bias(terms);
            let rules = Rules { bias: &bias, forced, ..rules(9) };
            let found = search(&mut ScriptedSteps::new(LYCEUM), &rules, &how).expect("a script does not fail");
            assert_eq!(found, expect, "{terms:?} {how:?}");
        }
    }

    #[test]
    fn a_term_takes_the_place_where_the_model_would_have_it() {
        check(&[], &[], &[2, 3, 6]);
        check(&["лицей"], &[], &[2, 3, 6]);
        check(&["школа"], &[], &[2, 4, 5, 6]);
    }

    #[test]
    fn what_was_shown_stays_before_a_term() {
        check(&["школа"], &[2, 4, 5], &[6]);
        check(&["школа"], &[2, 3], &[6, 4, 5, 6]);
    }

    #[test]
    fn one_term_does_not_cost_another() {
        check(&["школа", "лицей"], &[], &[2, 3, 6, 4, 5, 6]);
    }

    #[test]
    fn a_term_that_the_vocabulary_cannot_write_changes_nothing() {
        check(&["университет"], &[], &[2, 3, 6]);
    }
}
