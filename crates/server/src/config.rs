//! The configuration of a server, `dostyq.toml`: parsed once, unknown keys refused by name.

mod cluster;
mod web;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use cluster::Cluster;
use dostyq_speech::{LangChoice, RoomId};
use serde::Deserialize;

pub use crate::access::RoomCode;
pub use web::{Proxy, SelfSigned, Tls, Web};

/// The speech model that comes by default.
pub const DEFAULT_SPEECH: &str = "whisper-base";
/// The translation model that comes with Dostyq.
pub const DEFAULT_TRANSLATION: &str = "dostyq-mini";

/// The whole configuration.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `[server]`.
    #[serde(default)]
    pub server: Server,
    /// `[web]`.
    #[serde(default)]
    pub web: Web,
    /// `[models]`.
    #[serde(default)]
    pub models: Models,
    /// `[cluster]`, for a machine that is one of many.
    pub cluster: Option<Cluster>,
    /// `[[room]]`, at least one, but for an edge, which finds its rooms by itself.
    #[serde(rename = "room", default)]
    pub rooms: Vec<Room>,
}

/// `[server]`: where it listens and keeps its data.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port; 0.0.0.0 lets the hall's Wi-Fi in, 127.0.0.1 this machine alone.
    pub listen: SocketAddr,
    /// The folder for the log; relative to the configuration's own folder.
    pub data: PathBuf,
    /// The address that phones reach, for QR codes, such as `https://captions.example`; by default this machine's
    /// address in the local network.
    pub public_url: Option<String>,
}

impl Default for Server {
    fn default() -> Self {
        Server { listen: SocketAddr::from(([0, 0, 0, 0], 8080)), data: "dostyq-data".into(), public_url: None }
    }
}

/// `[models]`: which models, and how they run.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Models {
    /// A speech model of `dostyq models list`.
    pub speech: String,
    /// A lighter speech model, which takes over while the machine is too slow for the other.
    pub lighter_speech: Option<String>,
    /// One translation model for both directions, or one for each.
    pub translation: Translation,
    /// Threads of the speech model, 1 to 64; by default as many as there are cores, at most 8.
    pub threads: Option<usize>,
    /// Run the speech model on the accelerator the program was built for.
    pub gpu: bool,
    /// Which accelerator, from 0.
    pub gpu_device: i32,
}

/// `models.translation`: a name, or `{ kk-ru = "…", ru-kk = "…" }`; names are those of `dostyq models list`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged, expecting = "write a model's name, or { kk-ru = \"…\", ru-kk = \"…\" }")]
pub enum Translation {
    /// One model that translates both ways.
    BothWays(String),
    /// A model for each direction.
    Pair {
        /// From Kazakh into Russian.
        #[serde(rename = "kk-ru")]
        kazakh_to_russian: String,
        /// From Russian into Kazakh.
        #[serde(rename = "ru-kk")]
        russian_to_kazakh: String,
    },
}

impl Translation {
    /// The names of the models.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Translation::BothWays(name) => vec![name],
            Translation::Pair { kazakh_to_russian, russian_to_kazakh } => vec![kazakh_to_russian, russian_to_kazakh],
        }
    }
}

impl Default for Models {
    fn default() -> Self {
        Models {
            speech: DEFAULT_SPEECH.into(),
            lighter_speech: None,
            translation: Translation::BothWays(DEFAULT_TRANSLATION.into()),
            threads: None,
            gpu: false,
            gpu_device: 0,
        }
    }
}

impl Models {
    /// Threads for the speech model, the default filled in.
    pub fn speech_threads(&self) -> usize {
        // Past eight, Whisper's small matrices gain nothing from more threads.
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from).min(8))
    }
}

/// `[[room]]`: one hall.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// Its name in addresses.
    pub name: RoomId,
    /// Its name for people; by default the name.
    pub title: Option<String>,
    /// What viewers have to say to follow it, 4 to 64 letters and digits; without it the room is open to everyone.
    pub code: Option<RoomCode>,
    /// The language spoken: auto, kk or ru.
    #[serde(default)]
    pub language: LangChoice,
    /// Names and terms that may be said there: a file of lines with the Kazakh form, a tab, and the Russian form (or
    /// TOML); relative to the configuration's own folder.
    pub glossary: Option<PathBuf>,
    /// Sentences with their translations, files of TMX or TSV; relative to the configuration's own folder.
    #[serde(default)]
    pub memory: Vec<PathBuf>,
    /// A speech that will be held there, `{ kk = "…", ru = "…" }`: TXT or DOCX, relative to the configuration's own folder.
    pub prepared: Option<PreparedFiles>,
    /// What it hears.
    pub input: Input,
}

/// `room.prepared`: the official text of a speech in both languages.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PreparedFiles {
    /// The Kazakh text.
    pub kk: PathBuf,
    /// The Russian text.
    pub ru: PathBuf,
}

impl Room {
    fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let prepared = self.prepared.iter_mut().flat_map(|files| [&mut files.kk, &mut files.ru]);
        self.input.file.iter_mut().chain(&mut self.glossary).chain(&mut self.memory).chain(prepared)
    }

    /// The name for people.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(self.name.as_str())
    }
}

/// `[room.input]`: a device or a recording.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// A device of `dostyq devices`, or `default`.
    pub device: Option<String>,
    /// A recording, played in real time; relative to the configuration's own folder.
    pub file: Option<PathBuf>,
    /// Play the recording again and again, with this pause in seconds between; without it the recording plays once.
    pub loop_pause_secs: Option<f64>,
    /// Which channel of the device or recording, from 1; by default all are mixed.
    pub channel: Option<u16>,
}

/// What is wrong with a configuration; one line that names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read ({source}): check the path given with --config", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not valid TOML, or has an unknown key or a value of the wrong kind.
    #[error("the configuration, line {line}: {message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// What is wrong, with the key.
        message: String,
    },
    /// A value makes no sense.
    #[error("the configuration, {key}: {message}")]
    Value {
        /// The key, as `room "hall".input`.
        key: String,
        /// What is wrong with it and what would be right.
        message: String,
    },
}

impl Config {
    /// Reads and checks a file; relative paths in it become relative to its folder.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let mut config = Config::parse(&text)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.server.data = folder.join(&config.server.data);
        config.cluster.iter_mut().for_each(|cluster| cluster.settle(folder));
        config.web.resolve(folder);
        for file in config.rooms.iter_mut().flat_map(Room::files) {
            *file = folder.join(&*file);
        }
        Ok(config)
    }

    /// Parses and checks a text; looks at nothing outside it.
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        let config: Config = toml::from_str(text).map_err(|error| {
            let before = error.span().map_or(0, |span| span.start).min(text.len());
            ConfigError::Syntax {
                line: text.as_bytes()[..before].iter().filter(|byte| **byte == b'\n').count() + 1,
                message: error.message().lines().collect::<Vec<_>>().join("; "),
            }
        })?;
        config.check()?;
        Ok(config)
    }

    /// Refuses a configuration without a room: every machine has some, but an edge, which finds them by itself.
    pub fn need_rooms(&self) -> Result<(), ConfigError> {
        if !self.rooms.is_empty() {
            return Ok(());
        }
        let message = "there is no room to caption: add [[room]] with a name and an input".into();
        Err(ConfigError::Value { key: "room".into(), message })
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: String, message: &str| Err(ConfigError::Value { key, message: message.to_owned() });
        match &self.cluster {
            Some(cluster) => cluster.check()?,
            None => self.need_rooms()?,
        }
        if self.models.threads.is_some_and(|threads| !(1..=64).contains(&threads)) {
            return wrong("models.threads".into(), "write a number from 1 to 64");
        }
        if let Some(url) = &self.server.public_url
            && !url.starts_with("http://")
            && !url.starts_with("https://")
        {
            return wrong("server.public_url".into(), "write a whole address, such as https://captions.example");
        }
        self.web.check()?;
        for (i, room) in self.rooms.iter().enumerate() {
            let key = |part: &str| format!("room \"{}\"{part}", room.name);
            if self.rooms[..i].iter().any(|other| other.name == room.name) {
                return wrong(key(""), "two rooms have this name: give each its own");
            }
            let input = &room.input;
            match (&input.device, &input.file) {
                (Some(_), Some(_)) => return wrong(key(".input"), "it has a device and a file: keep one of them"),
                (None, None) => {
                    return wrong(
                        key(".input"),
                        "write device = \"default\", a name of `dostyq devices`, or file = \"…\"",
                    );
                }
                (Some(_), None) if input.loop_pause_secs.is_some() => {
                    return wrong(key(".input.loop_pause_secs"), "only a file can loop: remove it or name a file");
                }
                _ => {}
            }
            if input.loop_pause_secs.is_some_and(|secs| !(0.0..=3_600.0).contains(&secs)) {
                return wrong(key(".input.loop_pause_secs"), "write seconds from 0 to 3600");
            }
            if input.channel == Some(0) {
                return wrong(key(".input.channel"), "channels are counted from 1");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "[[room]]\nname = \"hall\"\n[room.input]\n";

    #[test]
    fn a_small_configuration_is_enough() {
        let config = Config::parse(&format!("{ROOM}device = \"default\"\n")).expect("valid");
        assert_eq!(config.server.listen.port(), 8080);
        assert_eq!((config.rooms[0].title(), config.rooms[0].language), ("hall", LangChoice::Auto));
        assert_eq!(config.models.translation.names(), [DEFAULT_TRANSLATION]);
        let pair = format!("[models]\ntranslation = {{ kk-ru = \"a\", ru-kk = \"b\" }}\n{ROOM}device = \"default\"\n");
        assert_eq!(Config::parse(&pair).expect("valid").models.translation.names(), ["a", "b"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, expect: &str| {
            let error = Config::parse(text).expect_err(text).to_string();
            assert!(error.contains(expect), "{error:?} should contain {expect:?}");
            assert_eq!(error.lines().count(), 1, "{error}");
        };
        check("", "there is no room");
        check("[server]\nport = 80\n", "line 2: unknown field `port`");
        check("[server]\nlisten = \"somewhere\"\n", "line 2: invalid socket address");
        check("[server\n", "line 1");
        check("[models]\ntranslation = { kk-ru = \"a\" }\n", "line 2: write a model's name, or { kk-ru");
        check("[models]\nthreads = 0\n[[room]]\nname = \"a\"\ninput = { device = \"x\" }\n", "models.threads");
        check(ROOM, "room \"hall\".input: write device");
        check(&format!("{ROOM}device = \"a\"\nfile = \"b\"\n"), "a device and a file");
        check(&format!("{ROOM}device = \"a\"\nloop_pause_secs = 2\n"), "only a file can loop");
        check(&format!("{ROOM}device = \"a\"\nchannel = 0\n"), "counted from 1");
        check(&format!("{ROOM}device = \"a\"\ngain = 3\n"), "unknown field `gain`");
        check("[[room]]\nname = \"a\"\ncode = \"123\"\ninput = { device = \"a\" }\n", "a room's code has 4 to 64");
        check("[[room]]\nname = \"Зал\"\ninput = { device = \"a\" }\n", "cannot name a room");
        check("[[room]]\nname = \"a\"\nlanguage = \"en\"\ninput = { device = \"a\" }\n", "\"en\" is no language");
        check(&format!("{ROOM}device = \"a\"\n{ROOM}device = \"b\"\n"), "two rooms have this name");
    }
}
