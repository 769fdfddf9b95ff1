use std::sync::Arc;

use dostyq_log::{EventLog, JetStreamLog, LogError, SpooledLog};
use dostyq_speech::{Entry, Offset, RoomId};
use tempfile::TempDir;

use crate::common::{self, line, offsets, room};
use crate::nats::Nats;
use crate::{connect, insist, until};

struct House {
    nats: Nats,
    log: SpooledLog,
    hall: RoomId,
    folder: TempDir,
}

impl House {
    /// A room with two events.
    fn open(limit: u64) -> House {
        let (nats, folder) = (Nats::start(), tempfile::tempdir().unwrap());
        let log = SpooledLog::with_limit(shared(&nats), folder.path().join("spool.db"), limit).unwrap();
        let house = House { nats, log, hall: room("hall"), folder };
        house.log.open(&house.hall).unwrap();
        house.say(1..=2);
        house
    }

    fn say(&self, numbers: std::ops::RangeInclusive<u64>) {
        for number in numbers {
            assert_eq!(self.log.append(&self.hall, &line(number)).unwrap().offset.0, number);
        }
    }

    /// What is in the stream, seen by another machine.
    fn shipped(&self) -> Vec<Entry> {
        let stream = insist(|| self.log.stream().read(&self.hall, Offset(0), 1000));
        stream.into_iter().map(|event| event.entry).collect()
    }

    fn nats_comes_back(&mut self) {
        self.nats.start_again();
        until("all is shipped", || self.log.waiting(&self.hall) == 0);
    }
}

fn shared(nats: &Nats) -> Arc<JetStreamLog> {
    Arc::new(connect(nats.url()))
}

fn lines(numbers: std::ops::RangeInclusive<u64>) -> Vec<Entry> {
    numbers.map(line).collect()
}

#[test]
fn a_spool_changes_nothing_while_nats_is_there() {
    let (nats, folder) = (Nats::start(), tempfile::tempdir().unwrap());
    common::keeps_what_was_appended(|| SpooledLog::open(shared(&nats), folder.path().join("spool.db")).unwrap());
}

#[test]
fn captions_go_on_while_nats_is_away_and_are_shipped_in_order() {
    let mut house = House::open(100);
    house.nats.kill();
    house.say(3..=12);
    // Who watches here sees them now, with the offsets that they will have.
    assert_eq!(house.log.open(&house.hall).unwrap().top, Offset(12));
    assert_eq!(offsets(&house.log.read(&house.hall, Offset(2), 4).unwrap()), [3, 4, 5, 6]);
    assert_eq!(house.log.waiting(&house.hall), 10);
    house.nats_comes_back();
    house.say(13..=14);
    assert_eq!(house.shipped(), lines(1..=14));
    assert_eq!(offsets(&house.log.read(&house.hall, Offset(0), 100).unwrap()), (1..=14).collect::<Vec<_>>());
}

#[test]
fn what_waits_survives_a_kill_of_this_machine() {
    let mut house = House::open(100);
    house.nats.kill();
    house.say(3..=5);
    let House { mut nats, log, hall, folder } = house;
    drop(log);
    nats.start_again();
    let log = SpooledLog::open(shared(&nats), folder.path().join("spool.db")).unwrap();
    insist(|| log.claim(&hall));
    assert_eq!(log.open(&hall).unwrap().top, Offset(5));
    assert_eq!(log.append(&hall, &line(6)).unwrap().offset, Offset(6));
    assert_eq!(log.stream().read(&hall, Offset(0), 9).unwrap().len(), 6);
}

#[test]
fn a_full_spool_refuses_and_loses_nothing() {
    let mut house = House::open(3);
    house.nats.kill();
    house.say(3..=5);
    let error = house.log.append(&house.hall, &line(6)).unwrap_err();
    assert!(matches!(error, LogError::SpoolFull { held: 3, .. }), "{error}");
    assert!(error.to_string().contains("spool.db"), "{error}");
    house.nats_comes_back();
    house.say(6..=7);
    assert_eq!(house.shipped(), lines(1..=7));
}

#[test]
fn what_waits_is_put_aside_when_another_machine_took_the_room() {
    let mut house = House::open(100);
    house.nats.kill();
    house.say(3..=4);
    // This machine goes as well, and the other one is back before it.
    let House { mut nats, log, hall, folder } = house;
    drop(log);
    nats.start_again();
    let usurper = connect(nats.url());
    insist(|| usurper.append(&hall, &line(30)));
    let log = SpooledLog::open(shared(&nats), folder.path().join("spool.db")).unwrap();
    insist(|| log.claim(&hall));
    assert_eq!(log.open(&hall).unwrap().top, Offset(3));
    assert_eq!(log.stranded(&hall).unwrap(), 2);
}

#[test]
fn a_machine_that_lost_its_room_while_nats_was_away_stops_writing() {
    let mut house = House::open(100);
    let usurper = connect(house.nats.url());
    usurper.open(&house.hall).unwrap();
    usurper.append(&house.hall, &line(30)).unwrap();
    let error = house.log.append(&house.hall, &line(3)).unwrap_err();
    assert!(matches!(error, LogError::Fenced(_)), "{error}");
    house.nats.kill();
    assert!(matches!(house.log.append(&house.hall, &line(3)), Err(LogError::Fenced(_))), "also while NATS is away");
    house.nats.start_again();
    assert_eq!(insist(|| house.log.open(&house.hall)).top, Offset(3), "it sees what its successor writes");
    house.log.claim(&house.hall).unwrap();
    assert_eq!(insist(|| house.log.open(&house.hall)).top, Offset(3));
    assert_eq!(house.log.append(&house.hall, &line(4)).unwrap().offset, Offset(4));
}
