//! The program itself: what it says when somebody signs in or attacks, and the commands that make tokens.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{dostyq, refusal, run};

const ROOM: &str = "[[room]]\nname = \"demo\"\ncode = \"алтай-7\"\ninput = { device = \"default\" }\n";

/// The server of the measurements: real pages and a real hub, without speech, so that no model is needed.
struct Quiet {
    child: Child,
    address: SocketAddr,
}

impl Quiet {
    /// Its data lies below `folder`, and its log, at its most talkative, in `log`.
    fn start(folder: &Path, log: &Path, level: &str) -> Quiet {
        let file = std::fs::File::create(log).expect("a log");
        let mut child = dostyq()
            .args(["bench", "hub-server", "--places", "500"])
            .env("RUST_LOG", level)
            .env("TMPDIR", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it listens");
        let answer: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let address = answer["Listening"].as_str().expect("an address").parse().expect("an address");
        Quiet { child, address }
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn post(&self, path: &str, headers: &str, body: &str) -> String {
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}",
            self.address
        ))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The only data folder below a folder.
fn operator_key(folder: &Path) -> String {
    let data = std::fs::read_dir(folder).expect("the folder").flatten().next().expect("the data folder").path();
    std::fs::read_to_string(data.join("operator.key")).expect("made at the start")
}

#[test]
fn no_secret_is_in_the_log_at_its_most_talkative() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = tempfile::NamedTempFile::new().expect("a log");
    let server = Quiet::start(folder.path(), log.path(), "trace");
    let key = operator_key(folder.path());
    let answer = server.post("/api/v1/login", "", &format!("{{\"token\":\"{key}\"}}"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let cookie = answer.split("dostyq-session=").nth(1).and_then(|rest| rest.split(';').next()).expect("a cookie");
    let headers = format!("Authorization: Bearer {key}\r\nCookie: dostyq-session={cookie}\r\nX-Dostyq: 1\r\n");
    server.post("/api/v1/rooms/demo/code", &headers, "{\"code\":\"secret-4711\"}");
    server.post("/api/v1/login", &headers, "{\"token\":\"secret-4711\",\"more\":1}");
    server.post("/api/v1/login", &headers, "{\"token\":\"secret-4711\"}");
    server.post("/api/v1/logout", &headers, "");
    // A request that breaks off behind its secrets.
    server.ask(&format!("GET / HTTP/1.1\r\n{headers}bad header\r\n\r\n"));
    let said = std::fs::read_to_string(log.path()).expect("a log");
    assert!(said.contains("token operator.key signs in from 127.0.0.1"), "{said}");
    assert!(said.contains("a connection ends"), "it is talkative");
    for secret in [key.as_str(), cookie, "secret-4711"] {
        let line = said.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a secret is in the log");
    }
}

#[test]
fn a_flood_is_one_line_in_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = tempfile::NamedTempFile::new().expect("a log");
    let server = Quiet::start(folder.path(), log.path(), "info");
    for _ in 0..300 {
        server.ask("no request\r\n\r\n");
    }
    server.post("/api/v1/login", "", "{\"token\":\"wrong\"}");
    let deadline = Instant::now() + Duration::from_secs(20);
    let said = loop {
        let said = std::fs::read_to_string(log.path()).expect("a log");
        if said.contains("refused: ") || Instant::now() > deadline {
            break said;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(said.contains("bad requests"), "{said}");
    std::thread::sleep(Duration::from_millis(1500));
    let said = std::fs::read_to_string(log.path()).expect("a log");
    assert_eq!(said.lines().filter(|line| line.contains("refused: ")).count(), 1, "{said}");
    assert!(said.lines().count() < 10, "{said}");
}

#[test]
fn tokens_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("dostyq.toml");
    std::fs::write(&config, ROOM).expect("written");
    let config = config.to_str().expect("UTF-8");
    let token = |arguments: &[&str]| run(&[&["token"], arguments, &["--config", config]].concat());
    let made = token(&["create", "--role", "archivist", "--room", "demo", "--expires", "7d", "--name", "Айгүл"]);
    let secret = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    assert!(made.status.success() && secret.starts_with("dostyq-") && secret.len() == 71, "{made:?}");
    let listed = token(&["list"]);
    let list = String::from_utf8_lossy(&listed.stdout).into_owned();
    let line = list.lines().nth(1).expect("a token");
    assert!(line.contains("archivist\tdemo\tin 7 days\tАйгүл"), "{list}");
    assert!(!list.contains(&secret[7..]), "{list}");
    let id = line.split('\t').next().expect("an id");
    assert!(token(&["revoke", id]).status.success());
    assert!(refusal(&token(&["revoke", id])).contains("there is no token"));
    assert!(refusal(&token(&["create", "--role", "viewer", "--room", "nowhere"])).contains("no room \"nowhere\""));
    let wrong = Command::new(env!("CARGO_BIN_EXE_dostyq"))
        .args(["token", "create", "--role", "king", "--expires", "soon", "--config", config])
        .output()
        .expect("it runs");
    assert!(!wrong.status.success());
}

#[test]
fn a_certificate_that_is_missing_is_named_before_the_models_are_loaded() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("dostyq.toml");
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[web]\ntls = {{ cert = \"gone.pem\", key = \"gone.key\" }}\n{ROOM}"
    );
    std::fs::write(&config, text).expect("written");
    let line = refusal(&run(&["serve", "--config", config.to_str().expect("UTF-8")]));
    assert!(line.contains("gone.pem cannot be read: check the path in web.tls"), "{line}");
}
