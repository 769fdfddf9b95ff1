/// For each character that a part is longer or shorter than its share.
const OFF: usize = 2;
/// A part that ends inside a clause.
const TORN: usize = 12;
/// A part without a word, as when a sentence of three cues becomes one word.
const EMPTY: usize = 60;
/// For each character beyond what a cue can show.
const OVERFLOW: usize = 6;
/// A text of more words is not searched for good places.
const MAX_SEARCHED_WORDS: usize = 200;

/// Shares the words of a text out over cues, in order, so that their lengths are as `weights`; parts end at the marks
/// of clauses where that is not far off, and hold no more than `most` characters where that can be.
pub(super) fn share_out(text: &str, weights: &[usize], most: usize) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let ends: Vec<usize> = match weights.len() {
        0 => return Vec::new(),
        1 => vec![words.len()],
        _ if words.len() > MAX_SEARCHED_WORDS => by_length(&words, weights),
        _ => searched(&words, weights, most),
    };
    let starts = [0].into_iter().chain(ends.iter().copied());
    starts.zip(&ends).map(|(start, end)| words[start..*end].join(" ")).collect()
}

/// Characters up to the end of each number of words, a space with each.
fn lengths(words: &[&str]) -> Vec<usize> {
    let mut lengths = vec![0];
    for word in words {
        lengths.push(lengths[lengths.len() - 1] + word.chars().count() + 1);
    }
    lengths
}

/// Where each part should end, by the same count.
fn targets(length: usize, weights: &[usize]) -> Vec<usize> {
    let total = weights.iter().sum::<usize>().max(1);
    let sums = weights.iter().scan(0, |sum, weight| {
        *sum += weight;
        Some(*sum)
    });
    sums.map(|sum| length * sum / total).collect()
}

fn by_length(words: &[&str], weights: &[usize]) -> Vec<usize> {
    let lengths = lengths(words);
    let mut ends: Vec<usize> = targets(lengths[words.len()], weights)
        .into_iter()
        .map(|target| lengths.partition_point(|length| *length < target).min(words.len()))
        .collect();
    if let Some(last) = ends.last_mut() {
        *last = words.len();
    }
    ends
}

/// Dynamic programming: the best way to end a part behind a word is the best way to end the one before it, and a part.
fn searched(words: &[&str], weights: &[usize], most: usize) -> Vec<usize> {
    let lengths = lengths(words);
    let all = words.len();
    let targets = targets(lengths[all], weights);
    // best[end]: the cheapest cost of the parts so far if they end there, and where the one before the last ends.
    let mut best: Vec<Option<usize>> = vec![None; all + 1];
    best[0] = Some(0);
    let mut ways: Vec<Vec<usize>> = Vec::with_capacity(weights.len());
    for (part, target) in targets.iter().enumerate() {
        let is_last = part + 1 == targets.len();
        let mut next = vec![None; all + 1];
        let mut way = vec![0; all + 1];
        for end in if is_last { all..=all } else { 0..=all } {
            let is_torn = end > 0 && end < all && !words[end - 1].ends_with(is_clause_mark);
            let here = lengths[end].abs_diff(*target) * OFF + usize::from(is_torn) * TORN;
            for start in 0..=end {
                let Some(before) = best[start] else { continue };
                let width = (lengths[end] - lengths[start]).saturating_sub(1);
                let empty = if start == end { EMPTY } else { 0 };
                let cost = before + here + empty + width.saturating_sub(most) * OVERFLOW;
                if next[end].is_none_or(|least| cost <= least) {
                    (next[end], way[end]) = (Some(cost), start);
                }
            }
        }
        best = next;
        ways.push(way);
    }
    let mut ends = vec![all];
    for way in ways.iter().rev().take(weights.len() - 1) {
        ends.push(way[ends[ends.len() - 1]]);
    }
    ends.reverse();
    ends
}

fn is_clause_mark(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '…' | '—' | '–' | '»')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, weights: &[usize], most: usize, expect: &[&str]) {
        assert_eq!(share_out(text, weights, most), expect, "{text:?} {weights:?}");
    }

    #[test]
    fn parts_are_as_long_as_their_shares() {
        check("", &[], 84, &[]);
        check("", &[5], 84, &[""]);
        check("бір екі", &[5], 84, &["бір екі"]);
        check("бір екі үш төрт", &[10, 10], 84, &["бір екі", "үш төрт"]);
        check("бір екі үш төрт", &[1, 3], 84, &["бір", "екі үш төрт"]);
        check("аа бб вв гг дд ее", &[10, 10, 10], 84, &["аа бб", "вв гг", "дд ее"]);
    }

    #[test]
    fn a_clause_is_kept_together_where_it_nearly_fits() {
        check("он сказал нам, что придёт", &[12, 12], 84, &["он сказал нам,", "что придёт"]);
        check("да, это совсем другая большая история", &[18, 18], 84, &["да, это совсем другая", "большая история"]);
    }

    #[test]
    fn a_cue_is_not_filled_beyond_what_it_can_show() {
        check("аааа бббб вввв гггг", &[30, 5], 14, &["аааа бббб вввв", "гггг"]);
        check("аааа бббб вввв гггг", &[30, 1], 10, &["аааа бббб", "вввв гггг"]);
    }

    #[test]
    fn no_word_is_lost() {
        check("иә", &[5, 5, 5], 84, &["", "иә", ""]);
        check("бір екі", &[0, 0], 84, &["бір", "екі"]);
        let long = "сөз ".repeat(5_000);
        let parts = share_out(&long, &[1, 2, 1], 84);
        assert_eq!(parts.iter().map(|part| part.split(' ').count()).collect::<Vec<_>>(), [1250, 2500, 1250]);
    }
}
