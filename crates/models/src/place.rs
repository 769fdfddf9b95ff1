//! Files that appear under their name only when they are whole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A file being written under a temporary name in the folder where it will stay, so that the rename cannot cross
/// disks. Dropped unfinished, it is deleted.
pub(crate) struct Partial {
    temporary: PathBuf,
    target: PathBuf,
    finished: bool,
}

impl Partial {
    /// Starts anew, over whatever an earlier attempt left behind. The folder is made if need be.
    pub(crate) fn create(target: &Path) -> Result<(Partial, File), Error> {
        let folder = target.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let mut name = target.file_name().unwrap_or_default().to_owned();
        // The process id keeps two programs that write the same target apart; the last rename wins, whole either way.
        name.push(format!(".partial-{}", std::process::id()));
        let partial = Partial { temporary: folder.join(name), target: target.to_owned(), finished: false };
        let file = File::create(&partial.temporary).map_err(Error::io(&partial.temporary))?;
        Ok((partial, file))
    }

    /// Puts the file in its place at once and whole: bytes to the disk first, then the rename.
    pub(crate) fn finish(mut self, file: File) -> Result<(), Error> {
        file.sync_all().map_err(Error::io(&self.temporary))?;
        drop(file);
        fs::rename(&self.temporary, &self.target).map_err(Error::io(&self.target))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            // Nothing more can be done here if this fails, and the next attempt overwrites the file.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a small text whole or not at all.
pub(crate) fn write_whole(target: &Path, text: &str) -> Result<(), Error> {
    let (partial, mut file) = Partial::create(target)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(Error::io(target))?;
    partial.finish(file)
}

/// Moves a finished file to its place on the same disk, over an older one.
pub(crate) fn move_into_place(from: &Path, to: &Path) -> Result<(), Error> {
    let folder = to.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    File::open(from).and_then(|file| file.sync_all()).map_err(Error::io(from))?;
    fs::rename(from, to).map_err(Error::io(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_old_file_stays_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("sub/model.bin");
        write_whole(&target, "old").expect("writable");

        let (partial, mut file) = Partial::create(&target).expect("writable");
        file.write_all(b"ne").expect("writable");
        assert_eq!(fs::read_to_string(&target).expect("there"), "old");
        drop((partial, file));
        assert_eq!(fs::read_to_string(&target).expect("there"), "old");
        assert_eq!(names(&folder.path().join("sub")), ["model.bin"]);

        write_whole(&target, "new").expect("writable");
        assert_eq!(fs::read_to_string(&target).expect("there"), "new");
        assert_eq!(names(&folder.path().join("sub")), ["model.bin"]);
    }
}
