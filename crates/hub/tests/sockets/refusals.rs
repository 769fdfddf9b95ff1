use std::time::Duration;

use dostyq_hub::wire::{ClientMessage, CloseCode, PROTOCOL_VERSION, ServerMessage};
use dostyq_hub::{HubOptions, refuse_viewer};
use dostyq_speech::{Lang, Offset};
use futures_util::SinkExt;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use crate::hall::{Hall, Viewer, room};
use crate::reader::Reader;

fn nobody() -> Reader {
    Reader::new(&Lang::ALL)
}

/// A viewer that behaves, to see that nobody is disturbed by one that does not.
async fn witness(hall: &mut Hall) -> Viewer {
    hall.finals(1..4);
    Viewer::come(hall.address, nobody()).await
}

async fn assert_undisturbed(mut hall: Hall, mut witness: Viewer) {
    hall.finals(4..7);
    witness.until(Offset(6)).await;
    witness.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_message_that_is_no_hello_is_refused_with_its_code() {
    let mut hall = Hall::open().await;
    let witness = witness(&mut hall).await;
    let cases = [
        (Message::text("garbage"), CloseCode::BadMessage),
        (Message::text(r#"{"t":"pong"}"#), CloseCode::BadMessage),
        (Message::text(r#"{"t":"hello","v":1,"l":[]}"#), CloseCode::BadMessage),
        (Message::text(r#"{"t":"hello","v":9,"l":["kk"]}"#), CloseCode::UnknownVersion),
        (Message::text("[".repeat(4096)), CloseCode::BadMessage),
        (Message::text("x".repeat(4097)), CloseCode::BadMessage),
        (Message::text("x".repeat(1_000_000)), CloseCode::BadMessage),
        (Message::binary(vec![0xff; 100]), CloseCode::BadMessage),
    ];
    let count = cases.len() as u64;
    for (message, code) in cases {
        let mut viewer = Viewer::connect(hall.address, "demo", nobody()).await;
        viewer.socket.send(message).await.expect("it is sent");
        viewer.assert_closes(code).await;
    }
    hall.until("all counted", |hub| hub.counts().bad_hellos == count).await;
    assert_undisturbed(hall, witness).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_websocket_are_refused() {
    let mut hall = Hall::open().await;
    let witness = witness(&mut hall).await;
    let cases: [&[u8]; 7] = [
        b"GET / HTTP/1.1\r\n\r\n",
        // A frame that says it has 4097 bytes: no memory is set aside, nor time spent, to wait for them.
        &[0x81, 0xfe, 0x10, 0x01, 0, 0, 0, 0],
        // A text frame without a mask.
        &[0x81, 0x02, b'h', b'i'],
        // Reserved bits, a reserved opcode, a control frame in fragments, a frame that says it has 2^63 bytes.
        &[0xf1, 0x82, 0, 0, 0, 0, b'h', b'i'],
        &[0x83, 0x82, 0, 0, 0, 0, b'h', b'i'],
        &[0x09, 0x80, 0, 0, 0, 0],
        &[0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    for bytes in cases {
        let mut viewer = Viewer::connect(hall.address, "demo", nobody()).await;
        viewer.socket.get_mut().write_all(bytes).await.expect("it is sent");
        viewer.assert_closes(CloseCode::BadMessage).await;
    }
    // Text that is not UTF-8.
    let mut viewer = Viewer::connect(hall.address, "demo", nobody()).await;
    viewer.socket.get_mut().write_all(&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xff]).await.expect("it is sent");
    viewer.assert_closes(CloseCode::BadMessage).await;
    assert_undisturbed(hall, witness).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sender_of_a_giant_reads_why_it_is_refused_before_its_connection_ends() {
    const BYTES: u64 = 1_000_000;
    let hall = Hall::open().await;
    let mut viewer = Viewer::connect(hall.address, "demo", nobody()).await;
    let stream = viewer.socket.get_mut();
    let mut giant = vec![0x81, 0xff];
    giant.extend(BYTES.to_be_bytes());
    giant.resize(giant.len() + 4 + BYTES as usize, 0);
    stream.write_all(&giant).await.expect("all of it is accepted");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("the connection ends without a reset");
    assert_eq!(answer[2..4], CloseCode::BadMessage.number().to_be_bytes(), "a close frame with its code");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_not_here_is_refused() {
    let mut hall = Hall::open().await;
    let witness = witness(&mut hall).await;
    for room in ["nowhere", "..", "DEMO", "%2e%2e", "demo%00"] {
        let mut viewer = Viewer::connect(hall.address, room, nobody()).await;
        viewer.assert_closes(CloseCode::UnknownRoom).await;
    }
    assert_undisturbed(hall, witness).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_nothing_is_sent_away() {
    let hall = Hall::with(HubOptions { hello_within: Duration::from_millis(100), ..HubOptions::default() }).await;
    let mut mute = Viewer::connect(hall.address, "demo", nobody()).await;
    mute.assert_closes(CloseCode::HelloLate).await;
    // Half a frame, and pings of the WebSocket itself, are no hello.
    let mut half = Viewer::connect(hall.address, "demo", nobody()).await;
    half.socket.send(Message::Ping("a".into())).await.expect("it is sent");
    half.socket.get_mut().write_all(&[0x81, 0x82, 0]).await.expect("it is sent");
    half.assert_closes(CloseCode::HelloLate).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_welcome_garbage_floods_and_a_second_hello_end_the_connection() {
    let mut hall = Hall::open().await;
    let witness = witness(&mut hall).await;
    let mut garbage = Viewer::come(hall.address, nobody()).await;
    garbage.say("{").await;
    garbage.assert_closes(CloseCode::BadMessage).await;

    let mut twice = Viewer::come(hall.address, nobody()).await;
    twice.say(r#"{"t":"hello","v":1,"l":["kk"]}"#).await;
    twice.assert_closes(CloseCode::BadMessage).await;

    let mut flood = Viewer::come(hall.address, nobody()).await;
    for _ in 0..200 {
        if flood.socket.send(Message::text(r#"{"t":"pong"}"#)).await.is_err() {
            break;
        }
    }
    flood.assert_closes(CloseCode::Flood).await;
    hall.until("three bad messages", |hub| hub.counts().bad_messages == 3).await;
    assert_eq!(hall.hub.counts().bad_hellos, 0);
    assert_undisturbed(hall, witness).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_hub_says_so_and_has_room_again_when_someone_leaves() {
    let hall = Hall::with(HubOptions { max_viewers: 2, ..HubOptions::default() }).await;
    let first = Viewer::come(hall.address, nobody()).await;
    let _second = Viewer::come(hall.address, nobody()).await;
    let mut third = Viewer::connect(hall.address, "demo", nobody()).await;
    third.assert_closes(CloseCode::Busy).await;
    assert_eq!(hall.hub.counts().busy_closes, 1);
    drop(first);
    hall.until("one viewer", |hub| hub.rooms()[0].viewers == 1).await;
    // The place is free a moment after the viewer is no longer counted.
    loop {
        let mut fourth = Viewer::connect(hall.address, "demo", nobody()).await;
        let _ = fourth.socket.send(Message::text(r#"{"t":"hello","v":1,"l":["kk","ru"]}"#)).await;
        if fourth.is_welcomed().await {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_position_is_answered_with_the_log_as_it_is() {
    let mut hall = Hall::open().await;
    hall.finals(1..4);
    let epoch = Viewer::come(hall.address, nobody()).await.reader.epoch.expect("an epoch");
    let cases = [
        format!(r#""e":"{epoch}","o":4"#),
        format!(r#""e":"{epoch}","o":18446744073709551615"#),
        format!(r#""e":"{}","o":2"#, "f".repeat(32)),
        r#""e":"'; drop table events","o":2"#.to_owned(),
        r#""o":2"#.to_owned(),
        format!(r#""e":"{epoch}""#),
    ];
    let count = cases.len() as u64;
    for case in cases {
        let mut viewer = Viewer::connect(hall.address, "demo", nobody()).await;
        viewer.say(&format!(r#"{{"t":"hello","v":1,"l":["kk","ru"],{case}}}"#)).await;
        let ServerMessage::Welcome(welcome) = viewer.next().await else { panic!("no welcome for {case}") };
        assert!(!welcome.recovered, "{case}");
        viewer.reader.assert_holds(&hall.events());
    }
    hall.until("none recovered", |hub| hub.counts().not_recovered == count).await;
    assert_eq!(hall.hub.counts().recovered, 0);
}

/// Bytes as the payload of one text frame, so that noise gets past the frame and into the message.
fn framed(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("it is short").to_be_bytes();
    [&[0x81, 0xfe, length[0], length[1], 0, 0, 0, 0], payload].concat()
}

const HELLO: &[u8] = br#"{"t":"hello","v":1,"l":["kk","ru"],"e":"0a0a","o":41,"tail":false}"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_message_or_a_code_that_forbids_coming_back(
        noise in ".{0,200}",
        json in r#"\{("(t|v|l|e|o|tail|x)":(-?[0-9]{1,25}|[0-9]e[0-9]{3}|"[ -~]{0,9}"|\[("kk",?|7){0,3}\]|null|true|\{\}),?){0,7}\}"#,
    ) {
        for text in [noise, json] {
            match ClientMessage::decode(&text) {
                Ok(ClientMessage::Hello(hello)) => {
                    assert_eq!(hello.version, PROTOCOL_VERSION, "{text}");
                    assert!(!hello.languages.is_empty(), "{text}");
                }
                Ok(ClientMessage::Pong | ClientMessage::Unknown) => {}
                Err(code) => assert!(!CloseCode::reconnects(code.number()), "{text}: {code:?}"),
            }
        }
    }

    #[test]
    fn whatever_a_peer_sends_the_worst_it_brings_about_is_its_own_end(
        noise in prop::collection::vec(any::<u8>(), 0..300),
        text in r#"\{"t":"(hello|pong|x)"(,"[vleo]":([0-9]{1,3}|"[a-z]{0,3}"|\["(kk|ru|xx)"\]|null)){0,5}\}"#,
        cut in 0..HELLO.len(),
        changed in any::<u8>(),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        runtime.block_on(async {
            let hall = Hall::open().await;
            let hello = framed(HELLO);
            // A hello that breaks off, one with a spoilt byte, one that garbage follows, many at once.
            let head = hello.len() - HELLO.len();
            let mut spoilt = hello.clone();
            spoilt[head + cut] = changed;
            let corpus = [
                noise.clone(),
                framed(&noise),
                framed(text.as_bytes()),
                hello[..head + cut].to_vec(),
                spoilt,
                [&hello[..], &noise].concat(),
                hello.repeat(3),
            ];
            for bytes in corpus {
                let mut viewer = Viewer::connect(hall.address, "demo", nobody()).await;
                let stream = viewer.socket.get_mut();
                // The hub may end it before all is sent.
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
            assert_eq!(hall.hub.viewers(&room()), 0);
            assert_eq!(hall.hub.shutdown().await, 0);
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_right_learns_why() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut hall = Hall::open().await;
    let witness = witness(&mut hall).await;
    let (hub, address) = (hall.hub.clone(), listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a viewer");
        let socket = tokio_tungstenite::accept_async(stream).await.expect("a handshake");
        refuse_viewer(&hub, CloseCode::NoAccess, socket).await;
    });
    let mut viewer = Viewer::connect(address, "demo", nobody()).await;
    viewer.assert_closes(CloseCode::NoAccess).await;
    assert_eq!(hall.hub.counts().bad_hellos, 1);
    assert_undisturbed(hall, witness).await;
}
