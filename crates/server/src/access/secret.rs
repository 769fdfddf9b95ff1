use std::fmt;

use ring::digest::{Digest, SHA256, digest};

/// Begins every token, so that people and programs that look for leaked secrets know one when they see it.
const PREFIX: &str = "dostyq-";

/// A random number of 256 bits that opens something. It is shown once and kept by nobody but its owner.
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn random() -> Secret {
        Secret(format!("{PREFIX}{}", hex(&rand::random::<[u8; 32]>())))
    }

    /// For its owner's eyes.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What is kept of a secret. It is looked up by this, so that no time that a comparison takes tells anything of the
/// secret itself; and since that is random, no salt and no slowness are needed.
pub(super) fn fingerprint(secret: &str) -> Digest {
    digest(&SHA256, secret.as_bytes())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_do_not_show_themselves() {
        let (one, other) = (Secret::random(), Secret::random());
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!(one.reveal().len(), PREFIX.len() + 64);
        assert_eq!(format!("{one:?}"), "Secret");
    }

    #[test]
    fn hexadecimal_goes_there_and_back() {
        assert_eq!(hex(&[0, 15, 255]), "000fff");
        assert_eq!(unhex("000FfF"), Some(vec![0, 15, 255]));
        assert_eq!(unhex("0"), None);
        assert_eq!(unhex("0g"), None);
        assert_eq!(unhex("ё1"), None);
    }
}
