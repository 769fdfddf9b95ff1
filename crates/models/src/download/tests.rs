use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::*;
use crate::digest::Sha256;
use crate::testing::{Hall, names};

/// An HTTP server that answers from a table, understands ranges, and breaks off when told to.
pub(crate) struct ScriptedServer {
    address: String,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    files: HashMap<String, Vec<u8>>,
    requests: Vec<String>,
    break_off_after: Option<usize>,
    weak: bool,
}

impl ScriptedServer {
    pub(crate) fn new() -> ScriptedServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let script = Arc::new(Mutex::new(Script::default()));
        let answers = Arc::clone(&script);
        // The thread ends with the test process; it holds nothing that anybody waits for.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away in the middle is part of the script.
                let _ = answer(stream, &answers);
            }
        });
        ScriptedServer { address, script }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn serve(&self, path: &str, bytes: &[u8]) {
        self.script.lock().expect("unharmed").files.insert(path.into(), bytes.into());
    }

    /// The next body ends after so many bytes, though its header promises all.
    pub(crate) fn break_off_after(&self, bytes: usize) {
        self.script.lock().expect("unharmed").break_off_after = Some(bytes);
    }

    /// From now on the validators are weak ones.
    fn weaken(&self) {
        self.script.lock().expect("unharmed").weak = true;
    }

    /// Method, path and range of every request so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.script.lock().expect("unharmed").requests.clone()
    }
}

fn answer(mut stream: TcpStream, script: &Mutex<Script>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut script = script.lock().expect("unharmed");
    let range = headers.get("range").map_or(String::new(), |range| format!(" {range}"));
    script.requests.push(format!("GET {path}{range}"));
    let Some(bytes) = script.files.get(&path).cloned() else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let etag = format!("{}\"{}\"", if script.weak { "W/" } else { "" }, Sha256::of(&bytes).prefix());
    let start = match (headers.get("range"), headers.get("if-range")) {
        (Some(range), Some(validator)) if *validator == etag => {
            range.trim_start_matches("bytes=").trim_end_matches('-').parse().expect("a range")
        }
        _ => 0,
    };
    let body = &bytes[start..];
    let end = script.break_off_after.take().unwrap_or(body.len());
    let status = match start {
        0 => "200 OK".to_owned(),
        _ => format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{}", bytes.len() - 1, bytes.len()),
    };
    write!(stream, "HTTP/1.1 {status}\r\nETag: {etag}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body[..end])
}

const BYTES: &[u8] = b"spring has come";

fn fetch(server: &ScriptedServer, hall: &Hall, size: Option<u64>) -> Result<Vec<Range>, String> {
    let mut seen = Vec::new();
    let url = format!("{}/a.bin", server.address());
    let fetched = Downloader::new().fetch(&url, &hall.path("d/a.bin"), size, &mut |range| seen.push(range));
    fetched.map(|()| seen).map_err(|error| error.to_string())
}

#[test]
fn a_file_is_fetched_whole_and_not_twice() {
    let (hall, server) = (Hall::new(), ScriptedServer::new());
    server.serve("/a.bin", BYTES);
    let seen = fetch(&server, &hall, None).expect("fetched");
    assert_eq!(seen.last(), Some(&Range { done: 15, total: Some(15) }));
    assert_eq!(fs::read(hall.path("d/a.bin")).expect("there"), BYTES);
    assert_eq!(names(&hall.path("d")), ["a.bin"]);
    assert_eq!(fetch(&server, &hall, Some(15)), Ok(Vec::new()));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_broken_download_goes_on_only_over_the_same_file() {
    let go_on = |change: &dyn Fn(&ScriptedServer), requests: &[&str], expect: &[u8]| {
        let (hall, server) = (Hall::new(), ScriptedServer::new());
        server.serve("/a.bin", BYTES);
        change(&server);
        server.break_off_after(6);
        let error = fetch(&server, &hall, None).expect_err("broken off");
        assert!(error.contains("/a.bin cannot be downloaded ("), "{error}");
        assert!(!hall.path("d/a.bin").exists());
        if expect != BYTES {
            server.serve("/a.bin", expect);
        }
        fetch(&server, &hall, None).expect("fetched");
        assert_eq!(fs::read(hall.path("d/a.bin")).expect("there"), expect);
        assert_eq!(server.requests(), requests);
        assert_eq!(names(&hall.path("d")), ["a.bin"]);
    };
    go_on(&|_| (), &["GET /a.bin", "GET /a.bin bytes=6-"], BYTES);
    // Another file in the meantime: the server answers with the whole of it.
    go_on(&|_| (), &["GET /a.bin", "GET /a.bin bytes=6-"], b"summer is here, too");
    // A weak validator does not vouch for the bytes, so it is not used.
    go_on(&ScriptedServer::weaken, &["GET /a.bin", "GET /a.bin"], BYTES);
}

#[test]
fn a_body_longer_than_the_file_is_cut_off() {
    let (hall, server) = (Hall::new(), ScriptedServer::new());
    server.serve("/a.bin", &[0; 100_000]);
    fetch(&server, &hall, Some(10)).expect("the caller verifies it");
    assert_eq!(fs::metadata(hall.path("d/a.bin")).expect("there").len(), 11);
}

#[test]
fn what_went_wrong_is_told() {
    let (hall, server) = (Hall::new(), ScriptedServer::new());
    let error = fetch(&server, &hall, None).expect_err("nothing there");
    assert!(error.contains("/a.bin cannot be downloaded (the server answers 404 Not Found)"), "{error}");
    // Nobody listens on a port that was just given back.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let url = format!("http://127.0.0.1:{port}/a.bin");
    let error = Downloader::new().fetch(&url, &hall.path("a.bin"), None, &mut |_| ()).expect_err("nobody there");
    assert!(matches!(error, Error::Download { .. }), "{error}");
}
