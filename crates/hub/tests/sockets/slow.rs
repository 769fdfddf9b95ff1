use std::time::Duration;

use dostyq_hub::HubOptions;
use dostyq_hub::wire::{CloseCode, ServerMessage};
use dostyq_speech::{CaptionEvent, Lang, Offset};

use crate::hall::{Hall, PATIENCE, Viewer, final_line, open_line};
use crate::reader::Reader;

/// Text that fills the socket buffers of the hall in a few events.
const LONG: usize = 4 * 1024;

fn speak(hall: &mut Hall, segments: std::ops::Range<u64>) {
    for segment in segments {
        hall.publish(CaptionEvent::Final(final_line(segment, Lang::Kazakh, &"a".repeat(LONG))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_stops_reading_holds_up_nobody_and_catches_up_later() {
    // On a slow disk it is closed long before the last line is published and it reads again.
    let (write_within, close_within) = (Duration::from_millis(300), PATIENCE);
    let mut hall = Hall::with(HubOptions { write_within, close_within, ..HubOptions::default() }).await;
    let mut slow = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    let mut healthy = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    for segment in 1..101 {
        speak(&mut hall, segment..segment + 1);
        healthy.until(Offset(segment)).await;
    }
    hall.until("the slow one is closed", |hub| hub.counts().slow_closes == 1).await;
    slow.assert_closes(CloseCode::Slow).await;
    assert!(slow.reader.offset < Offset(100), "it was closed with finals to come");
    let slow = Viewer::come(hall.address, slow.reader).await;
    assert!(slow.reader.is_recovered);
    slow.reader.assert_holds(&hall.events());
    healthy.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_reads_again_but_is_too_far_behind_is_closed_at_once() {
    let mut hall = Hall::open().await;
    let mut late = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    speak(&mut hall, 1..201);
    late.assert_closes(CloseCode::Slow).await;
    assert!(late.reader.offset < Offset(200));
    let late = Viewer::come(hall.address, late.reader).await;
    assert!(late.reader.is_recovered);
    late.reader.assert_holds(&hall.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_lines_coalesce_while_a_viewer_does_not_read() {
    const CHANGES: usize = 300;
    let mut hall = Hall::open().await;
    let mut late = Viewer::come(hall.address, Reader::new(&Lang::ALL)).await;
    for change in 1..=CHANGES {
        let text = format!("{change} {}", "a".repeat(LONG));
        hall.publish(CaptionEvent::Open(open_line(1, Lang::Kazakh, &text, "")));
    }
    let mut received = 0;
    loop {
        let ServerMessage::Open(line) = late.next().await else { panic!("only open lines were published") };
        received += 1;
        if line.committed.starts_with(&format!("{CHANGES} ")) {
            break;
        }
    }
    assert!(received < CHANGES / 2, "{received} of {CHANGES} changes were sent");
    assert_eq!(hall.hub.counts().slow_closes, 0);
    hall.finals(1..2);
    late.until(Offset(1)).await;
    late.reader.assert_holds(&hall.events());
}
