//! Signing in and out, other sites, and how much one address may take.

use super::*;

const JSON: &str = "Content-Type: application/json\r\n";
const MEANT: &str = "X-Dostyq: 1\r\n";
/// An order that every operator may give; 404 means that it got through, since no hall runs here.
const ORDER: (&str, &str, &str) = ("PUT", "/api/v1/rooms/demo/language", r#"{"language":"kk"}"#);

async fn sign_in(house: &House, token: &str) -> Reply {
    house.ask("POST", "/api/v1/login", JSON, &json!({ "token": token }).to_string()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_becomes_a_session_that_ends_with_signing_out() {
    let house = House::open().await;
    let reply = sign_in(&house, house.key.text()).await;
    assert_eq!(reply.status(), 200, "{}", reply.0);
    assert!(reply.0.contains(r#""role":"operator""#) && !reply.0.contains(house.key.text()), "{}", reply.0);
    let cookie = reply.cookie();
    let given = reply.header("set-cookie").expect("a cookie");
    assert!(given.contains("; Path=/; HttpOnly; SameSite=Strict") && !given.contains("Secure"), "{given}");
    let (method, path, order) = ORDER;
    let give = async |headers: &str| house.ask(method, path, &format!("{JSON}{headers}"), order).await.status();
    assert_eq!(give(&format!("{cookie}{MEANT}")).await, 404, "it may");
    assert_eq!(give(&format!("{cookie}Sec-Fetch-Site: same-origin\r\n")).await, 404, "it may");
    assert_eq!(give("").await, 401);
    // What a page of another site can make a browser send.
    assert_eq!(give(&cookie).await, 403);
    assert_eq!(give(&format!("{cookie}Sec-Fetch-Site: cross-site\r\n")).await, 403);
    assert_eq!(give(&format!("{cookie}{MEANT}Origin: http://elsewhere.example\r\n")).await, 403);
    assert_eq!(give(&format!("{cookie}{MEANT}Origin: null\r\n")).await, 403);
    assert_eq!(give(&format!("{cookie}{MEANT}Origin: http://{}\r\n", house.address)).await, 404, "its own page may");
    // A program with its token needs no header of a browser.
    assert_eq!(give(&format!("Authorization: Bearer {}\r\n", house.key.text())).await, 404);
    assert_eq!(house.site.guards.refusals.origins.get(), 4);

    assert_eq!(house.ask("POST", "/api/v1/logout", &format!("{cookie}{MEANT}"), "").await.status(), 204);
    assert_eq!(give(&format!("{cookie}{MEANT}")).await, 401, "the session is over, whoever still has the cookie");
    let session = house.ask("GET", "/api/v1/session", &cookie, "").await;
    assert!(session.0.ends_with("{}"), "{}", session.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_tokens_is_slowed_down() {
    let house = House::open().await;
    let mut statuses = Vec::new();
    for number in 0..12 {
        statuses.push(sign_in(&house, &format!("dostyq-{number:064x}")).await.status());
    }
    assert_eq!(statuses, [[401].repeat(10), [429].repeat(2)].concat());
    assert_eq!(sign_in(&house, house.key.text()).await.status(), 429, "for now, whatever it says");
    assert_eq!(house.site.guards.refusals.guesses.get(), 13);
    // Codes are counted apart: nobody locks a hall out by guessing tokens.
    let said = house.ask("POST", "/api/v1/rooms/closed/code", JSON, r#"{"code":"4711"}"#).await;
    assert_eq!(said.status(), 204);
    for body in ["", "{}", "[]", r#"{"code":4711}"#, r#"{"code":"4711","more":1}"#, "\u{0}"] {
        let status = house.ask("POST", "/api/v1/rooms/closed/code", JSON, body).await.status();
        assert_eq!(status, 400, "{body:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_sites_follow_rooms_only_where_they_are_named() {
    let web = Web { origins: vec!["https://congress.example".to_owned()], ..Web::default() };
    let house = House::with(Equipment { web, ..Equipment::default() }).await;
    let own = format!("http://{}", house.address);
    for (origin, expect) in [
        (own.as_str(), Ok("welcome")),
        ("https://congress.example", Ok("welcome")),
        ("http://congress.example", Err(403)),
        ("https://congress.example.evil.example", Err(403)),
        ("null", Err(403)),
    ] {
        let seen = house.visit("demo", &[("origin", origin)]).await;
        assert_eq!(seen.as_deref().map_err(|code| *code), expect, "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_has_its_bounds() {
    let web = Web { sockets_per_address: 3, ..Web::default() };
    let house = House::with(Equipment { web, ..Equipment::default() }).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut answer = house.send("demo/sse").await;
        answer.until(b"welcome").await;
        held.push(answer);
    }
    let mut one_more = TcpStream::connect(house.address).await.expect("the system takes it");
    let read = timeout(PATIENCE, one_more.read(&mut [0])).await.expect("in time");
    assert!(matches!(read, Ok(0) | Err(_)), "it is closed");
    assert_eq!(house.site.guards.refusals.sockets.get(), 1);
    held.pop();
    // The place is free as soon as the server has seen the end.
    while house.site.guards.addresses.enter([127, 0, 0, 1].into(), std::time::Instant::now()).is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut again = house.send("demo/sse").await;
    again.until(b"welcome").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_proxy_each_viewer_counts_for_itself() {
    let proxy = |text: &str| text.to_owned().try_into().expect("a proxy");
    let web = Web { sockets_per_address: 1, trusted_proxies: vec![proxy("127.0.0.1")], ..Web::default() };
    let house = House::with(Equipment { web, ..Equipment::default() }).await;
    let url = format!("ws://{}/api/v1/rooms/demo/ws", house.address);
    let mut request = url.into_client_request().expect("a request");
    request.headers_mut().insert("x-forwarded-for", "203.0.113.1".parse().expect("a header"));
    let (held, _) = tokio_tungstenite::client_async(request, house.line().await).await.expect("a handshake");
    assert_eq!(house.visit("demo", &[("x-forwarded-for", "203.0.113.1")]).await, Err(1013));
    assert_eq!(house.visit("demo", &[("x-forwarded-for", "203.0.113.2")]).await.as_deref(), Ok("welcome"));
    drop(held);
    // The proxy says that the browser speaks TLS.
    let headers = format!("{JSON}X-Forwarded-Proto: https\r\n");
    let said = house.ask("POST", "/api/v1/rooms/closed/code", &headers, r#"{"code":"4711"}"#).await;
    let given = said.header("set-cookie").expect("a cookie");
    assert!(given.starts_with("__Host-dostyq-room-closed=") && given.ends_with("; Secure"), "{given}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_its_time_before_a_request_is_cut_off() {
    let head_within = Some(Duration::from_millis(300));
    for is_encrypted in [false, true] {
        let house = House::with(Equipment { head_within, is_encrypted, ..Equipment::default() }).await;
        let house = Arc::new(house);
        let slow = async |start: &'static [u8]| {
            let mut stream = TcpStream::connect(house.address).await.expect("a connection");
            let _ = stream.write_all(start).await;
            let mut answer = Vec::new();
            let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is cut off");
            assert!(read.is_err() || !answer.starts_with(b"HTTP/1.1 2"), "{:?}", String::from_utf8_lossy(&answer));
        };
        slow(b"").await;
        slow(b"GET /r/demo HTTP/1.1\r\nHost: hall\r\nX-Slow: ").await;
        slow(b"\x16\x03\x01\x02").await;
        assert_eq!(house.visit("demo", &[]).await.as_deref(), Ok("welcome"), "nobody else is disturbed");
        let refusals = &house.site.guards.refusals;
        assert!(refusals.mute.get() + refusals.handshakes.get() >= 2, "they are counted: {refusals:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_carries_the_headers_that_protect_a_page() {
    let house = House::open().await;
    for path in ["/", "/operator", "/r/demo", "/assets/css/base.css", "/nothing", "/api/v1/rooms", "/api/v1/session"] {
        let reply = house.ask("GET", path, "", "").await;
        for (name, value) in SECURITY_HEADERS {
            assert_eq!(reply.header(name.as_str()), Some(value), "{path}");
        }
    }
    assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
}
