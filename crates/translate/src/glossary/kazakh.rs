//! The forms of a Kazakh noun or adjective: a stem and a chain of endings.
//!
//! Kazakh adds endings in a fixed order (plural, possessor, case, predicate), each with a few shapes: its vowels follow
//! the last vowel of the stem (front or back), its first consonant the letter before it. The stem itself changes little:
//! п, к, қ become б, г, ғ before a vowel (кітап, кітабы), some lose their last ы or і there (орын, орны), loans lose
//! their ь (фестиваль, фестивалі) or take a vowel after two consonants (проект, проектілер). After "Kazakh: A
//! Comprehensive Grammar" by R. Muhamedowa (2016). Derivation is left out on purpose: «мектептік» and «мектепалды» are
//! other words than «мектеп», and their translation is another too.

/// What may follow a point of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// After the stem; nothing has been added.
    Stem,
    /// After the plural.
    Plural,
    /// After «my», «your»: …ым, …ың, …ымыз.
    Ours,
    /// After «his», «her», «their»: …ы, …сы.
    Theirs,
    /// After the locative, on which …ғы may follow.
    Locative,
    /// After an ending that only a predicate may follow.
    Case,
    /// After the last.
    End,
}

use Place::{Case, End, Locative, Ours, Plural, Stem, Theirs};

/// Endings in their front shape or, where vowels do not follow, in their only one; the places that they may follow; the
/// place after them. The back shape has ы for і and а for е, қ and ғ for к and г.
const ENDINGS: [(&str, &[Place], Place); 12] = [
    ("лер дер тер", &[Stem], Plural),
    ("ім м ің ң іңіз ңіз іміз міз", &[Stem, Plural], Ours),
    ("і сі", &[Stem, Plural], Theirs),
    ("нің дің тің ні ді ті ге ке ден тен нен", &[Stem, Plural, Ours, Theirs], Case),
    ("е", &[Ours], Case),
    ("де те", &[Stem, Plural, Ours], Locative),
    ("нде", &[Theirs], Locative),
    ("н не", &[Theirs], Case),
    ("мен бен пен", &[Stem, Plural, Ours, Theirs], Case),
    ("гі", &[Locative], Stem),
    ("мін пін бін сің сіз міз піз біз", &[Stem, Plural, Ours, Theirs, Locative, Case], End),
    ("дей тей ндей сіз нікі дікі тікі", &[Stem, Plural, Ours, Theirs], End),
];

/// Endings whose vowels do not follow the stem's.
const UNCHANGING: [&str; 6] = ["мен", "бен", "пен", "нікі", "дікі", "тікі"];

/// A stem in one of its shapes.
#[derive(Clone, Debug)]
struct Shape {
    text: String,
    place: Place,
    /// What has to follow at once.
    needs: Needs,
    /// Whether endings have front vowels, back vowels or, where the stem does not tell, either.
    front: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// An ending that begins with a vowel.
    Vowel,
    /// The plural.
    Plural,
    /// A possessor, perhaps behind a plural.
    Possessor,
}

/// A word with its forms.
#[derive(Clone, Debug)]
pub(super) struct Noun {
    shapes: Vec<Shape>,
}

impl Noun {
    /// The forms of a word in small letters. `is_compound` says that it ends a term of several words: there a final
    /// …ы, …і is mostly the possessor («білім министрлігі»), behind which endings differ.
    pub(super) fn new(word: &str, is_compound: bool) -> Noun {
        let front = harmony(word);
        let shape = |text: &str, place, needs| Shape { text: text.to_owned(), place, needs, front };
        let letters: Vec<char> = word.chars().collect();
        let without_last = || letters[..letters.len() - 1].iter().collect::<String>();
        let mut shapes = vec![shape(word, Stem, Needs::Nothing)];
        match letters[..] {
            [.., 'п'] => shapes.push(shape(&(without_last() + "б"), Stem, Needs::Vowel)),
            [.., 'к'] => shapes.push(shape(&(without_last() + "г"), Stem, Needs::Vowel)),
            [.., 'қ'] => shapes.push(shape(&(without_last() + "ғ"), Stem, Needs::Vowel)),
            [.., 'ь'] => shapes.push(shape(&without_last(), Stem, Needs::Vowel)),
            [.., a, b] if !is_vowel(a) && "ткгдс".contains(b) && !is_vowel(b) => {
                ["ы", "і"].into_iter().for_each(|vowel| {
                    let front = Some(vowel == "і");
                    shapes.push(Shape { front, ..shape(&(word.to_owned() + vowel), Stem, Needs::Nothing) });
                });
            }
            _ => {}
        }
        // «журналист» and …тер are written with one т.
        if word.ends_with("ст") {
            shapes.push(shape(&without_last(), Stem, Needs::Plural));
        }
        if let [before @ .., c, 'ы' | 'і', last] = &letters[..]
            && !is_vowel(*c)
            && !is_vowel(*last)
            && before.iter().any(|letter| is_vowel(*letter))
        {
            let short: String = before.iter().chain([c, last]).collect();
            shapes.push(shape(&short, Stem, Needs::Vowel));
        }
        if is_compound && let [.., c, 'ы' | 'і'] = letters[..] {
            shapes.push(shape(word, Theirs, Needs::Nothing));
            let bare = without_last();
            let cut = bare.len() - c.len_utf8();
            let last = match c {
                'б' => "п",
                'г' => "к",
                'ғ' => "қ",
                // «құрамасы» is «құрама» and …сы; a word in …с is rare enough.
                'с' => "",
                _ => &bare[cut..],
            };
            shapes.push(shape(&[&bare[..cut], last].concat(), Stem, Needs::Possessor));
        }
        Noun { shapes }
    }

    /// Whether `word`, in small letters, is a form of it.
    pub(super) fn is_form(&self, word: &str) -> bool {
        self.shapes.iter().any(|shape| word.strip_prefix(&*shape.text).is_some_and(|rest| shape.takes(rest, true)))
    }

    /// The stem's shapes.
    pub(super) fn stems(&self) -> impl Iterator<Item = &str> {
        self.shapes.iter().map(|shape| &*shape.text)
    }

    /// Whether `word` is a stem and then, perhaps, the beginning of endings.
    pub(super) fn may_become_form(&self, word: &str) -> bool {
        self.shapes.iter().any(|shape| word.strip_prefix(&*shape.text).is_some_and(|rest| shape.takes(rest, false)))
    }
}

/// Whether `rest`, behind a stem that ends in `before`, is a chain of case endings alone: numerals have no others in
/// running text.
pub(crate) fn is_case_ending(before: &str, rest: &str) -> bool {
    let shape = Shape { text: before.to_owned(), place: Ours, needs: Needs::Nothing, front: harmony(before) };
    shape.takes(rest, true) && !["е", "а"].contains(&rest)
}

impl Shape {
    /// Whether `rest` is a chain of endings for this stem, or, if it need not be `whole`, the beginning of one.
    fn takes(&self, rest: &str, whole: bool) -> bool {
        let before = self.text.chars().last().unwrap_or(' ');
        self.chain(rest, before, self.place, self.needs, whole)
    }

    fn chain(&self, rest: &str, before: char, place: Place, needs: Needs, whole: bool) -> bool {
        if rest.is_empty() {
            return needs == Needs::Nothing || !whole;
        }
        let endings = ENDINGS.iter().filter(|(_, after, _)| after.contains(&place));
        endings.flat_map(|(shapes, _, next)| shapes.split(' ').map(|shape| (shape, *next))).any(|(front, next)| {
            let needs = match needs {
                Needs::Vowel if !front.starts_with('і') => return false,
                // «қонағы», never «қонақы».
                Needs::Nothing if front.starts_with('і') && before == 'қ' => return false,
                Needs::Plural if next != Plural => return false,
                Needs::Possessor if next != Plural && next != Ours && next != Theirs => return false,
                Needs::Possessor if next == Plural => Needs::Possessor,
                _ => Needs::Nothing,
            };
            let unchanging = UNCHANGING.contains(&front);
            let back = (self.front != Some(true) && !unchanging).then(|| in_back(front));
            let front = (self.front != Some(false) || unchanging).then(|| front.to_owned());
            front.into_iter().chain(back).any(|ending| {
                let first = ending.chars().next().unwrap_or(' ');
                let last = ending.chars().last().unwrap_or(' ');
                fits(before, first)
                    && match rest.strip_prefix(&*ending) {
                        Some(rest) => self.chain(rest, last, next, needs, whole),
                        None => !whole && ending.starts_with(rest),
                    }
            })
        })
    }
}

/// The back shape of a front ending.
fn in_back(ending: &str) -> String {
    let back = |c| match c {
        'і' => 'ы',
        'е' => 'а',
        'к' => 'қ',
        'г' => 'ғ',
        other => other,
    };
    ending.chars().map(back).collect()
}

/// Whether the ending's first letter may follow the letter before it.
fn fits(before: char, first: char) -> bool {
    let vowel = is_vowel(before);
    // …сыз («without») follows any letter; so does, for simplicity, …сы.
    // Between vowel and consonant in this: «тауы» and «таулар», «таксиі» and «таксиси».
    let half = "уиюь".contains(before);
    let voiceless = "пткқсшщчцхһфбвгд".contains(before);
    match first {
        'ы' | 'і' => !vowel || half,
        'л' => vowel || half || "рй".contains(before),
        'ң' => vowel || half,
        'д' | 'ғ' | 'г' => !voiceless,
        'т' | 'қ' | 'к' | 'п' => voiceless || before == 'ь',
        'н' => vowel || half || "мнң".contains(before),
        'м' => !voiceless,
        'б' => "зж".contains(before),
        _ => true,
    }
}

/// Whether a word takes endings with front vowels; none when its letters do not tell.
fn harmony(word: &str) -> Option<bool> {
    // Russian surnames go either way: «Тоқаевтың», «Әбіловке».
    if word.ends_with('ь') || ["ов", "ев", "ин"].iter().any(|ending| word.ends_with(ending)) {
        return None;
    }
    word.chars().rev().find_map(|c| match c {
        'ә' | 'ө' | 'ү' | 'і' | 'е' | 'э' => Some(Some(true)),
        'а' | 'о' | 'ұ' | 'ы' | 'я' => Some(Some(false)),
        // Loans: «журналистер» and «режиссёрлер», whatever comes before.
        'и' | 'ё' | 'ю' => Some(None),
        _ => None,
    })?
}

fn is_vowel(c: char) -> bool {
    "аәеёиоөуұүыіэюя".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, forms: &str, others: &str) {
        let noun = Noun::new(word, false);
        forms.split_whitespace().for_each(|form| assert!(noun.is_form(form), "{form} is a form of {word}"));
        others.split_whitespace().for_each(|other| assert!(!noun.is_form(other), "{other} is no form of {word}"));
    }

    #[test]
    fn endings_follow_stem_and_one_another() {
        check(
            "мектеп",
            "мектеп мектепте мектепке мектептің мектептер мектептерге мектебі мектебіміз мектебінде мектебіне мектебіндегі \
             мектептен мектеппен мектептегі мектептегілер мектептеріміздің мектебім мектептердегі мектептей мектепсіз",
            "мектепалды мектебте мектептар мектепқа мектептік мектепшіл мектепб мектепдің мектепа",
        );
        check(
            "қала",
            "қала қалада қалаға қаланың қаланы қаладан қаламен қалалар қаласы қаласында қаласына қаламыз қалалардың қаладағы",
            "қалалық қалаше қалаеге қалап қалау қалды қаланысы қалағы қалаы",
        );
        check(
            "форум",
            "форумда форумға форумның форумы форумымыздың форумдар форуммен форумдағы",
            "форумта форумке форумшы",
        );
        check(
            "ел",
            "елге елдер елдің елі елімізде елден елмен еліміздің елдегі",
            "елу елес елші еліктеу елдар елең елек",
        );
        check("қонақ", "қонаққа қонағы қонақтар қонақтарымызға қонағымыз қонақтан", "қонақы қонаға қонақжай қонағқа");
        check(
            "студент",
            "студентке студенттер студенті студенттерді студентпін студентпен",
            "студентше студенттік студентта",
        );
        check("оқу", "оқуға оқудың оқуы оқуда оқулар", "оқушы оқулық оқиды");
        check("астана", "астанада астананың астанаға астанадан", "астанаде астаналық астаналықтар");
        check("тоқаев", "тоқаевтың тоқаевқа тоқаевке тоқаевпен", "тоқаевға тоқаевшыл");
        check("тау", "тауға таудың тауы таулар тауда таудағы", "таулы таулық");
    }

    #[test]
    fn stems_change_their_shape() {
        check("орын", "орын орны орнында орындар орынға орнына орнымыз", "орнға орнда орындау орындық");
        check("халық", "халық халқы халқымыз халқымыздың халыққа халықтың", "халқта халқға халықаралық");
        check("кітап", "кітап кітабы кітаптар кітабында кітапқа", "кітаба кітапхана кітабта");
        check("жүрек", "жүрек жүрегі жүректен жүрегіміз", "жүреге");
        check("фестиваль", "фестивалі фестивальдің фестивальға фестивалінде фестивальге", "фестивалке фестивалб");
        check("проект", "проект проекті проектілер проектісі проектінің", "проектор");
        check("журналист", "журналист журналистер журналистің журналистерге", "журналистика журналис");
        check("достық", "достық достығы достығымыз достыққа достықтың", "достар дос");
    }

    #[test]
    fn a_possessor_in_the_term_is_kept_in_mind() {
        let check = |word: &str, forms: &str, others: &str| {
            let noun = Noun::new(word, true);
            forms.split_whitespace().for_each(|form| assert!(noun.is_form(form), "{form} is a form of {word}"));
            others.split_whitespace().for_each(|other| assert!(!noun.is_form(other), "{other} is no form of {word}"));
        };
        check(
            "министрлігі",
            "министрлігі министрлігінде министрлігіне министрлігінің министрлігін министрліктері министрліктеріне",
            "министрлік министрлікте министрлер министр",
        );
        check("құрамасы", "құрамасы құрамасына құрамамыз құрамамыздың құрамалары", "құрама құрамада");
        check("саясаты", "саясатында саясатының саясаты саясатымыз", "саясат саясатта");
    }

    #[test]
    fn a_word_in_the_making_is_told_from_another() {
        let check = |word: &str, making: &str, expect| {
            assert_eq!(Noun::new(word, false).may_become_form(making), expect, "{making}");
        };
        check("мектеп", "мектеп", true);
        check("мектеп", "мектепт", true);
        check("мектеп", "мектебін", true);
        check("мектеп", "мектеб", true);
        check("мектеп", "мектепал", false);
        check("ел", "елу", false);
        check("ел", "елі", true);
        check("мектеп", "мекте", false);
    }
}
