//! Letters folded by sound.
//!
//! A weak recogniser writes Kazakh as it hears it, in Russian letters or Latin ones, voiced for unvoiced, a vowel for its
//! neighbour. What is left of a text here is what such a recogniser mostly gets right: the row of a vowel and the place
//! of a consonant. It is the idea of phonetic keys (Russell's Soundex and those after it), with the sounds of Kazakh.

use dostyq_speech::Lang;

use crate::numerals::spell;

/// Sounds that are told apart.
pub(crate) const SOUNDS: usize = 16;
/// The first so many sounds are vowels.
pub(crate) const VOWELS: u8 = 5;

/// A sound, below [`SOUNDS`].
pub(crate) type Sound = u8;

/// The sounds of a word, numbers spelt out; a sound that follows itself is one.
pub(crate) fn fold(word: &str, lang: Lang) -> Vec<Sound> {
    let mut sounds = Vec::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            push(&mut sounds, &spell(&rest[..end], lang));
            rest = &rest[end..];
        } else {
            let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            push(&mut sounds, &rest[..end]);
            rest = &rest[end..];
        }
    }
    sounds
}

fn push(sounds: &mut Vec<Sound>, text: &str) {
    let lower = text.chars().flat_map(char::to_lowercase);
    for sound in lower.filter_map(sound_of) {
        if sounds.last() != Some(&sound) {
            sounds.push(sound);
        }
    }
}

/// The sound of a small letter; none of a sign without one.
fn sound_of(letter: char) -> Option<Sound> {
    Some(match letter {
        'а' | 'ә' | 'я' | 'a' | 'ä' | 'á' => 0,
        'о' | 'ө' | 'ё' | 'o' | 'ö' | 'ó' => 1,
        'у' | 'ұ' | 'ү' | 'ю' | 'u' | 'ü' | 'ú' | 'w' => 2,
        'ы' | 'і' | 'и' | 'й' | 'i' | 'ı' | 'y' | 'í' | 'ý' => 3,
        'е' | 'э' | 'e' | 'é' => 4,
        'к' | 'қ' | 'г' | 'ғ' | 'k' | 'g' | 'q' | 'ğ' => 5,
        'х' | 'һ' | 'h' | 'x' => 6,
        'п' | 'б' | 'p' | 'b' => 7,
        'т' | 'д' | 't' | 'd' => 8,
        'ш' | 'ж' | 'щ' | 'ч' | 'ş' | 'j' | 'ç' => 9,
        'с' | 'з' | 'ц' | 's' | 'z' | 'c' => 10,
        'в' | 'ф' | 'v' | 'f' => 11,
        'н' | 'ң' | 'n' | 'ñ' => 12,
        'м' | 'm' => 13,
        'л' | 'l' => 14,
        'р' | 'r' => 15,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_sound_alike_are_alike() {
        let check = |a, b| assert_eq!(fold(a, Lang::Kazakh), fold(b, Lang::Kazakh), "{a} {b}");
        check("құрметті", "Гурмети!");
        check("қазақстан", "Kazakstan");
        check("дөңгелек", "донгелек");
        check("2024-жылы", "екімыңжиырматөртжылы");
        check("—", "");
        assert!(fold("Ә9", Lang::Russian).iter().all(|sound| usize::from(*sound) < SOUNDS));
    }
}
