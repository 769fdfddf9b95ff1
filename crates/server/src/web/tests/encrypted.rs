//! The same over TLS.

use super::*;

async fn encrypted() -> House {
    House::with(Equipment { is_encrypted: true, ..Equipment::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn captions_reach_a_viewer_over_tls() {
    let mut house = encrypted().await;
    // More than a socket takes at once, so that what is written in pieces is seen to arrive whole.
    let long = "сөз ".repeat(8_000);
    for segment in 1..20 {
        house.say(segment, Lang::Russian, &long);
    }
    let url = format!("ws://{}/api/v1/rooms/demo/ws", house.address);
    let (mut socket, _) = tokio_tungstenite::client_async(url, house.line().await).await.expect("a handshake");
    socket.send(Message::text(r#"{"t":"hello","v":1,"l":["ru"]}"#)).await.expect("it is sent");
    let next = async |socket: &mut tokio_tungstenite::WebSocketStream<Line>| -> Value {
        let message = timeout(PATIENCE, socket.next()).await.expect("in time").expect("more").expect("a message");
        serde_json::from_str(message.to_text().expect("text")).expect("JSON")
    };
    let welcome = next(&mut socket).await;
    assert_eq!(welcome["ev"].as_array().map(Vec::len), Some(19));
    for segment in 20..30 {
        house.say(segment, Lang::Russian, &long);
        let event = next(&mut socket).await;
        assert_eq!((&event["o"], event["text"].as_str()), (&json!(segment), Some(long.as_str())));
    }
    // A message alone, and several at once.
    for segment in 30..60 {
        house.say(segment, Lang::Russian, "Да.");
    }
    for segment in 30..60 {
        assert_eq!(next(&mut socket).await["o"], json!(segment));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_cookies_know_that_they_are_encrypted() {
    let house = encrypted().await;
    for (path, status) in [("/r/demo", 200), ("/r/nowhere", 404)] {
        assert_eq!(house.ask("GET", path, "", "").await.status(), status, "{path}");
    }
    let session = house.ask("GET", "/api/v1/session", "", "").await;
    let encryption = house.site.guards.encryption.as_ref().expect("TLS");
    assert!(session.0.contains(&encryption.current().fingerprint()), "{}", session.0);
    let body = json!({ "token": house.key.text() }).to_string();
    let reply = house.ask("POST", "/api/v1/login", "Content-Type: application/json\r\n", &body).await;
    let given = reply.header("set-cookie").expect("a cookie");
    assert!(given.starts_with("__Host-dostyq-session=dostyq-") && given.ends_with("; Secure"), "{given}");
    let session = house.ask("GET", "/api/v1/session", &reply.cookie(), "").await;
    assert!(session.0.contains(r#""role":"operator""#), "{}", session.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_is_sent_to_the_encrypted_address() {
    let house = encrypted().await;
    let mut stream = TcpStream::connect(house.address).await.expect("a connection");
    let request = format!("GET /r/demo?lang=kk HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", house.address);
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("in time").expect("an answer");
    let reply = Reply(String::from_utf8_lossy(&answer).into_owned());
    assert_eq!(reply.status(), 307);
    assert_eq!(reply.header("location"), Some(format!("https://{}/r/demo?lang=kk", house.address).as_str()));
    // What is neither is closed.
    let mut stream = TcpStream::connect(house.address).await.expect("a connection");
    stream.write_all(&[0xff; 64]).await.expect("it is sent");
    let read = timeout(PATIENCE, stream.read(&mut [0])).await.expect("in time");
    assert!(matches!(read, Ok(0) | Err(_)), "it is closed");
    assert_eq!(house.site.guards.refusals.handshakes.get(), 1);
}
