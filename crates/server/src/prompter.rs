use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use dostyq_prepared::{CheckView, Choice, PreparedSpeech};
use dostyq_speech::RoomId;

use crate::authorship::{Authorship, Written};

/// The prepared speech of a room, as the crew sees it: what is loaded, and what they want to happen.
///
/// The crew's wishes are carried out on the room's own thread, in the order speech, choice; of each only the latest counts.
#[derive(Debug)]
pub struct Prompter {
    /// Where the speech outlives the server; nowhere for a room that ends with its recording.
    file: Option<PathBuf>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    speech: Option<PreparedSpeech>,
    is_new: bool,
    choice: Option<Choice>,
}

impl Prompter {
    /// Without a speech, and none is kept.
    pub(crate) fn forgetful() -> Prompter {
        Prompter { file: None, inner: Mutex::default() }
    }

    /// With the speech that was loaded when the server stopped, which is kept in the data folder, or else with the one that
    /// the configuration names.
    pub(crate) fn open(data: &Path, room: &RoomId, configured: Option<(&Path, &Path)>) -> anyhow::Result<Prompter> {
        let file = data.join("prepared").join(format!("{room}.json"));
        let speech = match (read(&file)?, configured) {
            (Some(speech), _) => Some(speech),
            (None, Some((kk, ru))) => Some(PreparedSpeech::load(kk, ru)?),
            (None, None) => None,
        };
        let inner = Inner { is_new: speech.is_some(), speech, choice: None };
        Ok(Prompter { file: Some(file), inner: Mutex::new(inner) })
    }

    /// The speech that is loaded.
    pub(crate) fn speech(&self) -> Option<PreparedSpeech> {
        self.lock().speech.clone()
    }

    /// Another speech is held, or none. It is on the disk when this returns.
    pub(crate) fn load(&self, speech: Option<PreparedSpeech>) -> anyhow::Result<()> {
        let mut inner = self.lock();
        if let Some(file) = &self.file {
            keep(file, speech.as_ref()).with_context(|| {
                format!(
                    "the speech cannot be kept in {}: check that the disk has room and may be written",
                    file.display()
                )
            })?;
        }
        *inner = Inner { speech, is_new: true, choice: None };
        Ok(())
    }

    /// Who writes the captions.
    pub(crate) fn choose(&self, choice: Choice) {
        self.lock().choice = Some(choice);
    }

    /// Carries out what the crew wants.
    pub(crate) fn instruct(&self, authorship: &mut Authorship) -> Vec<Written> {
        let mut inner = self.lock();
        let mut written = Vec::new();
        if std::mem::take(&mut inner.is_new) {
            written = authorship.load(inner.speech.as_ref());
        }
        if let Some(choice) = inner.choice.take() {
            written.extend(authorship.choose(choice));
        }
        written
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A plain value that every critical section leaves whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(file: &Path) -> anyhow::Result<Option<PreparedSpeech>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
    };
    let broken = || format!("{} is no prepared speech: delete it and load the speech again", file.display());
    let view: CheckView = serde_json::from_str(&text).with_context(broken)?;
    Ok(Some(PreparedSpeech::of_check(view).with_context(broken)?))
}

/// Writes beside the file and renames, so that a crash leaves the old one or the new one.
fn keep(file: &Path, speech: Option<&PreparedSpeech>) -> anyhow::Result<()> {
    let Some(speech) = speech else {
        return match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        };
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = file.with_extension("json.new");
    std::fs::write(&beside, serde_json::to_vec_pretty(&speech.check())?)?;
    Ok(std::fs::rename(&beside, file)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speech() -> PreparedSpeech {
        let kk = ("kk", "Құрметті достар! Бүгін біз бірге жиналдық.");
        PreparedSpeech::of_texts(kk, ("ru", "Дорогие друзья! Сегодня мы собрались вместе.")).expect("a sound speech")
    }

    #[test]
    fn a_speech_outlives_the_server() {
        let folder = tempfile::tempdir().expect("a folder");
        let room = "hall".parse().expect("a name");
        let open = || Prompter::open(folder.path(), &room, None).expect("sound");
        assert_eq!(open().speech(), None);
        open().load(Some(speech())).expect("there is room");
        assert_eq!(open().speech(), Some(speech()));
        open().load(None).expect("there is room");
        assert_eq!(open().speech(), None);
    }

    #[test]
    fn a_broken_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("prepared")).expect("a folder");
        std::fs::write(folder.path().join("prepared/hall.json"), "{").expect("a file");
        let error = Prompter::open(folder.path(), &"hall".parse().expect("a name"), None).expect_err("no JSON");
        assert!(error.to_string().contains("hall.json"), "{error}");
    }

    #[test]
    fn wishes_are_carried_out_once() {
        let prompter = Prompter::forgetful();
        let mut authorship = Authorship::new(dostyq_speech::SegmentId(1));
        prompter.load(Some(speech())).expect("nothing is written");
        prompter.choose(Choice::Script);
        let written = prompter.instruct(&mut authorship);
        assert!(matches!(written[..], [Written::OnAir { is_script: true, .. }]), "{written:?}");
        assert_eq!(prompter.instruct(&mut authorship), []);
        prompter.load(None).expect("nothing is written");
        let written = prompter.instruct(&mut authorship);
        assert!(matches!(written[..], [Written::OnAir { is_script: false, .. }]), "{written:?}");
        assert_eq!(authorship.on_air(), None);
    }
}
