/// How far what is shown of growing translations is behind what was said, in words of the source.
///
/// After word i of a source of S words, with c_i words shown of a translation that ends with T, the reader is i − c_i · S/T
/// words behind. The mean is over all words but the last of each source, after which the segment ends. It is the
/// average lagging of Ma and others ("STACL: Simultaneous translation with implicit anticipation and controllable latency
/// using prefix-to-prefix framework", ACL 2019), taken at the source's words instead of the translation's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lag {
    behind: f64,
    words: usize,
}

impl Lag {
    /// Counts a segment: what was shown after each word of its source, and what was shown in the end.
    pub(super) fn add(&mut self, shown: &[String], end: &str) {
        let count = |text: &str| text.split_whitespace().count() as f64;
        let (said, total) = (shown.len() as f64, count(end).max(1.0));
        for (text, after) in shown.iter().zip(1..shown.len()) {
            self.behind += (after as f64 - count(text) * said / total).max(0.0);
            self.words += 1;
        }
    }

    /// None while no segment of two words was counted.
    pub(super) fn mean(self) -> Option<f64> {
        (self.words > 0).then(|| self.behind / self.words as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_behind_are_counted_before_the_end() {
        let check = |shown: &[&str], end: &str, expect| {
            let mut lag = Lag::default();
            lag.add(&shown.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), end);
            assert_eq!(lag.mean(), expect, "{shown:?}");
        };
        check(&[], "", None);
        check(&["а"], "а", None);
        check(&["", "", ""], "а б в", Some(1.5));
        check(&["а", "а б", "а б в"], "а б в", Some(0.0));
        check(&["", "а", "а"], "а", Some(0.5));
        check(&["", "", "", "а"], "а б", Some(2.0));
    }
}
