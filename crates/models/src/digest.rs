//! SHA-256 of files, as the manifest writes it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// Bytes read at once while a file is hashed or copied.
pub(crate) const CHUNK_BYTES: usize = 256 * 1024;

/// A SHA-256 digest (FIPS 180-4). Written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The digest of bytes that are in memory already.
    pub fn of(bytes: &[u8]) -> Self {
        Sha256(sha2::Sha256::digest(bytes).into())
    }

    /// The first twelve digits: enough to tell two files apart in a message.
    pub fn prefix(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no SHA-256: write 64 hexadecimal digits")]
pub struct NotASha256(pub String);

impl FromStr for Sha256 {
    type Err = NotASha256;
    fn from_str(text: &str) -> Result<Self, NotASha256> {
        let bad = || NotASha256(text.to_owned());
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(bad());
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| bad())?;
        }
        Ok(Sha256(bytes))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = NotASha256;
    fn try_from(text: String) -> Result<Self, NotASha256> {
        text.parse()
    }
}

impl From<Sha256> for String {
    fn from(digest: Sha256) -> String {
        digest.to_string()
    }
}

/// The size in bytes and the digest of a file. `on_bytes` hears how many bytes have been read so far.
pub(crate) fn hash_file(path: &Path, on_bytes: &mut dyn FnMut(u64)) -> io::Result<(u64, Sha256)> {
    let mut sink = HashingWriter::new(io::sink());
    copy(&mut File::open(path)?, &mut sink, on_bytes)?;
    Ok(sink.finish())
}

/// Copies to the end in chunks. Unlike `io::copy` it tells how far it is.
pub(crate) fn copy(from: &mut dyn Read, to: &mut dyn Write, on_bytes: &mut dyn FnMut(u64)) -> io::Result<u64> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut copied = 0;
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return Ok(copied),
            Ok(count) => {
                to.write_all(&chunk[..count])?;
                copied += count as u64;
                on_bytes(copied);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Passes bytes on and keeps their count and digest.
pub(crate) struct HashingWriter<W> {
    inner: W,
    hasher: sha2::Sha256,
    count: u64,
}

impl<W: Write> HashingWriter<W> {
    pub(crate) fn new(inner: W) -> Self {
        HashingWriter { inner, hasher: sha2::Sha256::new(), count: 0 }
    }

    pub(crate) fn finish(self) -> (u64, Sha256) {
        (self.count, Sha256(self.hasher.finalize().into()))
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest of "abc" in FIPS 180-4.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        assert_eq!(Sha256::of(b"abc").to_string(), ABC);
        assert_eq!(ABC.to_uppercase().parse(), Ok(Sha256::of(b"abc")));
        assert_eq!(Sha256::of(b"abc").prefix(), "ba7816bf8f01");
        for text in ["", "ba78", &format!("{ABC}0"), &ABC.replace('b', "я"), &ABC.replace('b', "+")] {
            assert!(text.parse::<Sha256>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_is_hashed_across_chunks() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let bytes = vec![7; CHUNK_BYTES + 5];
        std::fs::write(file.path(), &bytes).expect("writable");
        let mut seen = Vec::new();
        let (count, digest) = hash_file(file.path(), &mut |bytes| seen.push(bytes)).expect("readable");
        assert_eq!((count, digest), (bytes.len() as u64, Sha256::of(&bytes)));
        assert_eq!(seen.last(), Some(&count));
    }
}
