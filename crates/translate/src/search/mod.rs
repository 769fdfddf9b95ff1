//! The search for the best translation: which token next, and when to stop. It knows a model only as [`Steps`].

mod beam;
mod demand;
mod greedy;
mod rules;

use crate::TranslateError;
pub(crate) use rules::Rules;

/// How a translation is searched for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// How many translations are kept side by side, from 1. With 1 the search is greedy: it takes the likeliest token
    /// each time, which is the fastest and right for drafts. With more it looks for the likeliest whole translation;
    /// with dostyq-mini, 4 take 1.7 times as long as 1.
    pub beams: usize,
    /// The power of its length by which a translation's log-probability is divided: 0 favours short translations,
    /// above 1 long ones. Without effect on greedy search.
    pub length_penalty: f32,
    /// No run of so many tokens comes twice in a translation, which stops a model that has begun to stammer; 0 lets
    /// it.
    pub no_repeat_ngram: usize,
}

impl Search {
    /// For text that will change in a moment.
    pub const GREEDY: Search = Search { beams: 1, length_penalty: 1.0, no_repeat_ngram: 4 };
    /// For text that stays.
    pub const BEAM: Search = Search { beams: 4, ..Search::GREEDY };
}

impl Default for Search {
    fn default() -> Self {
        Search::BEAM
    }
}

/// A decoder at work on one source text. Its rows are translations in the making, all of one length.
pub(crate) trait Steps {
    /// Starts over with one row that holds `prompt`; gives the logits of what follows it.
    fn start(&mut self, prompt: &[u32]) -> Result<Vec<f32>, TranslateError>;

    /// Replaces the rows: new row `i` is the old row `parents[i]` and then `tokens[i]`. Gives the logits of what
    /// follows, row after row.
    fn advance(&mut self, parents: &[usize], tokens: &[u32]) -> Result<Vec<f32>, TranslateError>;
}

/// Searches for the best continuation of the rules' forced tokens; gives what was chosen, without the end token. Terms
/// of the bias that it lacks are demanded then, each at the place where the model would have it soonest.
///
/// Without a bias, token for token what `generate` of Hugging Face's transformers 4.57 decides with the same settings,
/// its early stopping off, and forced tokens counted like chosen ones of probability one.
pub(crate) fn search(steps: &mut impl Steps, rules: &Rules, search: &Search) -> Result<Vec<u32>, TranslateError> {
    let found = search_once(steps, rules, search)?;
    demand::missing_terms(steps, rules, search, found)
}

fn search_once(steps: &mut impl Steps, rules: &Rules, search: &Search) -> Result<Vec<u32>, TranslateError> {
    if rules.forced.len() >= rules.longest {
        return Ok(Vec::new());
    }
    if search.beams > 1 { beam::search(steps, rules, search) } else { greedy::search(steps, rules, search) }
}

/// The logarithm of the sum of the exponentials: what turns a logit into a log-probability when taken from it.
pub(crate) fn log_sum_exp(logits: &[f32]) -> f32 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    highest + logits.iter().map(|logit| f64::from((logit - highest).exp())).sum::<f64>().ln() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glossary::Bias;

    /// A decoder whose next token depends on the last ones alone; 0 starts, 1 ends.
    pub(super) struct ScriptedSteps {
        /// (what the row ends with, probabilities of the tokens 0, 1, 2 … that follow); the first match counts.
        pub(super) table: &'static [(&'static [u32], &'static [f32])],
        pub(super) rows: Vec<Vec<u32>>,
        pub(super) widths: Vec<usize>,
    }

    impl ScriptedSteps {
        pub(super) fn new(table: &'static [(&'static [u32], &'static [f32])]) -> Self {
            ScriptedSteps { table, rows: vec![], widths: vec![] }
        }

        fn logits(&mut self) -> Vec<f32> {
            self.widths.push(self.rows.len());
            let probabilities = |row: &Vec<u32>| {
                let entry = self.table.iter().find(|(ending, _)| row.ends_with(ending));
                entry.unwrap_or_else(|| panic!("the script does not foresee {row:?}")).1
            };
            self.rows.iter().flat_map(|row| probabilities(row).iter().map(|p| p.ln())).collect()
        }
    }

    impl Steps for ScriptedSteps {
        fn start(&mut self, prompt: &[u32]) -> Result<Vec<f32>, TranslateError> {
            self.rows = vec![prompt.to_vec()];
            Ok(self.logits())
        }

        fn advance(&mut self, parents: &[usize], tokens: &[u32]) -> Result<Vec<f32>, TranslateError> {
            assert_eq!(parents.len(), tokens.len());
            self.rows = parents
                .iter()
                .zip(tokens)
                .map(|(parent, token)| [&self.rows[*parent][..], &[*token]].concat())
                .collect();
            Ok(self.logits())
        }
    }

    pub(super) fn rules(longest: usize) -> Rules<'static> {
        static NONE: std::sync::LazyLock<Bias> = std::sync::LazyLock::new(Bias::default);
        Rules { start: 0, forced: &[], ends: &[1], banned: &[], longest, bias: &NONE }
    }

    #[test]
    fn a_prefix_that_fills_the_allowance_is_left_as_it_is() {
        let mut steps = ScriptedSteps::new(&[]);
        for how in [Search::GREEDY, Search::BEAM] {
            let rules = Rules { forced: &[2, 3], ..rules(2) };
            assert_eq!(search(&mut steps, &rules, &how).expect("no step is taken"), [0; 0]);
        }
    }
}
