use super::{Rules, Search, Steps};
use crate::TranslateError;

/// Takes the likeliest token each time.
pub(super) fn search(steps: &mut impl Steps, rules: &Rules, search: &Search) -> Result<Vec<u32>, TranslateError> {
    let mut so_far = rules.prompt();
    let mut logits = steps.start(&so_far)?;
    loop {
        rules.apply(&mut logits, &so_far, search.no_repeat_ngram);
        match likeliest(&logits) {
            Some(token) if !rules.ends.contains(&token) => so_far.push(token),
            _ => break,
        }
        if so_far.len() > rules.longest {
            break;
        }
        logits = steps.advance(&[0], &so_far[so_far.len() - 1..])?;
    }
    Ok(so_far.split_off(1 + rules.forced.len()))
}

/// The token of the highest logit, the first of equals; none when every token is forbidden.
fn likeliest(logits: &[f32]) -> Option<u32> {
    let mut best = (None, f32::NEG_INFINITY);
    for (token, logit) in logits.iter().enumerate() {
        if *logit > best.1 {
            best = (Some(token as u32), *logit);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ScriptedSteps, rules};
    use super::*;

    fn check(table: &'static [(&'static [u32], &'static [f32])], rules: &Rules, expect: &[u32]) {
        let found = search(&mut ScriptedSteps::new(table), rules, &Search::GREEDY);
        assert_eq!(found.expect("a script does not fail"), expect);
    }

    #[test]
    fn the_likeliest_token_is_taken_until_the_end() {
        let table: &[(&[u32], &[f32])] =
            &[(&[0], &[0.0, 0.1, 0.5, 0.4]), (&[2], &[0.0, 0.3, 0.2, 0.5]), (&[3], &[0.0, 0.6, 0.4, 0.0])];
        check(table, &rules(9), &[2, 3]);
        check(table, &rules(1), &[2]);
        check(table, &Rules { banned: &[2], ..rules(9) }, &[3]);
        check(table, &Rules { forced: &[3, 2], ..rules(9) }, &[3]);
    }

    #[test]
    fn stammering_is_cut_short() {
        // Left to itself the model says 2 for ever; a fifth 2 would be the run of four again.
        check(&[(&[], &[0.0, 0.1, 0.8, 0.1])], &rules(20), &[2, 2, 2, 2]);
    }

    #[test]
    fn where_nothing_is_allowed_the_translation_ends() {
        check(&[(&[], &[0.0, 0.0, 1.0, 0.0])], &Rules { banned: &[2], ..rules(9) }, &[]);
        check(&[(&[], &[f32::NAN; 4])], &rules(9), &[]);
    }
}
