//! A room whose log is written by another machine.

use std::net::SocketAddr;

use dostyq_hub::wire::{CloseCode, ServerMessage};
use dostyq_hub::{Hub, HubError, HubOptions, RoomFollower};
use dostyq_log::EventLog;
use dostyq_speech::{CaptionEvent, Entry, Lang, Offset, SegmentId};
use tokio::task::block_in_place;
use tokio::time::timeout;

use crate::hall::{Hall, PATIENCE, Viewer, final_line, open_line, room, serve_on_a_port};
use crate::reader::Reader;

/// Another machine, which sees the same log and is told of open lines.
struct Edge {
    hub: Hub,
    follower: RoomFollower,
    address: SocketAddr,
}

impl Edge {
    fn of(hall: &Hall) -> Edge {
        let hub = Hub::new(hall.log.clone(), HubOptions::default());
        let follower = block_in_place(|| hub.follow_room(room(), "Үлкен зал")).expect("it is followed");
        let address = serve_on_a_port(&hub);
        Edge { hub, follower, address }
    }

    /// Every event of the log that it lacks comes.
    fn hear_the_log(&mut self, hall: &Hall) {
        let (_, shown) = self.follower.shown();
        for event in hall.events().iter().filter(|event| event.offset > shown) {
            assert!(self.follower.take(event), "events come in order");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_of_an_edge_see_what_is_written_elsewhere() {
    let mut hall = Hall::open().await;
    hall.finals(1..4);
    let mut edge = Edge::of(&hall);
    let mut lines = hall.hub.watch_open_lines(&room()).expect("the room is there");
    let mut viewer = Viewer::come(edge.address, Reader::new(&Lang::ALL)).await;
    assert_eq!(viewer.reader.offset, Offset(3));

    hall.publish(CaptionEvent::Open(open_line(4, Lang::Kazakh, "біз", "")));
    assert!(timeout(PATIENCE, lines.changed()).await.expect("it changed"));
    let told = lines.now();
    edge.follower.hold(told.clone());
    assert!(matches!(viewer.next().await, ServerMessage::Open(line) if line.committed == "біз"));

    // The final overtakes a message about the line that it finishes: the line stays finished.
    hall.publish(CaptionEvent::Final(final_line(4, Lang::Kazakh, "Біз.")));
    edge.hear_the_log(&hall);
    viewer.until(Offset(4)).await;
    edge.follower.hold(told);
    hall.finals(5..6);
    edge.hear_the_log(&hall);
    viewer.until(Offset(5)).await;
    assert!(viewer.reader.open.is_empty());
    viewer.reader.assert_holds(&hall.events());

    // One event twice is one event; one too far is none.
    let events = hall.events();
    assert!(edge.follower.take(&events[4]));
    hall.finals(6..8);
    assert!(!edge.follower.take(&hall.events()[6]));
    block_in_place(|| edge.follower.catch_up()).expect("the log is read");
    viewer.until(Offset(7)).await;
    viewer.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_about_open_lines_that_is_lost_is_made_good_by_the_next() {
    let mut hall = Hall::open().await;
    let mut edge = Edge::of(&hall);
    let mut lines = hall.hub.watch_open_lines(&room()).expect("the room is there");
    let mut viewer = Viewer::come(edge.address, Reader::new(&Lang::ALL)).await;
    for segment in 1..3 {
        hall.publish(CaptionEvent::Open(open_line(segment, Lang::Kazakh, "біз", "")));
    }
    edge.follower.hold(lines.now());
    viewer.next().await;
    viewer.next().await;
    hall.publish(CaptionEvent::Dropped(SegmentId(1)));
    edge.follower.hold(lines.now());
    assert!(matches!(viewer.next().await, ServerMessage::Drop { segment: SegmentId(1) }));
    edge.follower.hush();
    assert!(matches!(viewer.next().await, ServerMessage::Drop { segment: SegmentId(2) }));
    edge.follower.hold(lines.now());
    assert!(matches!(viewer.next().await, ServerMessage::Open(line) if line.segment == SegmentId(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_stands_by_takes_over_and_its_viewers_stay() {
    let mut hall = Hall::open().await;
    hall.finals(1..3);
    let edge = Edge::of(&hall);
    let mut viewer = Viewer::come(edge.address, Reader::new(&Lang::ALL)).await;
    assert!(matches!(block_in_place(|| edge.hub.open_room(room(), "")), Err(HubError::RoomTaken(_))));
    // What was written while it changed from one to the other is there as well.
    drop(edge.follower);
    hall.finals(3..5);
    let mut publisher = block_in_place(|| edge.hub.open_room(room(), "Үлкен зал")).expect("the room is free");
    let line = final_line(5, Lang::Kazakh, "Бес.");
    block_in_place(|| publisher.publish(CaptionEvent::Final(line))).expect("it is published");
    viewer.until(Offset(5)).await;
    viewer.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_replaced_elsewhere_sends_viewers_to_a_new_welcome() {
    let mut hall = Hall::open().await;
    hall.finals(1..6);
    let mut edge = Edge::of(&hall);
    let mut viewer = Viewer::come(edge.address, Reader::new(&Lang::ALL)).await;
    hall.log.lose();
    block_in_place(|| hall.log.open(&room())).expect("an empty log");
    hall.finals(6..8);
    block_in_place(|| edge.follower.catch_up()).expect("the log is read");
    viewer.assert_closes(CloseCode::Slow).await;
    let viewer = Viewer::come(edge.address, viewer.reader).await;
    viewer.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_that_is_shut_turns_away_for_now_and_nobody_who_is_in() {
    let mut hall = Hall::open().await;
    let mut inside = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    hall.hub.shut_door();
    for room in ["demo", "nowhere"] {
        let mut outside = Viewer::connect(hall.address, room, Reader::new(&Lang::ALL)).await;
        outside.assert_closes(CloseCode::Busy).await;
    }
    hall.finals(1..2);
    inside.until(Offset(1)).await;
    hall.hub.open_door();
    Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_shown_what_the_log_does_not_hold_starts_afresh() {
    let mut hall = Hall::open().await;
    hall.finals(1..4);
    let early = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await.reader;
    hall.log.remember();
    // Cut off, it shows three lines; another machine, which has the room by then, writes five.
    hall.finals(4..7);
    let mut viewer = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    hall.log.go_back();
    drop(hall.stage.take());
    for segment in 20..25 {
        let entry = Entry::Final(final_line(segment, Lang::Kazakh, "басқа"));
        block_in_place(|| hall.log.append(&room(), &entry)).expect("the log takes it");
    }
    let _follower = block_in_place(|| hall.hub.follow_room(room(), "Үлкен зал")).expect("it is followed");
    viewer.assert_closes(CloseCode::Slow).await;
    let viewer = Viewer::come(hall.address, viewer.reader).await;
    assert!(!viewer.reader.is_recovered);
    viewer.reader.assert_holds(&hall.events());
    let early = Viewer::come(hall.address, early).await;
    assert!(early.reader.is_recovered, "what it had is in the log");
    early.reader.assert_holds(&hall.events());
}
