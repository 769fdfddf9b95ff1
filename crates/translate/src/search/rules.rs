use crate::glossary::Bias;

/// What a translation must look like, whatever the model would prefer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    /// The token that the decoder sees first.
    pub(crate) start: u32,
    /// The tokens that follow it by decree: the target language, and text that was shown already.
    pub(crate) forced: &'a [u32],
    /// The tokens that end the translation.
    pub(crate) ends: &'a [u32],
    /// The tokens that are never produced.
    pub(crate) banned: &'a [u32],
    /// The most tokens after the start, forced ones and the end included.
    pub(crate) longest: usize,
    /// What the translation is led to.
    pub(crate) bias: &'a Bias,
}

impl Rules<'_> {
    /// What the decoder sees before the first choice.
    pub(crate) fn prompt(&self) -> Vec<u32> {
        [&[self.start][..], self.forced].concat()
    }

    /// Leads a row of logits to the terms, and takes from it every token that may not follow `so_far`, start included.
    pub(crate) fn apply(&self, logits: &mut [f32], so_far: &[u32], no_repeat_ngram: usize) {
        self.bias.apply(logits, so_far);
        let mut forbid = |token: u32| {
            if let Some(logit) = logits.get_mut(token as usize) {
                *logit = f32::NEG_INFINITY;
            }
        };
        self.banned.iter().for_each(|token| forbid(*token));
        repeating(so_far, no_repeat_ngram).for_each(forbid);
    }
}

/// The tokens that would make the last `n` tokens a run that has occurred before; none for `n` of 0.
fn repeating(so_far: &[u32], n: usize) -> impl Iterator<Item = u32> {
    // With n of 0 the window of one token more than the whole text finds nothing.
    let window = if n == 0 { so_far.len() + 1 } else { n };
    let tail = &so_far[(so_far.len() + 1).saturating_sub(window)..];
    so_far.windows(window).filter(move |run| run.starts_with(tail)).map(|run| run[run.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_does_not_come_twice() {
        let check = |so_far: &[u32], n, expect: &[u32]| {
            assert_eq!(repeating(so_far, n).collect::<Vec<_>>(), expect, "{so_far:?} {n}");
        };
        check(&[5, 6, 7, 5, 6], 3, &[7]);
        check(&[5, 6, 7, 5, 6], 2, &[7]);
        check(&[5, 6, 5, 7, 5], 2, &[6, 7]);
        check(&[5, 6, 7, 5, 6], 4, &[]);
        check(&[5, 5, 5], 4, &[]);
        check(&[5, 5, 5, 5], 4, &[5]);
        check(&[5, 6], 1, &[5, 6]);
        check(&[5, 6], 0, &[]);
        check(&[], 4, &[]);
        check(&[], 1, &[]);
    }

    #[test]
    fn what_is_forbidden_cannot_be_chosen() {
        let rules = Rules { start: 0, forced: &[], ends: &[1], banned: &[3, 99], longest: 9, bias: &Bias::default() };
        let mut logits = [0.5; 5];
        rules.apply(&mut logits, &[0, 4, 2, 4], 2);
        assert_eq!(logits, [0.5, 0.5, f32::NEG_INFINITY, f32::NEG_INFINITY, 0.5]);
    }
}
