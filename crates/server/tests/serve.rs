//! `dostyq serve` over real sockets, with the real models.

mod common;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use common::{dostyq, refusal, run, score, speech};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// A server that is stopped, in order, when it is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(folder: &Path, more: &[&str]) -> Server {
        Server::start_with(folder, &format!("file = {:?}", speech("demo.flac")), more)
    }

    fn start_with(folder: &Path, input: &str, more: &[&str]) -> Server {
        let port = free_port();
        let config = folder.join("dostyq.toml");
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\ndata = \"data\"\n\
             [[room]]\nname = \"demo\"\ntitle = \"Достық\"\ninput = {{ {input} }}\n"
        );
        std::fs::write(&config, text).expect("writable");
        let mut child = dostyq()
            .args(["serve", "--config", config.to_str().expect("UTF-8")])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        // The last line of the announcement; the pages are served from then on.
        let announced = lines.map_while(Result::ok).any(|line| line.contains("Ctrl-C"));
        assert!(announced, "the server announces its addresses");
        Server { child, port }
    }

    fn stop(mut self) {
        self.signal("-TERM");
        assert!(self.child.wait().expect("the server ends").success());
    }

    fn signal(&self, signal: &str) {
        let sent = std::process::Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed half-way leaves no server behind; one that was stopped is gone already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// A viewer's view: finals by offset, and what it was shown of open lines.
#[derive(Default)]
struct View {
    epoch: String,
    top: u64,
    finals: Vec<Value>,
    open_lines: usize,
}

/// Watches until `enough`, or a minute has passed.
async fn watch(port: u16, hello: Value, view: &mut View, enough: impl Fn(&View) -> bool) {
    let watching = async {
        let url = format!("ws://127.0.0.1:{port}/api/v1/rooms/demo/ws");
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
        let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.expect("a socket");
        socket.send(Message::text(hello.to_string())).await.expect("sent");
        while !enough(view) {
            let message = socket.next().await.expect("more to come").expect("a message");
            let Ok(text) = message.to_text() else { continue };
            let message: Value = serde_json::from_str(text).expect("JSON");
            match message["t"].as_str() {
                Some("welcome") => {
                    view.epoch = message["e"].as_str().expect("an epoch").to_owned();
                    if message["rec"] == false {
                        view.finals.clear();
                    }
                    message["ev"].as_array().expect("events").iter().for_each(|event| take(view, event));
                }
                Some("ev") => take(view, &message),
                Some("open") => view.open_lines += 1,
                _ => {}
            }
        }
    };
    timeout(Duration::from_secs(90), watching).await.expect("the captions come in time");
}

fn take(view: &mut View, event: &Value) {
    let offset = event["o"].as_u64().expect("an offset");
    assert!(view.top == 0 || offset == view.top + 1, "offsets have no gap and no double: {} then {offset}", view.top);
    view.top = offset;
    if event["k"] == "final" {
        view.finals.push(event.clone());
    }
}

fn has(view: &View, lang: &str, is_translation: bool) -> bool {
    view.finals.iter().any(|f| f["lang"] == lang && (f["src"] != lang) == is_translation)
}

#[tokio::test]
#[ignore = "needs the models: scripts/test runs it"]
async fn both_languages_reach_a_viewer_and_survive_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    let mut view = View::default();
    let hello = json!({"t": "hello", "v": 1, "l": ["kk", "ru"]});
    watch(server.port, hello, &mut view, |v| has(v, "ru", false) && has(v, "kk", true) && v.finals.len() >= 4).await;
    assert!(view.open_lines > 0, "the line grew before it was finished");
    let spoken = view.finals.iter().find(|f| f["lang"] == f["src"]).expect("a spoken line");
    let words = spoken["w"].as_array().expect("words with their times");
    assert!(!words.is_empty() && words.iter().all(|w| w[1].as_u64() <= w[2].as_u64()));

    // Killed without warning: whoever comes back finds the same log, and no more than it missed.
    server.signal("-KILL");
    drop(server);
    let (epoch, top) = (view.epoch.clone(), view.top);
    let server = Server::start(folder.path(), &[]);
    let again = json!({"t": "hello", "v": 1, "l": ["kk", "ru"], "e": epoch, "o": top});
    let before = view.finals.len();
    watch(server.port, again, &mut view, |v| v.finals.len() > before).await;
    assert_eq!(view.epoch, epoch, "the log was not lost, so its epoch stays");
    let segments: Vec<_> = view.finals.iter().map(|f| (f["seg"].as_u64(), f["lang"].clone())).collect();
    for (i, caption) in segments.iter().enumerate() {
        assert!(!segments[..i].contains(caption), "no caption comes twice and no segment id is used again");
    }
    server.stop();
}

#[tokio::test]
#[ignore = "needs the models: scripts/test runs it"]
async fn a_live_room_commits_and_never_retracts() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace.jsonl");
    let server = Server::start(folder.path(), &["--trace", trace.to_str().expect("UTF-8")]);
    let mut view = View::default();
    let hello = json!({"t": "hello", "v": 1, "l": ["kk", "ru"]});
    watch(server.port, hello, &mut view, |v| v.finals.len() >= 8).await;
    server.stop();
    let figures = score(&trace, &speech("demo.json"));
    assert_eq!(figures["committed_changed"], 0, "{figures}");
    assert_eq!(figures["captions_without_speech"], 0, "{figures}");
}

#[tokio::test]
#[ignore = "needs the models: scripts/test runs it"]
async fn pages_are_served_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    let get = |path: &str| {
        let output = std::process::Command::new("curl")
            .args(["--silent", "--show-error", "--include", "--path-as-is"])
            .arg(format!("http://127.0.0.1:{}{path}", server.port))
            .output()
            .expect("curl runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    for path in
        ["/", "/r/demo", "/r/demo/screen", "/operator", "/r/demo/qr.svg", "/api/v1/rooms", "/api/v1/rooms/demo/status"]
    {
        let answer = get(path);
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{path}");
    }
    for path in
        ["/r/nobody", "/r/nobody/screen", "/assets/../Cargo.toml", "/assets/%2e%2e/Cargo.toml", "/r/DEMO/qr.svg"]
    {
        let answer = get(path);
        assert!(answer.starts_with("HTTP/1.1 40"), "{path}: {answer}");
    }
    assert!(get("/api/v1/rooms/demo/ws").starts_with("HTTP/1.1 426"));

    // Who has the operator's key says which language is spoken, and nobody else.
    let key = std::fs::read_to_string(folder.path().join("data/operator.key")).expect("made at the first start");
    let order = |room: &str, key: &str, body: &str| {
        let url = format!("http://127.0.0.1:{}/api/v1/rooms/{room}/language", server.port);
        let output = std::process::Command::new("curl")
            .args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--request", "PUT"])
            .args(["--header", "content-type: application/json", "--header", &format!("authorization: Bearer {key}")])
            .args(["--data", body, &url])
            .output()
            .expect("curl runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(order("demo", "0123456789abcdef0123456789abcdef", "{\"language\":\"kk\"}"), "401");
    assert_eq!(order("nobody", &key, "{\"language\":\"kk\"}"), "404");
    assert_eq!(order("demo", &key, "{\"language\":\"en\"}"), "400");
    assert!(get("/api/v1/rooms/demo/status").contains("\"language\":\"auto\""));
    assert_eq!(order("demo", &key, "{\"language\":\"kk\"}"), "204");
    assert!(get("/api/v1/rooms/demo/status").contains("\"language\":\"kk\""));
    assert!(get("/api/v1/rooms/demo/export/ru.srt").starts_with("HTTP/1.1 200"));
    server.stop();
}

#[test]
fn a_bad_configuration_is_named_by_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("dostyq.toml");
    let path = config.to_str().expect("UTF-8");
    let check = |text: &str, expect: &str| {
        std::fs::write(&config, text).expect("writable");
        for command in ["serve", "check"] {
            let line = refusal(&run(&[command, "--config", path]));
            assert!(line.contains(expect), "{command}: {line:?} should contain {expect:?}");
        }
    };
    check("[server]\nport = 8080\n", "unknown field `port`");
    check("", "there is no room");
    std::fs::remove_file(&config).expect("it was there");
    assert!(refusal(&run(&["serve", "--config", path])).contains("dostyq.toml"));
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("dostyq.toml");
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\n[[room]]\nname = \"a\"\ninput = {{ device = \"default\" }}\n"
    );
    std::fs::write(&config, text).expect("writable");
    let line = refusal(&run(&["serve", "--config", config.to_str().expect("UTF-8")]));
    assert!(line.contains(&port.to_string()) && line.contains("server.listen"), "{line}");
}

#[tokio::test]
#[ignore = "needs the models and a sound server: scripts/test runs it"]
async fn a_microphone_is_captioned() {
    assert_eq!(
        std::env::var("DOSTYQ_TEST_PULSE").as_deref(),
        Ok("1"),
        "scripts/test starts the sound server that this test listens to"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start_with(folder.path(), "device = \"pulse\", channel = 1", &[]);
    let mut playing = std::process::Command::new("paplay").arg(speech("demo.flac")).spawn().expect("paplay plays");
    let mut view = View::default();
    let hello = json!({"t": "hello", "v": 1, "l": ["kk", "ru"]});
    watch(server.port, hello, &mut view, |v| has(v, "ru", false) && has(v, "kk", true)).await;
    playing.kill().expect("paplay ends");
    playing.wait().expect("paplay ends");
    let said: String = view.finals.iter().filter_map(|f| f["text"].as_str()).collect::<Vec<_>>().join(" ");
    assert!(said.to_lowercase().contains("конференци"), "{said}");
    server.stop();
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn a_missing_microphone_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("dostyq.toml");
    let room = "[[room]]\nname = \"a\"\ninput = { device = \"Desk 9000\" }\n";
    std::fs::write(&config, format!("[server]\nlisten = \"127.0.0.1:0\"\n{room}")).expect("writable");
    let output = run(&["serve", "--config", config.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(2));
    // ALSA's library writes of what it tries to the same place, and nobody can stop it; ours is the last line.
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().last().unwrap_or_default();
    assert!(line.starts_with("dostyq: room \"a\": ") && line.contains("dostyq devices"), "{text}");
}

#[test]
#[ignore = "needs the models: scripts/test runs it"]
fn check_names_every_fault_by_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("dostyq.toml");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let rooms = "[[room]]\nname = \"a\"\ninput = { file = \"missing.wav\" }\n";
    std::fs::write(&config, format!("[server]\nlisten = \"127.0.0.1:{port}\"\n[models]\nspeech = \"huge\"\n{rooms}"))
        .expect("writable");
    let path = config.to_str().expect("UTF-8");
    let output = run(&["check", "--config", path]);
    assert!(refusal(&output).contains("3 fault(s)"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for fault in ["models: no model is called \"huge\"", "room \"a\".input: ", "server.listen: "] {
        assert!(text.lines().any(|line| line.starts_with(fault)), "{fault:?} is missing: {text}");
    }

    let rooms = format!("[[room]]\nname = \"a\"\ninput = {{ file = {:?} }}\n", speech("demo.flac"));
    std::fs::write(&config, format!("[server]\nlisten = \"127.0.0.1:0\"\n{rooms}")).expect("writable");
    let output = run(&["check", "--config", path]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
