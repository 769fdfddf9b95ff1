use ndarray::ArrayView2;

/// A token where it was heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token {
    /// Its number in the vocabulary; never the blank.
    pub(super) id: usize,
    /// The first frame of the run in which it stands.
    pub(super) first: usize,
    /// The last frame of that run.
    pub(super) last: usize,
    /// Natural log-probability of the token in the frame of the run where it is likeliest: the frame in which a run
    /// begins is often half a blank yet.
    pub(super) log_probability: f32,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decoded {
    /// The tokens in order of time.
    pub(super) tokens: Vec<Token>,
    /// Natural log-probability: of the one best alignment when greedy, of all alignments that were summed in a beam.
    pub(super) log_probability: f32,
}

/// Connectionist temporal classification, decoded greedily (Graves et al. 2006, "best path"): the likeliest token of
/// each frame, runs of one token taken once, blanks dropped.
///
/// `log_probs` is `[frames, tokens]`, natural log-probabilities; `blank` is a column of it.
pub(super) fn greedy(log_probs: ArrayView2<'_, f32>, blank: usize) -> Decoded {
    let mut log_probability = 0.0f64;
    let mut path = Vec::with_capacity(log_probs.nrows());
    for row in log_probs.rows() {
        let mut best = (blank, f32::NEG_INFINITY);
        for (token, score) in row.iter().enumerate() {
            if *score > best.1 {
                best = (token, *score);
            }
        }
        log_probability += f64::from(best.1);
        path.push(best.0);
    }
    Decoded { tokens: tokens_of(log_probs, &path, blank), log_probability: log_probability as f32 }
}

/// The runs of a path, one token a frame, that are not blank.
pub(super) fn tokens_of(log_probs: ArrayView2<'_, f32>, path: &[usize], blank: usize) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (frame, id) in path.iter().copied().enumerate() {
        if id == blank {
            continue;
        }
        let score = log_probs[[frame, id]];
        match tokens.last_mut() {
            Some(run) if run.id == id && run.last + 1 == frame => {
                run.last = frame;
                run.log_probability = run.log_probability.max(score);
            }
            _ => tokens.push(Token { id, first: frame, last: frame, log_probability: score }),
        }
    }
    tokens
}

/// The likeliest path of those that read `labels` (the Viterbi algorithm over the labels with blanks around them).
///
/// `labels` are such that `log_probs` has frames enough for them, one each and one more between two that are the same.
pub(super) fn align(log_probs: ArrayView2<'_, f32>, labels: &[usize], blank: usize) -> Vec<usize> {
    let states = 2 * labels.len() + 1;
    let token = |state: usize| if state.is_multiple_of(2) { blank } else { labels[state / 2] };
    // A blank may be left out between two labels that differ.
    let may_skip = |state: usize| state % 2 == 1 && state >= 3 && labels[state / 2] != labels[state / 2 - 1];
    // How many states back the best way into each state of each frame comes from.
    let mut back = vec![0u8; log_probs.nrows() * states];
    // Before the first frame all paths are in the blank in front, from which the first label is one step.
    let mut scores = vec![f64::NEG_INFINITY; states];
    scores[0] = 0.0;
    for (frame, row) in log_probs.rows().into_iter().enumerate() {
        // From the last state to the first, so that what is read is still of the frame before.
        for state in (0..states).rev() {
            let mut way = (0u8, scores[state]);
            if state >= 1 && scores[state - 1] > way.1 {
                way = (1, scores[state - 1]);
            }
            if may_skip(state) && scores[state - 2] > way.1 {
                way = (2, scores[state - 2]);
            }
            back[frame * states + state] = way.0;
            scores[state] = way.1 + f64::from(row[token(state)]);
        }
    }
    let ends_in_label = states > 1 && scores[states - 2] > scores[states - 1];
    let mut state = states - 1 - usize::from(ends_in_label);
    let mut path = vec![blank; log_probs.nrows()];
    for frame in (0..path.len()).rev() {
        path[frame] = token(state);
        state -= usize::from(back[frame * states + state]);
    }
    path
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    const BLANK: usize = 2;

    /// Rows of a blank and two letters, from a picture: `a`, `b` or `-` is the likeliest of its frame.
    fn matrix(picture: &str) -> Array2<f32> {
        let rows: Vec<f32> = picture
            .chars()
            .flat_map(|c| {
                let best = "ab-".find(c).expect("a, b or -");
                (0..3).map(move |token| if token == best { 0.8f32.ln() } else { 0.1f32.ln() })
            })
            .collect();
        Array2::from_shape_vec((picture.len(), 3), rows).expect("three to a row")
    }

    #[test]
    fn runs_are_one_token_and_blanks_are_none() {
        let check = |picture: &str, expect: &[(usize, usize, usize)]| {
            let found = greedy(matrix(picture).view(), BLANK);
            let tokens: Vec<_> = found.tokens.iter().map(|t| (t.id, t.first, t.last)).collect();
            assert_eq!(tokens, expect, "{picture}");
            assert!((found.log_probability - picture.len() as f32 * 0.8f32.ln()).abs() < 1e-5);
        };
        check("", &[]);
        check("---", &[]);
        check("a", &[(0, 0, 0)]);
        check("-aa-b", &[(0, 1, 2), (1, 4, 4)]);
        check("aabb", &[(0, 0, 1), (1, 2, 3)]);
        check("a-a", &[(0, 0, 0), (0, 2, 2)]);
    }

    #[test]
    fn a_token_is_as_sure_as_in_its_best_frame() {
        let log_probs = ndarray::array![[-0.5f32, -9.0, -1.0], [-0.1, -9.0, -3.0], [-0.3, -9.0, -2.0]];
        assert_eq!(greedy(log_probs.view(), BLANK).tokens, [Token { id: 0, first: 0, last: 2, log_probability: -0.1 }]);
    }

    #[test]
    fn labels_are_laid_where_they_are_likeliest() {
        let check = |picture: &str, labels: &[usize], expect: &str| {
            let path = align(matrix(picture).view(), labels, BLANK);
            let drawn: String = path.iter().map(|token| ["a", "b", "-"][*token]).collect();
            assert_eq!(drawn, expect, "{labels:?} on {picture}");
        };
        check("-aa-b-", &[0, 1], "-aa-b-");
        check("-aa-b-", &[], "------");
        check("-aa-b-", &[1], "----b-");
        check("aaaa-b", &[0, 1], "aaaa-b");
        // Two labels that are the same need a blank between them, whatever it costs.
        check("aaa", &[0, 0], "a-a");
        check("ab", &[0, 1], "ab");
    }

    #[test]
    fn the_greedy_path_is_the_best_of_its_labels() {
        let mut state = 7u32;
        for _ in 0..200 {
            let rows: Vec<f32> = (0..8 * 3)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    -((state >> 8) as f32 / 4e6)
                })
                .collect();
            let log_probs = Array2::from_shape_vec((8, 3), rows).expect("three to a row");
            let found = greedy(log_probs.view(), BLANK);
            let labels: Vec<usize> = found.tokens.iter().map(|token| token.id).collect();
            let path = align(log_probs.view(), &labels, BLANK);
            assert_eq!(tokens_of(log_probs.view(), &path, BLANK), found.tokens);
        }
    }
}
