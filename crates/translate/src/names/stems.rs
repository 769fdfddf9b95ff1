//! What a name may be without its endings.

use std::collections::BTreeSet;

use dostyq_speech::Lang;

/// Endings of Kazakh names: plural, possessor, case, the adjectives and patronymics made of them.
const KAZAKH: &str = "лар лер дар дер тар тер ның нің дың дің тың тің ға ге қа ке да де та те дан ден тан тен нан нен ды ді \
                      ты ті ны ні мен бен пен ғы гі ы і сы сі н на не нда нде а е лық лік дық дік тық тік ша ше дай дей ұлы \
                      қызы ім ым міз мыз іміз ымыз";

/// Endings of Russian names: cases, the adjectives, patronymics and inhabitants made of them.
const RUSSIAN: &str = "о а я у ю ом ем ым им ой ей е и ы ов ев ами ями ам ям ах ях ых их ого его ому ему ый ий ая ую ое ые ии ию \
                       ия ией ь й ск инск овск йск ьск нск анск ин ович евич овн евн ич ец ц ч ньск";

/// All that is left of a name in small letters when endings are taken off it, one behind another; itself too.
pub(super) fn stems(name: &str, lang: Lang) -> BTreeSet<String> {
    let endings = if lang == Lang::Kazakh { KAZAKH } else { RUSSIAN };
    let mut stems = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(stem) = open.pop() {
        let shorter = endings.split_whitespace().filter_map(|ending| stem.strip_suffix(ending));
        open.extend(shorter.filter(|stem| stem.chars().count() >= SHORTEST).map(str::to_owned));
        stems.insert(stem);
        open.retain(|stem| !stems.contains(stem));
    }
    stems
}

/// Letters of the shortest stem: with fewer, half of all words would be alike.
const SHORTEST: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_taken_off() {
        let check = |lang, name: &str, stem: &str| {
            assert!(stems(name, lang).contains(stem), "{name} {:?}", stems(name, lang));
        };
        check(Lang::Kazakh, "абайдың", "абай");
        check(Lang::Kazakh, "азиядағы", "азия");
        check(Lang::Kazakh, "әбішұлының", "әбіш");
        check(Lang::Russian, "абишевича", "абиш");
        check(Lang::Russian, "актауской", "актау");
        check(Lang::Russian, "азии", "ази");
        check(Lang::Russian, "али", "али");
    }
}
