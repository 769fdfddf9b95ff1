//! What no browser sends: each is refused with its code and counted, and whoever watches meanwhile gets every line.

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use tokio_tungstenite::WebSocketStream;

use super::*;

/// Viewers that come and go in a rush.
const RUSH: usize = 3_000;
/// Of these, at a time.
const AT_A_TIME: usize = 50;

/// A viewer that behaves.
struct Bystander {
    socket: WebSocketStream<Line>,
    lines: u64,
}

impl Bystander {
    async fn come(house: &House) -> Bystander {
        let url = format!("ws://{}/api/v1/rooms/demo/ws", house.address);
        let (mut socket, _) = tokio_tungstenite::client_async(url, house.line().await).await.expect("a handshake");
        socket.send(Message::text(r#"{"t":"hello","v":1,"l":["ru"]}"#)).await.expect("it is sent");
        socket.next().await.expect("a welcome").expect("a welcome");
        Bystander { socket, lines: 0 }
    }

    /// Something is said, and it hears it at once.
    async fn hears(&mut self, house: &mut House) {
        self.lines += 1;
        house.say(self.lines, Lang::Russian, "Да.");
        loop {
            let message =
                timeout(PATIENCE, self.socket.next()).await.expect("in time").expect("more").expect("a message");
            let message: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
            if message["t"] == "ping" {
                self.socket.send(Message::text(r#"{"t":"pong"}"#)).await.expect("it is sent");
                continue;
            }
            assert_eq!(message["o"], json!(self.lines), "{message}");
            return;
        }
    }
}

/// Sends bytes as they are and takes what comes until the end; `is_all` says so to the server, which need not answer
/// then. It may end it before all is sent.
async fn throw(house: &House, bytes: &[u8], is_all: bool) -> Reply {
    let (mut incoming, mut outgoing) = tokio::io::split(house.line().await);
    let sending = async {
        let _ = outgoing.write_all(bytes).await;
        if is_all {
            let _ = outgoing.shutdown().await;
        }
    };
    let mut answer = Vec::new();
    let reading = timeout(PATIENCE, incoming.read_to_end(&mut answer));
    let ((), read) = tokio::join!(sending, reading);
    let _ = read.expect("it is ended");
    Reply(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_refused() {
    let mut house = House::open().await;
    let mut bystander = Bystander::come(&house).await;
    let login = |more: &str| format!("POST /api/v1/login HTTP/1.1\r\nHost: a\r\n{more}\r\n\r\n");
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let many = "X: y\r\n".repeat(100);
    let cases = [
        (String::from_utf8_lossy(&[0x80; 200]).into_owned(), 400),
        ("GET\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(32_000)), 431),
        (get(&format!("/{}", "x".repeat(32_000))), 431),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\n folded: x\r\n\r\n".to_owned(), 400),
        // Two lengths, and lengths that are none: what one server takes for a body another takes for a request.
        (login("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400),
        (login("Content-Length: 5\r\nContent-Length: 6"), 400),
        (login("Content-Length: -1"), 400),
        (login("Content-Length: 99999999999999999999999"), 400),
        // A giant that is announced, and one that is not.
        (login("Content-Type: application/json\r\nContent-Length: 10000000000"), 413),
        (login("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n"), 400),
        ("TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(), 405),
        ("DELETE /api/v1/rooms HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(), 405),
        // Out of the folder, in every spelling; and a line break in an address becomes no header.
        (get("/assets/../../Cargo.toml"), 404),
        (get("/assets/%2e%2e/%2e%2e/Cargo.toml"), 404),
        (get("/assets/..%2f..%2fCargo.toml"), 404),
        (get("/assets/..%5c..%5cCargo.toml"), 404),
        (get("/assets/%252e%252e/Cargo.toml"), 404),
        (get("/assets/%00"), 404),
        (get("/assets//etc/passwd"), 404),
        (get("/r/..%2f..%2fetc%2fpasswd"), 404),
        (get("/r/a%0d%0aSet-Cookie:%20x=1"), 404),
        (get("/api/v1/rooms/a%0d%0aX-Injected:%201/history"), 400),
        (get("/api/v1/rooms/%ff%fe/history"), 400),
        (get("/api/v1/rooms/demo/history?before=-1"), 400),
        (get("/api/v1/rooms/demo/history?before=18446744073709551616"), 400),
        (get("/api/v1/rooms/demo/history?before=18446744073709551615"), 200),
        (get("/api/v1/rooms/demo/poll?o=18446744073709551615&e=ffff"), 200),
        (get("/api/v1/rooms/demo/poll?o=text"), 400),
        (get("/api/v1/rooms/demo/poll?l=kk%00"), 400),
    ];
    for (request, expect) in cases {
        let reply = throw(&house, request.as_bytes(), false).await;
        assert_eq!(reply.status(), expect, "{:?}: {:?}", &request[..request.len().min(80)], reply.0);
        assert_eq!((reply.header("set-cookie"), reply.header("x-injected")), (None, None), "{request}");
        bystander.hears(&mut house).await;
    }
    // A connection that ends in the middle of a request is no news.
    throw(&house, b"GET /r/demo HT", true).await;
    bystander.hears(&mut house).await;
    assert!(house.site.guards.refusals.requests.get() > 5, "{:?}", house.site.guards.refusals);
}

/// The handshake, and these bytes right behind it.
fn behind_a_handshake(bytes: &[u8]) -> Vec<u8> {
    let handshake = "GET /api/v1/rooms/demo/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    [handshake.as_bytes(), bytes].concat()
}

/// A text frame of a client whose mask changes nothing.
fn framed(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("it is short").to_be_bytes();
    [&[0x81, 0xfe, length[0], length[1], 0, 0, 0, 0], payload].concat()
}

/// Behind the answer to a handshake comes a close frame: its head of two bytes, then its code.
async fn close_code(line: &mut Line) -> Option<u16> {
    let mut answer = Vec::new();
    loop {
        let frame = answer.windows(4).position(|part| part == b"\r\n\r\n").map(|end| &answer[end + 4..]);
        if let Some([opcode, _, high, low, ..]) = frame {
            return (*opcode == 0x88).then(|| u16::from_be_bytes([*high, *low]));
        }
        let count = timeout(PATIENCE, line.read_buf(&mut answer)).await.expect("in time");
        if count.is_ok_and(|count| count == 0) {
            return None;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_viewer_is_closed_with_its_code() {
    for is_encrypted in [false, true] {
        let mut house = House::with(Equipment { is_encrypted, ..Equipment::default() }).await;
        let mut bystander = Bystander::come(&house).await;
        let hello = |rest: &str| framed(format!(r#"{{"t":"hello","l":["kk"],{rest}}}"#).as_bytes());
        let cases = [
            // Unmasked, reserved bits, a reserved opcode, control frames in pieces or too long, continuing nothing.
            (b"\x81\x02hi".to_vec(), 4500),
            (b"\xf1\x82\0\0\0\0hi".to_vec(), 4500),
            (b"\x83\x82\0\0\0\0hi".to_vec(), 4500),
            (b"\x09\x80\0\0\0\0".to_vec(), 4500),
            ([&b"\x89\xfe\x00\x7e\0\0\0\0"[..], &[0; 126]].concat(), 4500),
            (b"\x80\x82\0\0\0\0hi".to_vec(), 4500),
            // Lengths of 4097 and of 2^63 bytes: nothing is set aside for them.
            (b"\x81\xfe\x10\x01\0\0\0\0".to_vec(), 4500),
            (b"\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0".to_vec(), 4500),
            // Not UTF-8, not JSON, not text, not a hello.
            (framed(&[0xff, 0xfe]), 4500),
            (framed(&[0xc3]), 4500),
            (framed(b"{"), 4500),
            (framed(b""), 4500),
            (framed(b"null"), 4500),
            (framed("[".repeat(4_000).as_bytes()), 4500),
            ([&b"\x82\x82\0\0\0\0"[..], &[0, 1]].concat(), 4500),
            (framed(br#"{"t":"pong"}"#), 4500),
            (framed(br#"{"t":"hello","v":1}"#), 4500),
            // Versions and positions that are forged.
            (hello(r#""v":2"#), 4501),
            (hello(r#""v":0"#), 4501),
            (hello(r#""v":-1"#), 4500),
            (hello(r#""v":4294967296"#), 4500),
            (hello(r#""v":"1""#), 4500),
            (hello(r#""v":1,"e":"0a","o":-1"#), 4500),
            (hello(r#""v":1,"e":"0a","o":"text""#), 4500),
            (hello(r#""v":1,"e":"0a","o":1.5"#), 4500),
            (hello(r#""v":1,"e":"0a","o":18446744073709551616"#), 4500),
            (hello(r#""v":1,"e":7,"o":1"#), 4500),
        ];
        let count = cases.len() as u64;
        for (bytes, expect) in cases {
            let mut line = house.line().await;
            line.write_all(&behind_a_handshake(&bytes)).await.expect("it is sent");
            assert_eq!(close_code(&mut line).await, Some(expect), "{:?}", String::from_utf8_lossy(&bytes));
            bystander.hears(&mut house).await;
        }
        let counted = async {
            while house.site.hub.counts().bad_hellos < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, counted).await.expect("each is counted");
        // Half a frame, and then nobody.
        throw(&house, &behind_a_handshake(b"\x81\xfe\x00\x10\0\0"), true).await;
        bystander.hears(&mut house).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rush_of_hellos_disturbs_nobody() {
    let mut house = House::open().await;
    let mut bystander = Bystander::come(&house).await;
    let (address, left) = (house.address, Arc::new(AtomicU64::new(RUSH as u64)));
    let rush: Vec<_> = (0..AT_A_TIME)
        .map(|_| {
            let left = Arc::clone(&left);
            tokio::spawn(async move {
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    let mut stream = TcpStream::connect(address).await.expect("a connection");
                    let hello = framed(br#"{"t":"hello","v":1,"l":["kk","ru"],"e":"0a","o":18446744073709551615}"#);
                    stream.write_all(&behind_a_handshake(&hello)).await.expect("it is sent");
                    let mut answer = [0; 512];
                    assert_ne!(timeout(PATIENCE, stream.read(&mut answer)).await.expect("in time").expect("more"), 0);
                }
            })
        })
        .collect();
    while left.load(Ordering::Relaxed) > 0 {
        bystander.hears(&mut house).await;
    }
    for one in rush {
        one.await.expect("all were answered");
    }
    bystander.hears(&mut house).await;
    let gone = async {
        while house.site.hub.rooms()[1].viewers > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, gone).await.expect("who left is gone");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn noise_at_the_door_disturbs_nobody(
        noise in prop::collection::vec(any::<u8>(), 0..400),
        header in r"[A-Za-z-]{1,20}: [ -~]{0,80}",
        path in r"/(api/v1/rooms/|r/|assets/)?[!-~]{0,40}",
        cut in 0..300usize,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        runtime.block_on(async {
            // The main thread may not block in place.
            tokio::spawn(async move {
                for is_encrypted in [false, true] {
                    let mut house = House::with(Equipment { is_encrypted, ..Equipment::default() }).await;
                    let mut bystander = Bystander::come(&house).await;
                    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{header}\r\n\r\n");
                    let request = request.into_bytes();
                    let mut spoilt = request.clone();
                    let place = cut.min(spoilt.len() - 1);
                    spoilt[place] = noise.first().copied().unwrap_or(0);
                    let handshake = behind_a_handshake(&noise);
                    let cases =
                        [noise.clone(), request.clone(), request[..place].to_vec(), spoilt, handshake, framed(&noise)];
                    for bytes in cases {
                        throw(&house, &bytes, true).await;
                        // And without the encryption that is expected.
                        let mut stream = TcpStream::connect(house.address).await.expect("a connection");
                        let _ = stream.write_all(&bytes).await;
                    }
                    bystander.hears(&mut house).await;
                }
            })
            .await
            .expect("nothing fails");
        });
    }
}
