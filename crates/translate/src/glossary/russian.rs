//! The forms of a Russian noun or adjective, by the ending of its dictionary form.
//!
//! The classes are those of every school grammar. A word's gender and stress are not in its letters, so a class holds
//! the endings of all words that look alike: a form too many does no harm, because nobody says it.

/// A word with its forms.
#[derive(Clone, Debug)]
pub(super) struct Noun {
    stems: Vec<String>,
    forms: Vec<String>,
}

const HARD_ADJECTIVE: &str = "ый ой ого ому ым ом ая ую ою ое ые ых ыми";
const VELAR_ADJECTIVE: &str = "ий ой ого ому им ом ая ую ою ое ие их ими";
const SIBILANT_ADJECTIVE: &str = "ий ой его ого ему ому им ем ом ая ей ую ею ее ое ие их ими";
const SOFT_ADJECTIVE: &str = "ий его ему им ем яя ей юю ею ее ие их ими";

const SOFT_NOUN: &str = "ь я ю ем ём е и ей ям ями ях ью";
const HARD_NOUN: &str = "- а у ом ем е ы и ов ев ей ам ами ах";
const NOUN_IN_A: &str = "а ы и е у ой ою ей ею - ам ами ах";
const NOUN_IN_YA: &str = "я и е ю ей ею ёй ь - й ям ями ях";
const NOUN_IN_O: &str = "о а у ом е - ам ами ах";
const NOUN_IN_E: &str = "е я а ю у ем и ей - ям ам ями ами ях ах";
const NOUN_IN_IY: &str = "й я ю ем е и ев ям ями ях";
const NOUN_IN_IE: &str = "ие ия ию ием ией ии ий иям иями иях";
const SURNAME: &str = "- а у ым е ой ую ы ых ыми";
const PLURAL: &str = "ы и а я ов ев ей - ь ам ами ах ям ями ях";

/// Words whose forms have another stem.
const IRREGULAR: [(&str, &str); 9] = [
    ("друг", "друзья друзей друзьям друзьями друзьях"),
    ("брат", "братья братьев братьям братьями братьях"),
    ("сын", "сыновья сыновей сыновьям сыновьями сыновьях"),
    ("человек", "люди людей людям людьми людях"),
    ("ребенок", "дети детей детям детьми детях"),
    ("год", "лет годы годов годам годами"),
    ("мать", "матери матерью матерей матерям матерями матерях"),
    ("дочь", "дочери дочерью дочерей дочерям дочерями дочерях"),
    ("гражданин", "граждане граждан гражданам гражданами гражданах"),
];

impl Noun {
    /// The forms of a word in small letters, with е for ё.
    pub(super) fn new(word: &str) -> Noun {
        let (stem, endings) = class(word);
        let mut stems = vec![stem.to_owned()];
        let mut forms = with_endings(stem, &endings);
        forms.insert(0, word.to_owned());
        if let Some((short, endings)) = without_fleeting_vowel(word) {
            forms.extend(with_endings(&short, &endings));
            stems.push(short);
        }
        let genitives = with_fleeting_vowel(word, stem);
        stems.extend(genitives.iter().cloned());
        forms.extend(genitives);
        if let Some((_, others)) = IRREGULAR.iter().find(|(irregular, _)| *irregular == word) {
            forms.extend(others.split(' ').map(str::to_owned));
            stems.extend(others.split(' ').map(|form| form.chars().take(3).collect::<String>()));
        }
        Noun { stems, forms }
    }

    /// Whether `word`, in small letters with е for ё, is a form of it.
    pub(super) fn is_form(&self, word: &str) -> bool {
        self.forms.iter().any(|form| form == word)
    }

    /// The stem's shapes.
    pub(super) fn stems(&self) -> impl Iterator<Item = &str> {
        self.stems.iter().map(|stem| &**stem)
    }

    /// Whether `word` is a stem and then, perhaps, the beginning of an ending.
    pub(super) fn may_become_form(&self, word: &str) -> bool {
        self.stems.iter().any(|stem| word.starts_with(&**stem)) && self.forms.iter().any(|form| form.starts_with(word))
    }
}

fn with_endings(stem: &str, endings: &[&str]) -> Vec<String> {
    let endings = endings.iter().flat_map(|endings| endings.split(' '));
    endings.map(|ending| if ending == "-" { stem.to_owned() } else { [stem, ending].concat() }).collect()
}

/// The stem of a dictionary form, and the sets of endings that it takes.
fn class(word: &str) -> (&str, Vec<&'static str>) {
    let cut = |letters: usize| {
        let at = word.char_indices().rev().nth(letters - 1).map_or(0, |(at, _)| at);
        &word[..at]
    };
    let adjective = |stem: &str| match stem.chars().last() {
        Some('г' | 'к' | 'х') => VELAR_ADJECTIVE,
        Some('ж' | 'ш' | 'щ' | 'ч') => SIBILANT_ADJECTIVE,
        _ => HARD_ADJECTIVE,
    };
    let letters: Vec<char> = word.chars().collect();
    match letters[..] {
        [.., 'ы', 'й' | 'е'] | [.., 'а', 'я'] | [.., 'о', 'е'] | [.., 'у', 'ю'] => {
            (cut(2), vec![adjective(cut(2))])
        }
        [.., 'г' | 'к' | 'х' | 'ж' | 'ш' | 'щ' | 'ч', 'и', 'й' | 'е'] | [.., 'ж' | 'ш' | 'щ' | 'ч', 'е', 'е'] => {
            (cut(2), vec![adjective(cut(2))])
        }
        [.., 'я', 'я'] | [.., 'е', 'е'] => (cut(2), vec![SOFT_ADJECTIVE]),
        [.., 'о', 'й'] => (cut(2), vec![adjective(cut(2)), "ой оя ою оем ое ои оев оям оями оях"]),
        [.., 'и', 'й'] => (cut(2), vec![SOFT_ADJECTIVE, NOUN_IN_IE, "иев иям"]),
        [.., 'и', 'я' | 'е'] => (cut(2), vec![NOUN_IN_IE]),
        [.., 'й'] => (cut(1), vec![NOUN_IN_IY]),
        [.., 'м', 'я'] => (cut(1), vec![NOUN_IN_YA, "ени енем ена ен енам енами енах"]),
        [.., 'а'] => (cut(1), vec![NOUN_IN_A]),
        [.., 'я'] => (cut(1), vec![NOUN_IN_YA]),
        [.., 'о'] => (cut(1), vec![NOUN_IN_O]),
        [.., 'е'] => (cut(1), vec![NOUN_IN_E]),
        [.., 'ь'] => (cut(1), vec![SOFT_NOUN]),
        [.., 'ы' | 'и'] => (cut(1), vec![PLURAL]),
        [.., 'о' | 'е', 'в'] | [.., 'и' | 'ы', 'н'] => (word, vec![HARD_NOUN, SURNAME]),
        [.., last] if last.is_alphabetic() && !"уюэ".contains(last) && !last.is_ascii() => (word, vec![HARD_NOUN]),
        _ => (word, vec![]),
    }
}

/// The stem without a vowel that only the dictionary form has («участок», «участка»; «день», «дня»).
fn without_fleeting_vowel(word: &str) -> Option<(String, Vec<&'static str>)> {
    let letters: Vec<char> = word.chars().collect();
    let (before, last, endings) = match &letters[..] {
        // «боец», «бойца», and «казахстанец», «казахстанца».
        [before @ .., 'о', 'е', 'ц'] => ([before, &['о', 'й']].concat(), 'ц', HARD_NOUN),
        [before @ .., 'е', 'ц'] => (before.to_vec(), 'ц', HARD_NOUN),
        [before @ .., 'о' | 'е', 'к'] if before.len() >= 2 => (before.to_vec(), 'к', HARD_NOUN),
        [before @ .., 'е' | 'о', 'н', 'ь'] => (before.to_vec(), 'н', SOFT_NOUN),
        [before @ .., 'о', last @ ('т' | 'в'), 'ь'] => (before.to_vec(), *last, SOFT_NOUN),
        _ => return None,
    };
    Some((before.into_iter().chain([last]).collect(), vec![endings]))
}

/// Plural genitives with a vowel that the dictionary form lacks: «студенток», «девушек», «окон».
fn with_fleeting_vowel(word: &str, stem: &str) -> Vec<String> {
    let letters: Vec<char> = stem.chars().collect();
    match &letters[..] {
        [before @ .., last]
            if word.ends_with(['а', 'о', 'я'])
                && "кнлмрв".contains(*last)
                && before.last().is_some_and(|c| !"аеиоуыэюя".contains(*c)) =>
        {
            ['о', 'е']
                .into_iter()
                .map(|vowel| before.iter().filter(|c| **c != 'ь').chain([&vowel, last]).collect())
                .collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, forms: &str, others: &str) {
        let noun = Noun::new(word);
        forms.split_whitespace().for_each(|form| {
            assert!(noun.is_form(form), "{form} is a form of {word}");
            assert!(noun.may_become_form(form) || form == word || form.len() < word.len(), "{form} of {word}");
        });
        others.split_whitespace().for_each(|other| assert!(!noun.is_form(other), "{other} is no form of {word}"));
    }

    #[test]
    fn nouns_have_cases_and_numbers() {
        check(
            "форум",
            "форум форума форуму форумом форуме форумы форумов форумам форумами форумах",
            "форумный форумчанин",
        );
        check("школа", "школы школе школу школой школ школам школами школах", "школьный школьник школо");
        check("молодежь", "молодежь молодежи молодежью", "молодежный молодой");
        check("участник", "участники участников участником участниках", "участница участие участок");
        check(
            "организация",
            "организации организацию организацией организаций организациям",
            "организатор организован",
        );
        check("образование", "образования образованию образованием образовании", "образованный образец");
        check("государство", "государства государством государств государствами", "государственный");
        check("музей", "музея музеем музеев музеях", "музейный");
        check("гость", "гости гостей гостям гостями гостю", "гостиница гостевой");
        check("идея", "идеи идею идей идеями", "идейный");
        check("время", "времени временем времена времен", "временный");
        check("казахстан", "казахстана казахстану казахстаном казахстане", "казахстанский казахстанец");
        check("сценарий", "сценарии сценария сценариев сценарием", "сцена сценарист");
        check("товарищ", "товарищи товарищей товарищем", "товарищество");
    }

    #[test]
    fn vowels_come_and_go() {
        check("день", "день дня дню днем дни дней днями", "деньги денег");
        check("участок", "участка участки участков участком", "участие");
        check("казахстанец", "казахстанцы казахстанцев казахстанца", "казахстан");
        check("боец", "бойца бойцы бойцов", "бой");
        check("студентка", "студентки студенток студенткам", "студенты");
        check("окно", "окна окон окну", "оконный");
        check("друг", "друга друзья друзей друзьями", "другой");
    }

    #[test]
    fn adjectives_agree() {
        check(
            "государственный",
            "государственного государственная государственной государственных государственную",
            "государство",
        );
        check("российский", "российского российская российские российскими", "россия россии");
        check("молодой", "молодого молодые молодым молодая", "молодость");
        check("общий", "общего общая общие общих", "община общество");
        check("лучшие", "лучших лучший лучшим", "лучше");
        check("последний", "последнего последняя последних", "последствие");
    }

    #[test]
    fn names_too() {
        check("токаев", "токаева токаевым токаеву токаевой", "токай");
        check("астана", "астане астаны астану астаной", "астанинский");
        check("алматы", "алматы", "алматинский");
        check("атырау", "атырау", "атыраа атырауский");
        check("dostyq", "dostyq", "dostyqа");
    }
}
