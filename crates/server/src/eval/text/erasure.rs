/// Words taken back over words shown at the end, for segments that grew on a screen.
///
/// For the outputs o₁ … o_I of a segment, Σ_{i≥2} (|o_{i−1}| − |LCP(o_{i−1}, o_i)|) / |o_I| in words, LCP being the
/// longest common prefix; over several segments, the sums over the sums. 0: nothing was ever taken back.
///
/// Arivazhagan and others, "Re-translation versus streaming for simultaneous translation", IWSLT 2020.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Erasure {
    erased: usize,
    shown: usize,
}

impl Erasure {
    /// Counts a segment by all that was shown of it, in order.
    pub(crate) fn add(&mut self, outputs: &[String]) {
        let outputs: Vec<Vec<&str>> = outputs.iter().map(|output| output.split_whitespace().collect()).collect();
        for pair in outputs.windows(2) {
            let common = pair[0].iter().zip(&pair[1]).take_while(|(before, after)| before == after).count();
            self.erased += pair[0].len() - common;
        }
        self.shown += outputs.last().map_or(0, Vec::len);
    }

    /// None while nothing has been shown at the end of any segment.
    pub(crate) fn normalised(&self) -> Option<f64> {
        (self.shown > 0).then(|| self.erased as f64 / self.shown as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_taken_back_are_counted() {
        let check = |segments: &[&[&str]], expect| {
            let mut erasure = Erasure::default();
            for outputs in segments {
                erasure.add(&outputs.iter().map(|output| (*output).to_owned()).collect::<Vec<_>>());
            }
            assert_eq!(erasure.normalised(), expect, "{segments:?}");
        };
        check(&[], None);
        check(&[&[]], None);
        check(&[&["бір", ""]], None);
        check(&[&["бір екі"]], Some(0.0));
        check(&[&["бір", "бір екі", "бір екі үш төрт"]], Some(0.0));
        check(&[&["бір екі", "бір үш", "бір үш төрт бес"]], Some(0.25));
        check(&[&["бір екі", "екі"]], Some(2.0));
        // Over segments, the sums are divided, so that a long segment weighs more than a short one.
        check(&[&["а", "б"], &["в г д"]], Some(0.25));
        check(&[&["Бір", "бір"]], Some(1.0));
        check(&[&["бір,  екі", "бір, екі "]], Some(0.0));
    }
}
