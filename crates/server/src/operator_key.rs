use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::Context;

/// The token that comes with the server: a random number of 128 bits, in the data folder, where only the user of the
/// server can read it. It is kept as it is, so that every start can print the operator's link.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct OperatorKey(String);

const FILE: &str = "operator.key";
const DIGITS: usize = 32;

impl OperatorKey {
    /// Reads the key of a data folder; makes one at the first start. A new one is had by deleting the file.
    pub(crate) fn open(data: &Path) -> anyhow::Result<OperatorKey> {
        let path = data.join(FILE);
        let trouble = || format!("the operator's key {} cannot be read or written", path.display());
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let key = text.trim();
                let is_key = key.len() == DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit());
                anyhow::ensure!(is_key, "{} is no key of {DIGITS} hexadecimal digits: delete it", path.display());
                Ok(OperatorKey(key.to_owned()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = OperatorKey(format!("{:032x}", rand::random::<u128>()));
                let mut options = OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let mut file = options.open(&path).with_context(trouble)?;
                file.write_all(key.0.as_bytes()).with_context(trouble)?;
                Ok(key)
            }
            Err(error) => Err(error).with_context(trouble),
        }
    }

    /// The key itself, which is a token of the operator's role.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The address of the operator's page with the key. It stands after the `#`, which browsers send to nobody.
    pub(crate) fn link(&self, base: &str) -> String {
        format!("{base}/operator#{}", self.0)
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorKey(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_the_same_and_does_not_show_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = OperatorKey::open(folder.path()).expect("made");
        assert_eq!(OperatorKey::open(folder.path()).expect("read"), key);
        assert_eq!(key.link("http://hall"), format!("http://hall/operator#{}", key.text()));
        assert!(!format!("{key:?}").contains(key.text()));
    }

    #[test]
    fn a_damaged_key_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(FILE), "open sesame").expect("written");
        let error = OperatorKey::open(folder.path()).expect_err("no key");
        assert!(error.to_string().contains(FILE), "{error}");
    }
}
