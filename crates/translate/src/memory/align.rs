/// A word as the alignment sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'w> {
    /// Its number in the memory; none of a word that no sentence of the memory has.
    pub(super) known: Option<u32>,
    pub(super) text: &'w str,
    pub(super) is_fixed: bool,
    pub(super) is_filler: bool,
}

/// How far two sentences are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Distance {
    /// Words put in, left out or misspelt.
    words: usize,
    /// Letters put in, left out or changed by that, the space of a word included.
    letters: usize,
}

impl Distance {
    const NONE: Distance = Distance { words: 0, letters: 0 };

    fn and(self, letters: usize) -> Distance {
        Distance { words: self.words + 1, letters: self.letters + letters }
    }
}

/// How alike two sentences are, 0 to 1: the mean of one less the edit distance over the longer sentence's length, in
/// words and in letters. None where more than fillers was put in or left out or a word is another one, whatever the
/// distance, or where it takes more than `most` changed words.
///
/// Levenshtein's distance over words, in which a word may be put in or left out only if it is a filler and changed only
/// if `is_slip` says so.
pub(super) fn similarity(
    a: &[Item<'_>],
    b: &[Item<'_>],
    most: usize,
    is_slip: impl Fn(&str, &str) -> bool,
) -> Option<f32> {
    let skip = |from: Option<Distance>, item: &Item<'_>| {
        from.filter(|_| item.is_filler && !item.is_fixed).map(|from| from.and(width(item) + 1))
    };
    let mut row: Vec<Option<Distance>> = vec![Some(Distance::NONE)];
    for item in b {
        row.push(skip(row[row.len() - 1], item));
    }
    for left in a {
        let mut diagonal = row[0];
        row[0] = skip(row[0], left);
        for (j, right) in b.iter().enumerate() {
            let kept = diagonal.and_then(|from| changed(from, left, right, &is_slip));
            diagonal = row[j + 1];
            let ways = [kept, skip(row[j], right), skip(row[j + 1], left)];
            row[j + 1] = ways.into_iter().flatten().min().filter(|distance| distance.words <= most);
        }
        if row.iter().all(Option::is_none) {
            return None;
        }
    }
    let distance = row.pop().flatten()?;
    let longer = a.len().max(b.len());
    let letters = |items: &[Item<'_>]| items.iter().map(|item| width(item) + 1).sum::<usize>();
    let alike = |changed: usize, length: usize| 1.0 - changed as f32 / length.max(1) as f32;
    Some((alike(distance.words, longer) + alike(distance.letters, letters(a).max(letters(b)))) / 2.0)
}

/// The distance with one word in place of another.
fn changed(
    from: Distance,
    left: &Item<'_>,
    right: &Item<'_>,
    is_slip: &impl Fn(&str, &str) -> bool,
) -> Option<Distance> {
    if left.text == right.text {
        return Some(from);
    }
    // A word that the memory knows by itself is no slip of another one.
    let is_other = left.is_fixed || right.is_fixed || left.known.is_some() && right.known.is_some();
    (!is_other && is_slip(left.text, right.text)).then(|| {
        // A slip changes letters, or it puts in or leaves out one, but not both.
        let changed = left.text.chars().zip(right.text.chars()).filter(|(a, b)| a != b).count();
        let (left, right) = (width(left), width(right));
        from.and(if left == right { changed } else { left.abs_diff(right) })
    })
}

fn width(item: &Item<'_>) -> usize {
    item.text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words in capitals are fixed, `э` is a filler, words that end in `*` are unknown, and words that begin alike are
    /// slips of one another.
    fn items(text: &str) -> Vec<Item<'_>> {
        let item = |word| Item {
            known: (!str::ends_with(word, '*')).then_some(1),
            text: word,
            is_fixed: word.chars().all(char::is_uppercase),
            is_filler: word == "э",
        };
        text.split_whitespace().map(item).collect()
    }

    fn check(a: &str, b: &str, expect: Option<f32>) {
        let is_slip = |a: &str, b: &str| a.chars().next() == b.chars().next();
        for (a, b) in [(a, b), (b, a)] {
            let found = similarity(&items(a), &items(b), 2, is_slip);
            assert_eq!(found.map(|share| (share * 1000.0).round() / 1000.0), expect, "{a:?} {b:?}");
        }
    }

    #[test]
    fn likeness_is_the_mean_over_words_and_letters() {
        check("аб вг", "аб вг", Some(1.0));
        // One word of two; one letter of seven, since a space counts with each word.
        check("аб вг", "аб вд*", Some(0.679));
        // One word of two; two letters of seven.
        check("аб вгд", "аб в**", Some(0.607));
        // One word of three; two letters of eight.
        check("аб э вг", "аб вг", Some(0.708));
    }

    #[test]
    fn only_slips_and_fillers_may_differ() {
        check("аб вг", "аб", None);
        check("аб вг", "аб де*", None);
        check("аб ВГ", "аб ВД", None);
        // Both are words of the memory.
        check("аб вг", "аб вд", None);
        check("э э э аб", "аб", None);
        check("", "аб", None);
    }
}
