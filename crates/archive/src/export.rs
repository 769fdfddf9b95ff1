use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dostyq_speech::Cue;

use crate::{ArchiveError, Result, Session, json, srt, vtt};

/// What there is to write of a session: its cues as the caller laid them out, and its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Exports {
    /// Cues of the Kazakh text alone.
    pub kazakh: Vec<Cue>,
    /// Cues of the Russian text alone.
    pub russian: Vec<Cue>,
    /// Cues with Kazakh above Russian.
    pub bilingual: Vec<Cue>,
    /// The session that they were laid out from.
    pub session: Session,
    /// Whether SRT files start with a byte order mark: some old players and editors take a file without one for
    /// a Windows code page and garble Cyrillic. Off unless somebody needs it.
    pub srt_byte_order_mark: bool,
}

/// Writes `NAME.kk.srt`, `NAME.ru.srt`, `NAME.bilingual.srt`, the same as `.vtt`, and `NAME.json` into a folder, which
/// is created where it is missing. Answers with the files' paths.
///
/// Each file is written under a temporary name, synced to the disk and renamed: whatever happens, what is found under
/// its own name is the old file or the new one, never half of one.
pub fn write_exports(folder: &Path, name: &str, exports: &Exports) -> Result<Vec<PathBuf>> {
    // Of `../x`, `x/y` and `..` the last part is not the whole.
    if Path::new(name).file_name() != Some(OsStr::new(name)) {
        return Err(ArchiveError::UnfitName(name.to_owned()));
    }
    fs::create_dir_all(folder).map_err(|cause| ArchiveError::Write { path: folder.to_owned(), cause })?;

    let byte_order_mark = if exports.srt_byte_order_mark { "\u{feff}" } else { "" };
    let mut files = Vec::new();
    let tracks = [("kk", &exports.kazakh), ("ru", &exports.russian), ("bilingual", &exports.bilingual)];
    for (track, cues) in tracks {
        files.push((format!("{name}.{track}.srt"), format!("{byte_order_mark}{}", srt(cues))));
        files.push((format!("{name}.{track}.vtt"), vtt(cues)));
    }
    files.push((format!("{name}.json"), json(&exports.session)));

    let mut paths = Vec::new();
    for (file_name, text) in files {
        let path = folder.join(&file_name);
        let temporary = folder.join(format!(".{file_name}.part"));
        replace(&path, &temporary, text.as_bytes()).map_err(|cause| {
            // The half file is of no use to anybody; that it cannot be removed is no worse than the first failure.
            let _ = fs::remove_file(&temporary);
            ArchiveError::Write { path: path.clone(), cause }
        })?;
        paths.push(path);
    }
    Ok(paths)
}

fn replace(path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(temporary)?;
    file.write_all(bytes)?;
    // Without this a loss of power soon after may leave the new name with an empty file behind it.
    file.sync_all()?;
    fs::rename(temporary, path)
}
