//! A file over HTTP, streamed to disk; a download that broke off is taken up where it stopped.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::{HeaderMap, StatusCode};

use crate::digest::copy;
use crate::error::Error;

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a connection may be silent. A large file may take hours, so there is no limit on the whole.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);

/// How far a download is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
}

pub(crate) struct Downloader {
    agent: ureq::Agent,
}

impl Downloader {
    pub(crate) fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_per_read(Some(SILENCE_TIMEOUT))
            .http_status_as_error(false)
            .user_agent(concat!("dostyq/", env!("CARGO_PKG_VERSION")))
            .build();
        Downloader { agent: config.new_agent() }
    }

    /// Has the whole of `url` in `target`. A complete `target` of the expected size is taken as it is (the caller
    /// verifies it). Until it is complete it lies in `target` with `.part` added, and the server's validator with
    /// `.etag` added: a part is continued only if the server still has the very file it began with (RFC 9110,
    /// If-Range), so no file is ever stitched from two.
    pub(crate) fn fetch(
        &self,
        url: &str,
        target: &Path,
        expected_size: Option<u64>,
        on_bytes: &mut dyn FnMut(Range),
    ) -> Result<(), Error> {
        if expected_size.is_some() && fs::metadata(target).ok().map(|metadata| metadata.len()) == expected_size {
            return Ok(());
        }
        let failed = |reason: String| Error::Download { url: url.to_owned(), reason };
        let folder = target.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let (part, validator) = (with_suffix(target, ".part"), with_suffix(target, ".etag"));

        let begun = fs::metadata(&part).map_or(0, |metadata| metadata.len());
        let known = fs::read_to_string(&validator).ok().filter(|_| begun > 0);
        let mut request = self.agent.get(url).header("Accept-Encoding", "identity");
        if let Some(etag) = &known {
            request = request.header("Range", format!("bytes={begun}-")).header("If-Range", etag);
        }
        let response = request.call().map_err(|error| failed(error.to_string()))?;

        let start = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if known.is_some() && range_start(response.headers()) == Some(begun) => begun,
            status => {
                // Whatever lies here is of no use to this server; the next try begins anew.
                let _ = fs::remove_file(&validator);
                return Err(failed(format!("the server answers {status}")));
            }
        };
        if start == 0 {
            match strong_etag(response.headers()) {
                Some(etag) => fs::write(&validator, etag).map_err(Error::io(&validator))?,
                None => drop(fs::remove_file(&validator)),
            }
        }
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .append(start > 0)
            .truncate(start == 0)
            .open(&part)
            .map_err(Error::io(&part))?;

        let total = response.body().content_length().map(|rest| start + rest);
        let limit = expected_size.map_or(u64::MAX, |size| (size + 1).saturating_sub(start));
        let mut body = NetworkReader(response.into_body().into_reader().take(limit));
        let mut on_copied = |copied| on_bytes(Range { done: start + copied, total });
        let copied = copy(&mut body, &mut file, &mut on_copied).map_err(|error| match error.get_ref() {
            Some(inner) if inner.is::<NetworkError>() => failed(inner.to_string()),
            _ => Error::io(&part)(error),
        })?;
        if let Some(total) = total
            && expected_size.is_none()
            && start + copied != total
        {
            return Err(failed(format!("it broke off after {} of {total} bytes", start + copied)));
        }
        finish(file, &part, &validator, target)
    }
}

fn finish(file: File, part: &Path, validator: &Path, target: &Path) -> Result<(), Error> {
    drop(file);
    fs::rename(part, target).map_err(Error::io(target))?;
    let _ = fs::remove_file(validator);
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A validator that stands for the exact bytes; a weak one (`W/`) does not.
fn strong_etag(headers: &HeaderMap) -> Option<&str> {
    let etag = headers.get("etag")?.to_str().ok()?;
    etag.starts_with('"').then_some(etag)
}

/// Where the bytes of a partial answer begin: the first number of `Content-Range: bytes 5-9/10`.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    headers.get("content-range")?.to_str().ok()?.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

/// Marks errors of the network, so that they are told from those of the disk after both went through one copy.
struct NetworkReader<R>(R);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NetworkError(std::io::Error);

impl<R: Read> Read for NetworkReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer).map_err(|error| std::io::Error::new(error.kind(), NetworkError(error)))
    }
}

#[cfg(test)]
pub(crate) mod tests;
