//! The addresses of viewers over real sockets, without models: a room in which a test speaks.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use dostyq_hub::{HubOptions, RoomPublisher};
use dostyq_log::SqliteLog;
use dostyq_speech::{Author, Caption, CaptionEvent, Lang, OpenCaption, SegmentId, TimeSpan};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::block_in_place;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

use super::*;
use crate::access::{NewToken, Role, RoomCode};
use crate::bench::tls::{Line, connector};
use crate::config::{SelfSigned, Tls, Web};
use crate::operator_key::OperatorKey;
use crate::tls::Encryption;

mod bad_input;
mod encrypted;
mod entrance;
mod rights;

const PATIENCE: Duration = Duration::from_secs(20);

/// What a house has besides a room "demo" that is open to everyone.
#[derive(Default)]
struct Equipment {
    web: Web,
    is_encrypted: bool,
    head_within: Option<Duration>,
}

struct House {
    address: SocketAddr,
    publisher: RoomPublisher,
    /// A room with the code 4711.
    closed: RoomPublisher,
    site: Arc<Site>,
    key: OperatorKey,
    stop: Stop,
    _folder: TempDir,
}

impl House {
    async fn open() -> House {
        House::with(Equipment::default()).await
    }

    async fn with(equipment: Equipment) -> House {
        let folder = tempfile::tempdir().expect("a folder");
        let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_file(folder.path().join("log.db")).expect("a log"));
        let hub = Hub::new(Arc::clone(&log), HubOptions::default());
        let open = |name: &str| block_in_place(|| hub.open_room(name.parse().expect(name), "Зал")).expect("it opens");
        let (publisher, closed) = (open("demo"), open("closed"));
        let key = OperatorKey::open(folder.path()).expect("a key");
        let code = RoomCode::try_from("4711".to_owned()).expect("a code");
        let codes = BTreeMap::from([("closed".parse().expect("a room"), code)]);
        let access = Access::open(folder.path(), &key, codes).expect("opened");
        let listener = listen("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let tls = Tls::Made(SelfSigned::SelfSigned);
        let encryption = || Encryption::open(&tls, folder.path(), vec!["localhost".to_owned()]).expect("a certificate");
        let mut guards = Guards::new(equipment.web, equipment.is_encrypted.then(encryption));
        guards.head_within = equipment.head_within.unwrap_or(guards.head_within);
        let site = Site { hub, log, halls: BTreeMap::new(), access, guards, base: String::new() };
        let (site, stop) = (Arc::new(site), Stop::default());
        tokio::spawn(serve_site(listener, Arc::clone(&site), stop.clone()));
        House { address, publisher, closed, site, key, stop, _folder: folder }
    }

    async fn line(&self) -> Line {
        let stream = TcpStream::connect(self.address).await.expect("a connection");
        let tls = self.site.guards.encryption.as_ref().map(|_| connector().expect("TLS"));
        Line::over(stream, tls.as_ref()).await.expect("a handshake")
    }

    /// Sends a request and takes the whole answer.
    async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let mut line = self.line().await;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}",
            self.address
        );
        line.write_all(request.as_bytes()).await.expect("it is sent");
        let mut bytes = Vec::new();
        timeout(PATIENCE, line.read_to_end(&mut bytes)).await.expect("in time").expect("an answer");
        Reply(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A token of a role for these rooms, all if there are none.
    fn token(&self, role: Role, rooms: &[&str]) -> String {
        let rooms = rooms.iter().map(|room| room.parse().expect("a room")).collect();
        let new = NewToken { role, rooms, name: role.name().to_owned(), lasts: None };
        self.site.access.store.create(&new).expect("a token").1.reveal().to_owned()
    }

    /// Says hello in a room, as a browser with these headers; the tag of the first message, or the code of the close.
    async fn visit(&self, room: &str, headers: &[(&'static str, &str)]) -> Result<String, u16> {
        let url = format!("ws://{}/api/v1/rooms/{room}/ws", self.address);
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        let mut socket = match tokio_tungstenite::client_async(request, self.line().await).await {
            Ok((socket, _)) => socket,
            Err(tungstenite::Error::Http(answer)) => return Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        };
        // It may be closed already.
        let _ = socket.send(Message::text(r#"{"t":"hello","v":1,"l":["kk","ru"]}"#)).await;
        match timeout(PATIENCE, socket.next()).await.expect("in time") {
            Some(Ok(Message::Text(text))) => {
                let message: Value = serde_json::from_str(&text).expect("JSON");
                Ok(message["t"].as_str().expect("a tag").to_owned())
            }
            Some(Ok(Message::Close(Some(frame)))) => Err(frame.code.into()),
            other => panic!("{other:?}"),
        }
    }

    fn say(&mut self, segment: u64, lang: Lang, text: &str) {
        let line = Caption {
            segment: SegmentId(segment),
            revision: 0,
            lang,
            spoken: Lang::Russian,
            lang_confidence: 0.9,
            span: TimeSpan::default(),
            text: text.into(),
            words: Vec::new(),
            author: Author::Machine,
        };
        block_in_place(|| self.publisher.publish(CaptionEvent::Final(line))).expect("it is published");
    }

    fn draft(&mut self, segment: u64, text: &str) {
        let line = OpenCaption {
            segment: SegmentId(segment),
            lang: Lang::Russian,
            spoken: Lang::Russian,
            span: TimeSpan::default(),
            committed: text.into(),
            tentative: String::new(),
        };
        self.publisher.publish(CaptionEvent::Open(line)).expect("a draft cannot fail");
    }

    /// Asks, and does not wait for the answer.
    async fn send(&self, path: &str) -> Answer {
        self.send_with(path, "").await
    }

    async fn send_with(&self, path: &str, headers: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let request = format!("GET /api/v1/rooms/{path} HTTP/1.1\r\nHost: hall\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.expect("it is sent");
        Answer { stream, read: Vec::new() }
    }

    /// An answer that ends, with its body.
    async fn get(&self, path: &str, headers: &str) -> (String, Vec<u8>) {
        let mut answer = self.send_with(path, &format!("{headers}Connection: close\r\n")).await;
        timeout(PATIENCE, answer.stream.read_to_end(&mut answer.read)).await.expect("in time").expect("an end");
        let head = answer.read.windows(4).position(|part| part == b"\r\n\r\n").expect("a head") + 4;
        (String::from_utf8_lossy(&answer.read[..head]).to_lowercase(), answer.read.split_off(head))
    }

    async fn json(&self, path: &str) -> Value {
        let (head, body) = self.get(path, "").await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        serde_json::from_slice(&body).expect("JSON")
    }
}

struct Reply(String);

impl Reply {
    fn status(&self) -> u16 {
        let status = self.0.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("no answer: {:?}", self.0))
    }

    /// What a browser would send from now on.
    fn cookie(&self) -> String {
        let line = self.header("set-cookie").expect("a cookie");
        format!("Cookie: {}\r\n", line.split(';').next().expect("a pair"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let head = self.0.split("\r\n\r\n").next().unwrap_or_default();
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.raise();
    }
}

struct Answer {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Answer {
    /// Reads until the answer holds these bytes; returns all of it.
    async fn until(&mut self, part: &[u8]) -> String {
        while !self.read.windows(part.len()).any(|window| window == part) {
            let count = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await.expect("in time");
            assert_ne!(count.expect("it is read"), 0, "{}", String::from_utf8_lossy(&self.read));
        }
        String::from_utf8_lossy(&self.read).into_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_socket_is_welcomed_and_followed() {
    let mut house = House::open().await;
    let stream = TcpStream::connect(house.address).await.expect("a connection");
    let url = format!("ws://{}/api/v1/rooms/demo/ws", house.address);
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.expect("a handshake");
    socket.send(Message::text(r#"{"t":"hello","v":1,"l":["ru"]}"#)).await.expect("it is sent");
    let mut tags = Vec::new();
    for segment in 1..4 {
        let message = timeout(PATIENCE, socket.next()).await.expect("in time").expect("more").expect("a message");
        let message: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
        tags.push(message["t"].as_str().expect("a tag").to_owned());
        house.say(segment, Lang::Russian, "Да.");
    }
    assert_eq!(tags, ["welcome", "ev", "ev"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_sent_events_carry_offsets_and_recover() {
    let mut house = House::open().await;
    house.say(1, Lang::Russian, "Раз.");
    let mut first = house.send("demo/sse?l=ru").await;
    let head = first.until(b"\n\n").await;
    assert!(head.to_lowercase().contains("content-type: text/event-stream"), "{head}");
    let text = first.until(br#""open":[]}"#).await;
    let id = text.split("id: ").nth(1).expect("an id").lines().next().expect("a line").to_owned();
    let epoch = id.strip_suffix(":1").expect("the top is 1").to_owned();
    house.draft(2, "Два");
    first.until("\"c\":\"Два\"".as_bytes()).await;
    house.say(2, Lang::Russian, "Два.");
    first.until(format!("id: {epoch}:2").as_bytes()).await;
    drop(first);

    house.say(3, Lang::Kazakh, "Үш.");
    let mut again = house.send_with("demo/sse?l=ru", &format!("Last-Event-ID: {id}\r\n")).await;
    let text = again.until(br#""open":[]}"#).await;
    assert!(text.contains(r#""rec":true"#) && text.contains("Два.") && !text.contains("Раз."), "{text}");
    assert!(text.contains(r#"{"o":3,"k":"skip"}"#), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_is_answered_when_there_is_something() {
    let mut house = House::open().await;
    house.say(1, Lang::Russian, "Раз.");
    let first = house.json("demo/poll").await;
    assert_eq!((&first["rec"], &first["o"]), (&json!(false), &json!(1)));
    let next = |answer: &Value| {
        format!("demo/poll?e={}&o={}&n={}", answer["e"].as_str().expect("an epoch"), answer["o"], answer["n"])
    };
    let mut waiting = house.send(&next(&first)).await;
    assert!(timeout(Duration::from_millis(300), waiting.stream.readable()).await.is_err(), "nothing is new");
    house.draft(2, "Два");
    let text = waiting.until(b"]}").await;
    assert!(text.contains("Два") && text.contains(r#""rec":true"#), "{text}");

    let now = house.json("demo/poll?e=0a&o=7").await;
    assert_eq!(now["rec"], json!(false));
    let mut waiting = house.send(&next(&now)).await;
    house.say(2, Lang::Russian, "Два.");
    let text = waiting.until(br#""open":[]}"#).await;
    assert!(text.contains(r#""rec":true"#) && text.contains("Два.") && !text.contains("Раз."), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_history_are_kept_for_ever_and_packed() {
    let mut house = House::open().await;
    for segment in 1..4 {
        house.say(segment, Lang::ALL[segment as usize % 2], "Бір екі үш");
    }
    let newest = house.json("demo/history").await;
    assert_eq!(newest["ev"].as_array().map(Vec::len), Some(3));
    let settled = format!("demo/history?before=3&l=kk&e={}", newest["e"].as_str().expect("an epoch"));
    let (head, body) = house.get(&settled, "Accept-Encoding: br, gzip\r\n").await;
    assert!(head.contains("immutable") && head.contains("content-encoding: gzip"), "{head}");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text).expect("gzip");
    let page: Value = serde_json::from_str(&text).expect("JSON");
    let kinds: Vec<_> = page["ev"].as_array().expect("events").iter().map(|event| event["k"].clone()).collect();
    assert_eq!(kinds, [json!("skip"), json!("final")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_answered_says_why() {
    let house = House::open().await;
    for (path, status) in [
        ("nowhere/sse", 404),
        ("nowhere/poll", 404),
        ("nowhere/history", 404),
        ("demo/sse?l=en", 400),
        ("demo/poll?o=-1", 400),
        ("demo/poll?v=2", 400),
        ("demo/history?before=x", 400),
        ("demo/history?l=", 400),
        ("demo/history?e=0a0a", 410),
        ("..%2f..%2fdemo/history", 400),
        ("closed/sse", 401),
        ("closed/poll", 401),
        ("closed/history", 401),
    ] {
        let (head, _) = house.get(path, "").await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{path}: {head}");
    }
}
