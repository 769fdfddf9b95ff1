//! Real servers of NATS, each a process with a folder and a port of its own.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Long enough for a busy machine; nothing waits for it unless the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that is killed when it is dropped. Its files stay until then, so it can be started again.
pub(crate) struct Nats {
    pub(crate) port: u16,
    config: PathBuf,
    child: Option<Child>,
    _folder: TempDir,
}

impl Nats {
    /// One server by itself.
    pub(crate) fn start() -> Nats {
        Nats::with("")
    }

    /// One server, with more lines in its configuration.
    pub(crate) fn with(lines: &str) -> Nats {
        Nats::configured(free_port(), "n1", lines)
    }

    /// Three servers that keep everything three times.
    pub(crate) fn cluster() -> [Nats; 3] {
        let ports: [(u16, u16); 3] = std::array::from_fn(|_| (free_port(), free_port()));
        let routes: Vec<String> = ports.iter().map(|(_, route)| format!("\"nats://127.0.0.1:{route}\"")).collect();
        let routes = routes.join(", ");
        let start = |number: usize| {
            let (port, route) = ports[number];
            let lines = format!("cluster {{ name: hall, listen: \"127.0.0.1:{route}\", routes: [{routes}] }}");
            Nats::configured(port, &format!("n{}", number + 1), &lines)
        };
        std::array::from_fn(start)
    }

    /// One server with a configuration of which this is made, given a port and a folder for its files.
    #[allow(dead_code, reason = "not every test file has one")]
    pub(crate) fn of_file(text: impl FnOnce(u16, &std::path::Path) -> String) -> Nats {
        let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
        let config = folder.path().join("nats.conf");
        std::fs::write(&config, text(port, folder.path())).unwrap();
        let mut nats = Nats { port, config, child: None, _folder: folder };
        nats.start_again();
        nats
    }

    fn configured(port: u16, name: &str, lines: &str) -> Nats {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("nats.conf");
        let store = folder.path().join("js");
        let text = format!(
            "server_name: {name}\nlisten: \"127.0.0.1:{port}\"\njetstream {{ store_dir: {store:?}, max_mem: 64M, max_file: 1G }}\n{lines}\n"
        );
        std::fs::write(&config, text).unwrap();
        let mut nats = Nats { port, config, child: None, _folder: folder };
        nats.start_again();
        nats
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends it without warning, as a loss of power does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Keeps a copy of its files as they are; it must not run.
    #[allow(dead_code, reason = "not every test file does so")]
    pub(crate) fn remember(&self) {
        self.copy("js", "kept");
    }

    /// Its files are as they were remembered; it must not run.
    #[allow(dead_code, reason = "not every test file does so")]
    pub(crate) fn go_back(&self) {
        std::fs::remove_dir_all(self.config.with_file_name("js")).unwrap();
        self.copy("kept", "js");
    }

    fn copy(&self, from: &str, to: &str) {
        assert!(self.child.is_none(), "it runs");
        let [from, to] = [from, to].map(|name| self.config.with_file_name(name));
        assert!(Command::new("cp").arg("-r").args([from, to]).status().unwrap().success());
    }

    /// Starts it on the same files and port, and waits until it listens.
    pub(crate) fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let child = Command::new("nats-server")
            .arg("-c")
            .arg(&self.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.expect("nats-server is installed: apt-get install nats-server"));
        let began = Instant::now();
        while !answers(self.port) {
            assert!(began.elapsed() < PATIENCE, "nats-server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut word = [0; 4];
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    stream.read_exact(&mut word).is_ok() && &word == b"INFO"
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
