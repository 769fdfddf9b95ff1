use std::time::Duration;

use dostyq_hub::wire::{CloseCode, RoomSummary, ServerMessage, WireEntry};
use dostyq_hub::{HubError, HubOptions, serve_tcp_viewer};
use dostyq_speech::{CaptionEvent, Lang, Marker, Offset, SegmentId};
use futures_util::SinkExt;
use tokio::net::TcpStream;
use tokio::task::block_in_place;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::hall::{Hall, PATIENCE, Viewer, final_line, open_line, room};
use crate::reader::Reader;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_is_welcomed_with_the_state_of_the_room() {
    let mut hall = Hall::open().await;
    hall.finals(1..4);
    hall.publish(CaptionEvent::Open(open_line(4, Lang::Kazakh, "біз ", "бастай")));
    let mut viewer = Viewer::connect(hall.address, "demo", Reader::new(&Lang::ALL)).await;
    viewer.say(r#"{"t":"hello","v":1,"l":["kk","ru"]}"#).await;
    let ServerMessage::Welcome(welcome) = viewer.next().await else { panic!("no welcome") };
    assert_eq!((welcome.room, welcome.title.as_str(), welcome.recovered), (room(), "Үлкен зал", false));
    assert_eq!(welcome.top, Offset(3));
    assert_eq!(viewer.reader.open[&(4, Lang::Kazakh)], "біз бастай");
    viewer.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_grows_is_finished_and_stays() {
    let mut hall = Hall::open().await;
    let mut viewer = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    for text in ["біз", "біз бүгін", "біз бүгін бастаймыз"] {
        hall.publish(CaptionEvent::Open(open_line(1, Lang::Kazakh, text, "")));
        assert!(matches!(viewer.next().await, ServerMessage::Open(line) if line.committed == text));
    }
    let offset = hall.publish(CaptionEvent::Final(final_line(1, Lang::Kazakh, "Біз бүгін бастаймыз.")));
    viewer.until(offset.expect("a final has an offset")).await;
    assert!(viewer.reader.open.is_empty(), "a final takes its open line away");
    viewer.reader.assert_holds(&hall.events());
    hall.until("three lines and a final", |hub| hub.counts().delivered == 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segment_that_comes_to_nothing_goes_and_so_does_all_that_is_open_when_the_source_does() {
    let mut hall = Hall::open().await;
    let mut viewer = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    for (segment, lang) in [(1, Lang::Kazakh), (1, Lang::Russian), (2, Lang::Kazakh)] {
        hall.publish(CaptionEvent::Open(open_line(segment, lang, "а", "")));
        viewer.next().await;
    }
    hall.publish(CaptionEvent::Dropped(SegmentId(1)));
    viewer.next().await;
    assert_eq!(viewer.reader.open.keys().collect::<Vec<_>>(), [&(2, Lang::Kazakh)]);

    assert!(matches!(block_in_place(|| hall.hub.open_room(room(), "second")), Err(HubError::RoomTaken(_))));
    drop(hall.stage.take());
    viewer.next().await;
    assert!(viewer.reader.open.is_empty());

    hall.stage = Some(block_in_place(|| hall.hub.open_room(room(), "New title")).expect("the room is free again"));
    hall.finals(3..5);
    viewer.until(Offset(2)).await;
    viewer.reader.assert_holds(&hall.events());
    assert_eq!(hall.hub.rooms()[0].title, "New title");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_of_one_language_gets_a_mark_for_each_event_of_the_other() {
    let mut hall = Hall::open().await;
    hall.finals(1..5);
    let mut viewer = Viewer::come(hall.address, Reader::new(&[Lang::Russian])).await;
    hall.publish(CaptionEvent::Open(open_line(9, Lang::Kazakh, "ә", "")));
    hall.finals(5..9);
    let marked = hall.mark(Marker::Looped);
    viewer.until(marked).await;
    viewer.reader.assert_holds(&hall.events());
    let skips = viewer.reader.events.values().filter(|entry| matches!(entry, WireEntry::Skip)).count();
    assert_eq!((skips, viewer.reader.events.len()), (4, 9));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_saves_data_gets_finals_alone() {
    let mut hall = Hall::open().await;
    hall.publish(CaptionEvent::Open(open_line(1, Lang::Kazakh, "біз", "")));
    let mut viewer = Viewer::come(hall.address, Reader { tail: false, ..Reader::new(&Lang::ALL) }).await;
    hall.publish(CaptionEvent::Open(open_line(1, Lang::Kazakh, "біз бүгін", "")));
    hall.publish(CaptionEvent::Dropped(SegmentId(1)));
    hall.finals(2..3);
    assert!(matches!(viewer.next().await, ServerMessage::Event(_)), "the final is the first thing it hears");
    viewer.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_are_counted_and_each_gets_everything() {
    let mut hall = Hall::open().await;
    let mut first = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    let mut second = Viewer::come(hall.address, Reader::new(&[Lang::Kazakh])).await;
    hall.until("two viewers", |hub| hub.viewers(&room()) == 2).await;
    let summary = RoomSummary { room: room(), title: "Үлкен зал".into(), viewers: 2 };
    assert_eq!(hall.hub.rooms(), [summary]);
    hall.finals(1..21);
    for viewer in [&mut first, &mut second] {
        viewer.until(Offset(20)).await;
        viewer.reader.assert_holds(&hall.events());
    }
    drop(first);
    second.socket.close(None).await.expect("it closes");
    hall.until("nobody", |hub| hub.viewers(&room()) == 0).await;
    assert_eq!(hall.hub.viewers(&"nowhere".parse().expect("a room")), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_longer_than_a_frame_arrives_whole() {
    let mut hall = Hall::open().await;
    let mut viewer = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    // Two bytes a letter behind a head of odd length: some frame ends within a letter.
    for (segment, letters) in [(1, 1_000), (2, 100_000)] {
        let text = "ұ".repeat(letters);
        let offset = hall.publish(CaptionEvent::Final(final_line(segment, Lang::Kazakh, &text)));
        viewer.until(offset.expect("an offset")).await;
    }
    viewer.reader.assert_holds(&hall.events());
    let late = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    late.reader.assert_holds(&hall.events());
}

fn impatient() -> HubOptions {
    let (ping_every, silence_limit) = (Duration::from_millis(50), Duration::from_millis(1500));
    HubOptions { ping_every, silence_limit, ..HubOptions::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_answers_pings_stays() {
    let hall = Hall::with(impatient()).await;
    let mut viewer = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    for _ in 0..40 {
        assert_eq!(viewer.next().await, ServerMessage::Ping);
        viewer.say(r#"{"t":"pong"}"#).await;
    }
    // A pong of the WebSocket itself is a sign of life as well.
    for _ in 0..40 {
        assert_eq!(viewer.next().await, ServerMessage::Ping);
        viewer.socket.send(Message::Pong("".into())).await.expect("it is sent");
    }
    assert_eq!(hall.hub.counts().silent_closes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_answers_nothing_is_closed() {
    let hall = Hall::with(impatient()).await;
    let mut viewer = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    viewer.assert_closes(CloseCode::Silent).await;
    hall.until("one silent close", |hub| hub.counts().silent_closes == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_gives_what_is_left_and_closes_everyone() {
    let mut hall = Hall::open().await;
    let mut viewers = Vec::new();
    for _ in 0..5 {
        viewers.push(Viewer::come(hall.address, Reader::new(&Lang::ALL)).await);
    }
    let mut mute = Viewer::connect(hall.address, "demo", Reader::new(&Lang::ALL)).await;
    hall.finals(1..30);
    let hub = hall.hub.clone();
    let shutdown = tokio::spawn(async move { hub.shutdown().await });
    for mut viewer in viewers {
        viewer.assert_closes(CloseCode::Restart).await;
        viewer.reader.assert_holds(&hall.events());
    }
    mute.assert_closes(CloseCode::Restart).await;
    assert_eq!(shutdown.await.expect("it ends"), 0);

    let mut late = Viewer::connect(hall.address, "demo", Reader::new(&Lang::ALL)).await;
    late.assert_closes(CloseCode::Restart).await;
    drop(hall.stage.take());
    assert!(matches!(block_in_place(|| hall.hub.open_room(room(), "again")), Err(HubError::Stopped(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_waits_for_nobody_longer_than_its_limit() {
    let (close_within, shutdown_within) = (Duration::from_secs(20), Duration::from_millis(100));
    let hall = Hall::with(HubOptions { close_within, shutdown_within, ..HubOptions::default() }).await;
    let deaf = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    assert_eq!(hall.hub.shutdown().await, 1, "a viewer that answers no close frame is still there");
    drop(deaf);
    let all_gone = async { while hall.hub.shutdown().await != 0 {} };
    timeout(PATIENCE, all_gone).await.expect("it goes when its connection does");
}

/// A hall of ten thousand is to fit into 40 MB, and the future is the largest part of what a viewer takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_is_small() {
    let hall = Hall::open().await;
    let stream = TcpStream::connect(hall.address).await.expect("a connection");
    let viewer = serve_tcp_viewer(&hall.hub, "demo", stream, Vec::new());
    assert!(size_of_val(&viewer) <= 1600, "{} bytes", size_of_val(&viewer));
}
