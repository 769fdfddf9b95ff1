//! Finished captions become files: the caption stage lays them out, the archive writes them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dostyq_archive::{Exports, read_session};
use dostyq_caption::{ReadingRules, reflow_bilingual, reflow_one};
use dostyq_log::{EventLog, JetStreamLog};
use dostyq_speech::{Caption, Lang, RoomId};

use crate::cli::Export;
use crate::config::Config;
use crate::room::open_log;
use crate::say;

/// Content type and text of a file.
pub(crate) type NamedText = (&'static str, String);

/// `dostyq export`.
pub(crate) fn run(options: &Export) -> anyhow::Result<()> {
    let config = Config::read(&options.config)?;
    let log = match &config.cluster {
        Some(cluster) => Arc::new(JetStreamLog::connect(&cluster.options()?)?),
        None => open_log(&config.server.data)?,
    };
    for path in write(&options.out, options.room.as_str(), log.as_ref(), &options.room)? {
        say(&path.display().to_string());
    }
    Ok(())
}

/// Writes all files of a room under a name; returns their paths.
pub(crate) fn write(folder: &Path, name: &str, log: &dyn EventLog, room: &RoomId) -> anyhow::Result<Vec<PathBuf>> {
    let session = read_session(log, room)?;
    let captions: Vec<Caption> = session.captions().cloned().collect();
    let rules = ReadingRules::default();
    let exports = Exports {
        kazakh: reflow_one(&captions, Lang::Kazakh, &rules),
        russian: reflow_one(&captions, Lang::Russian, &rules),
        bilingual: reflow_bilingual(&captions, &rules),
        session,
        srt_byte_order_mark: false,
    };
    Ok(dostyq_archive::write_exports(folder, name, &exports)?)
}

/// One file of a room, such as `kk.srt` or `bilingual.vtt`; `None` when there is no such file.
pub(crate) fn one(log: &dyn EventLog, room: &RoomId, file: &str) -> anyhow::Result<Option<NamedText>> {
    let Some((which, format)) = file.split_once('.') else { return Ok(None) };
    let captions = dostyq_archive::collect(log, room)?;
    let rules = ReadingRules::default();
    let cues = match which {
        "bilingual" => reflow_bilingual(&captions, &rules),
        lang => match lang.parse() {
            Ok(lang) => reflow_one(&captions, lang, &rules),
            Err(_) => return Ok(None),
        },
    };
    Ok(match format {
        "srt" => Some(("application/x-subrip; charset=utf-8", dostyq_archive::srt(&cues))),
        "vtt" => Some(("text/vtt; charset=utf-8", dostyq_archive::vtt(&cues))),
        _ => None,
    })
}
