use dostyq_hub::wire::CloseCode;
use dostyq_hub::{Hub, HubError, HubOptions};
use dostyq_log::{EventLog, LogError};
use dostyq_speech::{CaptionEvent, Lang, Offset};
use tokio::task::block_in_place;

use crate::hall::{Hall, Viewer, final_line, open_line, room};
use crate::reader::Reader;
use crate::scripted_log::Fault;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_final_that_the_log_refuses_is_shown_to_nobody_until_it_is_taken() {
    let mut hall = Hall::open().await;
    let mut viewer = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    hall.publish(CaptionEvent::Open(open_line(1, Lang::Kazakh, "біз", "")));
    viewer.next().await;
    let line = CaptionEvent::Final(final_line(1, Lang::Kazakh, "Біз."));
    hall.log.fail(Fault::Full);
    assert!(matches!(hall.try_publish(line.clone()), Err(HubError::Log(LogError::Full { .. }))));
    let other = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    assert_eq!((other.reader.offset, other.reader.open.len()), (Offset(0), 1), "the line is still open");
    assert_eq!(hall.publish(line), Some(Offset(1)));
    viewer.until(Offset(1)).await;
    viewer.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_final_that_was_written_after_all_is_shown_once() {
    let mut hall = Hall::open().await;
    let mut viewer = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    hall.log.fail(Fault::Unsure);
    hall.finals(1..4);
    viewer.until(Offset(3)).await;
    assert_eq!(hall.events().len(), 3);
    viewer.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_log_is_lost_viewers_start_afresh_in_the_new_epoch() {
    let mut hall = Hall::open().await;
    hall.finals(1..6);
    let mut viewer = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    hall.publish(CaptionEvent::Open(open_line(6, Lang::Kazakh, "біз", "")));
    hall.log.lose();
    block_in_place(|| hall.log.open(&room())).expect("an empty log");
    hall.finals(6..8);
    viewer.assert_closes(CloseCode::Slow).await;
    let viewer = Viewer::come(hall.address, viewer.reader).await;
    assert!(!viewer.reader.is_recovered);
    assert!(viewer.reader.open.is_empty(), "the line was finished in the new log");
    assert_eq!(hall.events().len(), 2);
    viewer.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_with_a_hole_is_not_shown() {
    let mut hall = Hall::open().await;
    hall.finals(1..6);
    for (offset, missing) in [(1, 1), (3, 3), (5, 5)] {
        hall.log.hide(Offset(offset));
        let hub = Hub::new(hall.log.clone(), HubOptions::default());
        let error = block_in_place(|| hub.open_room(room(), "")).err().expect("the room is not opened");
        assert!(matches!(error, HubError::BrokenLog { missing: Offset(found), .. } if found == missing), "{error}");
        assert!(hub.rooms().is_empty());
    }
}
