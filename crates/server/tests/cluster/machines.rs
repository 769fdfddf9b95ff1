//! The machines of a cluster, each a process.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::common::{dostyq, repository};
use crate::nats::Nats;

/// Long enough for a busy machine, an election and a lease; nothing waits for it unless the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// Lines a second of the script.
const RATE: &str = "4";

pub(crate) struct Cluster {
    pub(crate) nats: Vec<Nats>,
    /// What machines that write say to NATS, and edges.
    credentials: Option<[&'static str; 2]>,
    folder: TempDir,
}

impl Cluster {
    pub(crate) fn of_one() -> Cluster {
        Cluster { nats: vec![Nats::start()], credentials: None, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn of_three() -> Cluster {
        Cluster { nats: Nats::cluster().into(), credentials: None, folder: tempfile::tempdir().unwrap() }
    }

    /// One server with the accounts and rights of `scripts/deploy/nats.conf`.
    pub(crate) fn as_deployed() -> Cluster {
        let text = std::fs::read_to_string(repository("scripts/deploy/nats.conf")).unwrap();
        let nats = Nats::of_file(|port, folder| {
            let (head, rest) = text.split_once("cluster {").unwrap();
            let (_, tail) = rest.split_once("\n}").unwrap();
            // The nats-server of Debian 12 is older than this setting.
            let head: String =
                head.lines().filter(|line| !line.contains("sync_interval:")).map(|l| format!("{l}\n")).collect();
            let text = format!("{head}{tail}").replace("0.0.0.0:4222", &format!("127.0.0.1:{port}"));
            let text = text.replace("/var/lib/nats", folder.join("js").to_str().unwrap());
            text.replace("$NATS_NAME", "n1").replace("$INFER_PASSWORD", "one").replace("$EDGE_PASSWORD", "two")
        });
        let credentials = Some(["infer:one", "edge:two"]);
        Cluster { nats: vec![nats], credentials, folder: tempfile::tempdir().unwrap() }
    }

    /// A machine in whose room a script speaks once it has it.
    pub(crate) fn infer(&mut self, name: &str) -> Machine {
        self.infer_with(name, "")
    }

    /// As [`infer`](Cluster::infer), with more lines in the room's configuration.
    pub(crate) fn infer_with(&mut self, name: &str, lines: &str) -> Machine {
        let room = "[[room]]\nname = \"demo\"\ntitle = \"Достық\"\ninput = { device = \"default\" }\n";
        let (config, port) = self.configuration(name, free_port(), &format!("{room}{lines}"));
        let program = PathBuf::from(env!("CARGO_BIN_EXE_dostyq"));
        let script = program.parent().unwrap().join("examples/scripted_stage");
        assert!(script.exists(), "cargo test builds it: {}", script.display());
        let mut command = Command::new(script);
        command.arg(config).arg(RATE).env("RUST_LOG", level()).stdin(Stdio::null());
        Machine::start(command, port)
    }

    pub(crate) fn edge(&mut self, name: &str) -> Machine {
        self.edge_at(name, free_port())
    }

    pub(crate) fn edge_at(&mut self, name: &str, port: u16) -> Machine {
        let (config, port) = self.configuration(name, port, "");
        let mut command = dostyq();
        command.env("RUST_LOG", level()).args(["serve", "--role", "edge", "--config"]).arg(config);
        Machine::start(command, port)
    }

    /// What `dostyq check` says to the configuration of another edge.
    pub(crate) fn check(&self) -> std::process::Output {
        let (config, _) = self.configuration("checked", free_port(), "");
        dostyq().args(["check", "--config"]).arg(config).output().unwrap()
    }

    fn configuration(&self, name: &str, port: u16, rooms: &str) -> (PathBuf, u16) {
        let path = self.folder.path().join(format!("{name}.toml"));
        let urls: Vec<String> = self.nats.iter().map(Nats::url).collect();
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\ndata = \"{name}\"\n\
             [cluster]\nnats = {urls:?}\nreplicas = {}\n{rooms}",
            self.nats.len()
        );
        let text = match self.credentials {
            None => text,
            Some(credentials) => {
                let file = format!("{name}.credentials");
                std::fs::write(self.folder.path().join(&file), credentials[usize::from(rooms.is_empty())]).unwrap();
                text.replace("replicas", &format!("credentials = {file:?}\nreplicas"))
            }
        };
        std::fs::write(&path, text).unwrap();
        (path, port)
    }
}

/// What the machines say on the error output of the test.
fn level() -> String {
    std::env::var("DOSTYQ_TEST_LOG").unwrap_or_else(|_| "error".into())
}

/// A machine that is killed without warning when it is dropped.
pub(crate) struct Machine {
    child: Child,
    pub(crate) port: u16,
}

impl Machine {
    fn start(mut command: Command, port: u16) -> Machine {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let announced = lines.map_while(Result::ok).any(|line| line.contains("Ctrl-C"));
        assert!(announced, "the machine announces its addresses");
        Machine { child, port }
    }

    pub(crate) fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Stops it in order.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The status of an answer.
pub(crate) fn status(port: u16, path: &str) -> u16 {
    let output = Command::new("curl")
        .args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", "5"])
        .arg(format!("http://127.0.0.1:{port}{path}"))
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).parse().unwrap()
}

pub(crate) fn knows_the_room(port: u16) -> bool {
    status(port, "/r/demo") == 200 && status(port, "/api/v1/rooms") == 200
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
