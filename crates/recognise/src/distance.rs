/// The last row of Levenshtein's table: how far all of `a` is from each beginning of `b`, the empty one first, under a
/// notion of what is the same.
pub(crate) fn to_beginnings<T>(a: &[T], b: &[T], same: impl Fn(&T, &T) -> bool) -> Vec<usize> {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(!same(x, y));
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_beginning_has_its_distance() {
        let check = |a: &str, b: &str, expect: &[usize]| {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(to_beginnings(&letters(a), &letters(b), |x, y| x == y), expect, "{a} {b}");
        };
        check("", "аб", &[0, 1, 2]);
        check("аб", "абв", &[2, 1, 0, 1]);
        check("аб", "", &[2]);
    }
}
