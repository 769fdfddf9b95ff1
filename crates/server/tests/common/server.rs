//! A server over real sockets, and a viewer of its room.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{dostyq, speech};

/// A server that is stopped, in order, when it is dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// What the server answers to `curl ARGUMENTS ADDRESS`, the status on a line of its own at the end.
    pub(crate) fn curl(&self, path: &str, arguments: &[&str]) -> String {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--write-out", "\n%{http_code}"])
            .args(arguments)
            .arg(format!("http://127.0.0.1:{}{path}", self.port))
            .output();
        String::from_utf8_lossy(&output.expect("curl runs").stdout).into_owned()
    }

    pub(crate) fn start(folder: &Path, more: &[&str]) -> Server {
        Server::start_with(folder, &format!("file = {:?}", speech("demo.flac")), more)
    }

    pub(crate) fn start_with(folder: &Path, input: &str, more: &[&str]) -> Server {
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

    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        assert!(self.child.wait().expect("the server ends").success());
    }

    pub(crate) fn signal(&self, signal: &str) {
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
pub(crate) struct View {
    pub(crate) epoch: String,
    pub(crate) top: u64,
    pub(crate) finals: Vec<Value>,
    pub(crate) open_lines: usize,
}

/// Watches until `enough`, or a minute has passed.
pub(crate) async fn watch(port: u16, hello: Value, view: &mut View, enough: impl Fn(&View) -> bool) {
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

pub(crate) fn has(view: &View, lang: &str, is_translation: bool) -> bool {
    view.finals.iter().any(|f| f["lang"] == lang && (f["src"] != lang) == is_translation)
}
