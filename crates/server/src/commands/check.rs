use std::net::TcpListener;
use std::path::Path;

use dostyq_prepared::PreparedSpeech;

use crate::config::Config;
use crate::tls::Encryption;
use crate::{engines, glossary, room, say};

/// `dostyq check`: everything that can be known before the doors open, each fault on a line of its own.
pub(super) fn run(path: &Path) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    let mut faults = Vec::new();
    if let Some(Err(fault)) = config.cluster.as_ref().map(crate::roles::reach) {
        faults.push(format!("cluster: {fault:#}"));
    }
    if !config.rooms.is_empty() {
        faults.extend(engines::faults(&config.models)?.iter().map(|fault| format!("models: {fault}")));
    }
    for hall in &config.rooms {
        // Opening is the test: the device is there and lets itself be opened, the recording can be decoded.
        if let Err(fault) = room::open_source(&hall.input, dostyq_speech::SampleTime::ZERO) {
            faults.push(format!("room \"{}\".input: {fault}", hall.name));
        }
        let terms = glossary::read(hall.glossary.as_deref(), &hall.memory);
        let problems = terms.map_or_else(|error| vec![error.to_string()], |(_, problems)| problems);
        faults.extend(problems.iter().map(|fault| format!("room \"{}\": {fault}", hall.name)));
        if let Some(Err(fault)) = hall.prepared.as_ref().map(|files| PreparedSpeech::load(&files.kk, &files.ru)) {
            faults.push(format!("room \"{}\".prepared: {fault}", hall.name));
        }
    }
    if let Err(error) = TcpListener::bind(config.server.listen) {
        faults.push(format!("server.listen: {}", crate::web::cannot_listen(config.server.listen, &error)));
    }
    // A machine of a cluster keeps its log in NATS.
    if config.cluster.is_none()
        && let Err(error) = room::open_log(&config.server.data)
    {
        faults.push(format!("server.data: {error:#}"));
    }
    if let Err(fault) = Encryption::of(&config) {
        faults.push(format!("web.tls: {fault:#}"));
    }
    for fault in &faults {
        say(fault);
    }
    if faults.is_empty() {
        say(&format!("{} is fine: {} room(s), all models here", path.display(), config.rooms.len()));
        return Ok(());
    }
    anyhow::bail!("{}: {} fault(s), see above", path.display(), faults.len())
}
