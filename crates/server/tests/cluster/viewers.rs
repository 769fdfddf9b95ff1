//! People who watch, go where there is a machine, and note what they have seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::machines::PATIENCE;

/// What a viewer holds; it panics nowhere, and its faults are counted.
#[derive(Default)]
struct View {
    epoch: String,
    top: u64,
    /// By offset; text of a final, nothing for a mark.
    events: BTreeMap<u64, Option<String>>,
    /// Segments whose line is finished.
    finished: BTreeSet<u64>,
    open_lines: usize,
    closes: BTreeMap<String, usize>,
    faults: Vec<String>,
    welcomes: usize,
    may_start_afresh: bool,
}

impl View {
    fn take(&mut self, event: &Value) {
        let offset = event["o"].as_u64().unwrap();
        if self.top != 0 && offset != self.top + 1 {
            self.faults.push(format!("{offset} follows {}", self.top));
        }
        self.top = offset;
        let text = event["text"].as_str().map(str::to_owned);
        if let Some(segment) = event["seg"].as_u64() {
            self.finished.insert(segment);
        }
        if self.events.insert(offset, text).is_some() {
            self.faults.push(format!("{offset} came twice"));
        }
    }

    fn welcome(&mut self, message: &Value) {
        let epoch = message["e"].as_str().unwrap().to_owned();
        if self.welcomes > 0 && !self.may_start_afresh && (message["rec"] != true || epoch != self.epoch) {
            self.faults.push(format!("not recovered at {}: {}", self.top, message["o"]));
        }
        if message["rec"] != true {
            self.events.clear();
            self.finished.clear();
            self.top = message["ev"][0]["o"].as_u64().map_or(0, |first| first - 1);
        }
        let is_back = self.welcomes > 0;
        self.welcomes += 1;
        self.epoch = epoch;
        message["ev"].as_array().unwrap().iter().for_each(|event| self.take(event));
        message["open"].as_array().unwrap().iter().for_each(|line| self.put(line));
        if is_back && self.events.is_empty() {
            self.faults.push("blank".into());
        }
    }

    /// An open line must not come after its final.
    fn put(&mut self, line: &Value) {
        let segment = line["seg"].as_u64().unwrap();
        self.open_lines += 1;
        if self.finished.contains(&segment) {
            self.faults.push(format!("line {segment} is open again"));
        }
    }
}

pub(crate) struct Audience {
    views: Vec<Arc<Mutex<View>>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Audience {
    /// So many come, in turn to each port, and all are welcomed.
    pub(crate) async fn come(count: usize, ports: &[u16]) -> Audience {
        let views: Vec<Arc<Mutex<View>>> = (0..count).map(|_| Arc::default()).collect();
        let watch = |(number, view): (usize, &Arc<Mutex<View>>)| {
            let mut ports = ports.to_vec();
            let turn = number % ports.len();
            ports.rotate_left(turn);
            tokio::spawn(watch(Arc::clone(view), ports))
        };
        let tasks = views.iter().enumerate().map(watch).collect();
        let audience = Audience { views, tasks };
        audience.wait("all are welcomed", |view| view.welcomes > 0).await;
        audience
    }

    /// Everyone sees so many events more.
    pub(crate) async fn sees(&self, more: u64) {
        let goal = self.views.iter().map(|view| view.lock().unwrap().top).max().unwrap_or(0) + more;
        self.wait(&format!("everyone sees event {goal}"), |view| view.top >= goal).await;
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&View) -> bool) {
        let began = Instant::now();
        loop {
            let missing = self.views.iter().filter(|view| !is_so(&view.lock().unwrap())).count();
            if missing == 0 {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{what}: {missing} do not; {:?}", self.causes());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// From now on nobody has to be recovered: what they hold is not the log.
    pub(crate) fn may_start_afresh(&self) {
        self.views.iter().for_each(|view| view.lock().unwrap().may_start_afresh = true);
    }

    /// Until everyone was welcomed more than once.
    pub(crate) async fn comes_back(&self) {
        self.wait("everyone comes back", |view| view.welcomes > 1).await;
    }

    /// How often somebody's connection ended.
    pub(crate) fn closes(&self) -> usize {
        self.causes().values().sum()
    }

    pub(crate) fn causes(&self) -> BTreeMap<String, usize> {
        let mut causes = BTreeMap::new();
        for view in &self.views {
            for (cause, count) in &view.lock().unwrap().closes {
                *causes.entry(cause.clone()).or_default() += count;
            }
        }
        causes
    }

    /// All hold what the log of a machine holds, and nobody has met a fault.
    #[allow(clippy::print_stdout, reason = "the figures of a run by hand")]
    pub(crate) async fn end(self, port: u16) {
        self.tasks.iter().for_each(JoinHandle::abort);
        let top = self.views.iter().map(|view| view.lock().unwrap().top).max().unwrap();
        // What waited for NATS may still be on its way into the log.
        let began = Instant::now();
        let log = loop {
            let log = tokio::task::spawn_blocking(move || history(port)).await.unwrap();
            if log.len() as u64 >= top {
                break log;
            }
            assert!(began.elapsed() < PATIENCE, "the log has {} events of {top}", log.len());
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let mut texts: Vec<&String> = log.values().flatten().collect();
        let count = texts.len();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), count, "a line was written twice");
        for view in &self.views {
            let view = view.lock().unwrap();
            assert!(view.faults.is_empty(), "{:?}", view.faults);
            assert!(view.open_lines > 0, "lines grow before they are finished");
            // From the first one that it was given on, all of them.
            let first = view.events.keys().next().copied().unwrap();
            let expect: BTreeMap<u64, Option<String>> =
                log.range(first..=view.top).map(|(offset, text)| (*offset, text.clone())).collect();
            assert_eq!(view.events, expect, "the view is not the log");
        }
        println!(
            "{} viewers, {} events each, {} lines in the log, closes {:?}",
            self.views.len(),
            top,
            count,
            self.causes()
        );
    }
}

/// The whole log, by offset.
fn history(port: u16) -> BTreeMap<u64, Option<String>> {
    let mut log = BTreeMap::new();
    let mut before = String::new();
    loop {
        let url = format!("http://127.0.0.1:{port}/api/v1/rooms/demo/history?l=kk,ru{before}");
        let output = std::process::Command::new("curl").args(["--silent", "--fail", &url]).output().unwrap();
        let page: Value = serde_json::from_slice(&output.stdout).expect("a page of history");
        for event in page["ev"].as_array().unwrap() {
            log.insert(event["o"].as_u64().unwrap(), event["text"].as_str().map(str::to_owned));
        }
        match page["before"].as_u64() {
            Some(offset) => before = format!("&before={offset}"),
            None => return log,
        }
    }
}

/// Watches for ever: after every end it goes to the next machine, with what it has.
async fn watch(view: Arc<Mutex<View>>, mut ports: Vec<u16>) {
    loop {
        let ended = visit(&view, ports[0]).await;
        *view.lock().unwrap().closes.entry(ended).or_default() += 1;
        ports.rotate_left(1);
        tokio::time::sleep(Duration::from_millis(rand::random_range(50..500))).await;
    }
}

async fn visit(view: &Mutex<View>, port: u16) -> String {
    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await else { return "no connection".into() };
    let url = format!("ws://127.0.0.1:{port}/api/v1/rooms/demo/ws");
    let Ok((mut socket, _)) = client_async(url, stream).await else { return "no handshake".into() };
    let hello = {
        let view = view.lock().unwrap();
        let mut hello = json!({"t": "hello", "v": 1, "l": ["kk", "ru"]});
        if view.welcomes > 0 {
            (hello["e"], hello["o"]) = (json!(view.epoch), json!(view.top));
        }
        hello
    };
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        return "no hello".into();
    }
    loop {
        let text = match socket.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code).to_string(),
            Some(Ok(_)) => continue,
            Some(Err(_)) | None => return "broken".into(),
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        let is_ping = {
            let mut view = view.lock().unwrap();
            match message["t"].as_str() {
                Some("welcome") => view.welcome(&message),
                Some("ev") => view.take(&message),
                Some("open") => view.put(&message),
                _ => {}
            }
            message["t"] == "ping"
        };
        if is_ping && socket.send(Message::text(r#"{"t":"pong"}"#)).await.is_err() {
            return "broken".into();
        }
    }
}
