//! `dostyq serve` over real sockets, with the real models.

mod common;

use std::net::TcpListener;

use common::server::{Server, View, has, watch};
use common::{refusal, run, score, speech};
use serde_json::json;

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
