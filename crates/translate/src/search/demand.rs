use super::beam::log_sum_exp;
use super::{Rules, Search, Steps, search_once};
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
        let before = missing(&found);
        if !before.contains(&term) {
            continue;
        }
        let Some(place) = likeliest_place(steps, rules, term, &found)? else { continue };
        let forced = [rules.forced, &found[..place]].concat();
        let bias = rules.bias.demanding(term);
        let again = search_once(steps, &Rules { forced: &forced, bias: &bias, ..*rules }, search)?;
        let again = [&found[..place], &again].concat();
        if missing(&again).len() < before.len() {
            found = again;
        }
    }
    Ok(found)
}

/// Where in a translation the model would begin a term soonest, if there is a place where it can begin.
fn likeliest_place(
    steps: &mut impl Steps,
    rules: &Rules,
    term: usize,
    found: &[u32],
) -> Result<Option<usize>, TranslateError> {
    let mut so_far = rules.prompt();
    let mut best: Option<(f32, usize)> = None;
    let mut logits = steps.start(&so_far)?;
    for place in 0..=found.len() {
        let next = found.get(place);
        if next.is_none_or(|next| rules.bias.begins_a_word(*next)) {
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
