use std::ffi::c_int;

use dostyq_speech::Lang;
use whisper_rs::{WhisperContext, WhisperTokenId, get_lang_id};

use super::log_sum_exp;
use crate::guard::{LATIN_SHARE, latin_share};

/// The tokens of a model: their bytes, the special ones, and those that are no speech.
pub(super) struct Vocabulary {
    /// Bytes of each text token; a piece may end inside a letter.
    pieces: Vec<Vec<u8>>,
    /// Text tokens that are never produced: notes, brackets and other marks of subtitles that nobody speaks.
    unspoken: Vec<bool>,
    /// Text tokens with Latin letters.
    latin: Vec<bool>,
    pub(super) start: WhisperTokenId,
    /// Before text that came before.
    pub(super) previous: WhisperTokenId,
    pub(super) end: WhisperTokenId,
    pub(super) transcribe: WhisperTokenId,
    pub(super) no_timestamps: WhisperTokenId,
    pub(super) no_speech: WhisperTokenId,
    kazakh: WhisperTokenId,
    russian: WhisperTokenId,
}

/// What may come next besides what the vocabulary itself rules out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// The first token is neither the end nor a bare space.
    pub(super) is_first: bool,
    /// Latin letters may come.
    pub(super) may_be_latin: bool,
    /// A token that may not.
    pub(super) barred: Option<WhisperTokenId>,
}

/// Characters that stand in subtitles for what is not spoken: music, stage directions, markup.
const UNSPOKEN: &str = "#()*+/:;<=>@[\\]^_`{|}~♩♪♫♬♭♮♯「」『』";

impl Vocabulary {
    /// Reads it from a loaded model; the error is a reason in words.
    pub(super) fn read(context: &WhisperContext) -> Result<Vocabulary, String> {
        let end = context.token_eot();
        let pieces = (0..end)
            .map(|token| context.token_to_bytes(token).map(<[u8]>::to_vec).map_err(|e| format!("token {token}: {e}")))
            .collect::<Result<Vec<_>, _>>()?;
        let unspoken = pieces.iter().map(|piece| is_unspoken(piece)).collect();
        let latin = pieces.iter().map(|piece| piece.iter().any(u8::is_ascii_alphabetic)).collect();
        let lang = |lang: Lang| -> Result<WhisperTokenId, String> {
            let id = get_lang_id(lang.code()).ok_or_else(|| format!("it does not know the language {lang}"))?;
            Ok(context.token_lang(id as c_int))
        };
        Ok(Vocabulary {
            unspoken,
            latin,
            start: context.token_sot(),
            previous: context.token_prev(),
            end,
            transcribe: context.token_transcribe(),
            no_timestamps: context.token_not(),
            no_speech: context.token_nosp(),
            kazakh: lang(Lang::Kazakh)?,
            russian: lang(Lang::Russian)?,
            pieces,
        })
    }

    /// The token of a language.
    pub(super) fn lang(&self, lang: Lang) -> WhisperTokenId {
        match lang {
            Lang::Kazakh => self.kazakh,
            Lang::Russian => self.russian,
        }
    }

    /// The likeliest token that may come next, and its natural log-probability among those that may.
    ///
    /// Only text and the end are allowed, and of these what the rules say.
    pub(super) fn best(&self, logits: &[f32], rules: &Rules) -> (WhisperTokenId, f32) {
        let end = self.end as usize;
        let may_end = !rules.is_first && rules.barred != Some(self.end);
        let mut best = (self.end, if may_end { logits[end] } else { f32::NEG_INFINITY });
        for (token, logit) in logits[..end].iter().enumerate() {
            let is_blank = rules.is_first && self.pieces[token] == b" ";
            let is_barred = self.unspoken[token]
                || is_blank
                || (!rules.may_be_latin && self.latin[token])
                || rules.barred == Some(token as WhisperTokenId);
            if *logit > best.1 && !is_barred {
                best = (token as WhisperTokenId, *logit);
            }
        }
        (best.0, best.1 - log_sum_exp(&logits[..=end]))
    }

    /// Whether most letters of a text are Latin ones.
    pub(super) fn is_mostly_latin(&self, tokens: &[WhisperTokenId]) -> bool {
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| &self.pieces[*token as usize]).copied().collect();
        latin_share(&String::from_utf8_lossy(&bytes)) > LATIN_SHARE
    }

    /// Tokens as words with their probabilities (the geometric mean of their tokens').
    ///
    /// A word begins at a token that begins with a space. What is punctuation alone joins the word before it.
    pub(super) fn words(&self, tokens: &[WhisperTokenId], log_probabilities: &[f32]) -> Vec<(String, f32)> {
        let mut words: Vec<(Vec<u8>, Vec<f32>)> = Vec::new();
        for (token, log_probability) in tokens.iter().zip(log_probabilities) {
            let piece = &self.pieces[*token as usize];
            if words.is_empty() || piece.starts_with(b" ") {
                words.push(Default::default());
            }
            if let Some((bytes, probabilities)) = words.last_mut() {
                bytes.extend_from_slice(piece);
                probabilities.push(*log_probability);
            }
        }
        let mut texts: Vec<(String, f32)> = Vec::new();
        for (bytes, probabilities) in words {
            // A hypothesis that stops inside a letter ends with a replacement character, which is no letter.
            let lossy = String::from_utf8_lossy(&bytes);
            let text = lossy.trim_matches(|c: char| c.is_whitespace() || c == char::REPLACEMENT_CHARACTER);
            let confidence = (probabilities.iter().sum::<f32>() / probabilities.len() as f32).exp();
            match texts.last_mut() {
                Some((before, _)) if !text.chars().any(char::is_alphanumeric) => {
                    // A dash is set off by spaces, a comma is not.
                    if text.starts_with(['-', '–', '—']) {
                        before.push(' ');
                    }
                    before.push_str(text);
                }
                _ if text.chars().any(char::is_alphanumeric) => texts.push((text.to_owned(), confidence)),
                _ => {}
            }
        }
        texts
    }
}

/// Whether a piece consists of [`UNSPOKEN`] characters alone (and spaces).
fn is_unspoken(piece: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(piece) else { return false };
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| UNSPOKEN.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(pieces: &[&[u8]]) -> Vocabulary {
        let pieces: Vec<Vec<u8>> = pieces.iter().map(|p| p.to_vec()).collect();
        let end = pieces.len() as WhisperTokenId;
        Vocabulary {
            unspoken: pieces.iter().map(|p| is_unspoken(p)).collect(),
            latin: pieces.iter().map(|p| p.iter().any(u8::is_ascii_alphabetic)).collect(),
            pieces,
            previous: end + 7,
            start: end + 1,
            end,
            transcribe: end + 2,
            no_timestamps: end + 3,
            no_speech: end + 4,
            kazakh: end + 5,
            russian: end + 6,
        }
    }

    #[test]
    fn tokens_become_words() {
        let half = "ң".as_bytes().split_at(1);
        let v =
            vocabulary(&[" Жа".as_bytes(), half.0, half.1, "а".as_bytes(), b",", " күн".as_bytes(), " —".as_bytes()]);
        let check = |tokens: &[WhisperTokenId], expect: &[&str]| {
            let words: Vec<String> = v.words(tokens, &vec![0.0; tokens.len()]).into_iter().map(|w| w.0).collect();
            assert_eq!(words, expect, "{tokens:?}");
        };
        check(&[0, 1, 2, 3, 4, 5], &["Жаңа,", "күн"]);
        check(&[0, 1], &["Жа"]);
        check(&[5, 6, 5], &["күн —", "күн"]);
        check(&[4, 5], &["күн"]);
        check(&[], &[]);
    }

    #[test]
    fn a_word_is_as_sure_as_its_tokens_on_the_whole() {
        let v = vocabulary(&[b" a", b"b"]);
        let words = v.words(&[0, 1], &[0.0, -2.0]);
        assert!((words[0].1 - (-1.0f32).exp()).abs() < 1e-6);
    }

    #[test]
    fn the_first_token_is_a_word_and_music_is_never_one() {
        let v = vocabulary(&[b" ", "♪".as_bytes(), b" a"]);
        // space, note, letter, end
        let logits = [5.0, 9.0, 1.0, 3.0];
        let first = Rules { is_first: true, may_be_latin: true, barred: None };
        let later = Rules { is_first: false, ..first };
        assert_eq!(v.best(&logits, &first).0, 2);
        assert_eq!(v.best(&logits, &later).0, 0, "later a space may come");
        assert_eq!(v.best(&logits, &Rules { barred: Some(0), ..later }).0, v.end);
        assert_eq!(v.best(&[0.0, 9.0, 1.0, 3.0], &later).0, v.end);
        assert_eq!(v.best(&[0.0, 9.0, 4.0, 3.0], &later).0, 2);
        assert_eq!(v.best(&[0.0, 9.0, 4.0, 3.0], &Rules { may_be_latin: false, ..later }).0, v.end);
    }
}
