//! The only module that touches files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::{PreparedError, docx};

/// Bytes of the largest file that is read (8 MiB): a speech of an hour is about 60 KiB of text.
const MOST_BYTES: u64 = 8 << 20;

/// The text of a TXT or DOCX file; paragraphs are lines.
pub(crate) fn read_text(path: &Path) -> Result<String, PreparedError> {
    let unreadable =
        |error: std::io::Error| PreparedError::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let mut bytes = Vec::new();
    File::open(path).map_err(unreadable)?.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    decode(path, &bytes)
}

/// The text of the bytes of a file with this name.
///
/// A text is UTF-8, with or without a byte order mark, or UTF-16 with one, which is how Windows writes "Unicode".
pub(crate) fn decode(path: &Path, bytes: &[u8]) -> Result<String, PreparedError> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let decode = match extension.as_deref() {
        Some("txt" | "text") => decode_text,
        Some("docx") => decode_docx,
        _ => return Err(PreparedError::UnknownFormat { path: path.to_owned() }),
    };
    if bytes.len() as u64 > MOST_BYTES {
        let limit = format!("{} MiB", MOST_BYTES >> 20);
        return Err(PreparedError::TooLong { path: path.to_owned(), limit });
    }
    decode(path, bytes)
}

fn decode_docx(path: &Path, bytes: &[u8]) -> Result<String, PreparedError> {
    docx::paragraphs(bytes)
        .map(|paragraphs| paragraphs.join("\n"))
        .map_err(|reason| PreparedError::Docx { path: path.to_owned(), reason })
}

fn decode_text(path: &Path, bytes: &[u8]) -> Result<String, PreparedError> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].as_chunks::<2>().0.iter().map(|pair| from(*pair)).collect();
        String::from_utf16(&units).map_err(|_| PreparedError::Encoding { path: path.to_owned(), line: 1 })
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
                let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
                PreparedError::Encoding { path: path.to_owned(), line }
            })
        }
    }
}
