use std::sync::Arc;
use std::sync::mpsc::Receiver;

use dostyq_caption::Captioner;
use dostyq_speech::{CaptionEvent, Marker, Transcript, Translation};

use super::{Arrival, CaptionSink};
use crate::authorship::Written;
use crate::interpreter::Interpreted;
use crate::status::RoomStatus;

/// Captioning of one room, on a thread of its own.
pub(super) struct Captions {
    captioner: Captioner,
    sink: Box<dyn CaptionSink>,
    status: Arc<RoomStatus>,
}

impl Captions {
    pub(super) fn new(sink: Box<dyn CaptionSink>, status: Arc<RoomStatus>) -> Captions {
        Captions { captioner: Captioner::new(), sink, status }
    }

    /// Ends when nobody is left who could send.
    pub(super) fn run(mut self, queue: &Receiver<Arrival>) {
        let mut ended = None;
        for arrival in queue {
            match arrival {
                Arrival::Written(written) => self.written(written),
                Arrival::Translated(Interpreted { translation, doubt, remembered }) => {
                    self.status.remembered(remembered);
                    if let Some(doubt) = doubt {
                        self.status.doubted(doubt);
                    }
                    self.translated(translation);
                }
                Arrival::NotTranslated(segment) => {
                    self.status.not_translated();
                    let events = self.captioner.give_up_translation(segment);
                    self.show(events);
                }
                Arrival::Marked(at, marker) => self.sink.mark(at, marker),
                Arrival::Anchored(at, unix_millis) => self.sink.anchor(at, unix_millis),
                Arrival::Ended(at) => ended = Some(at),
            }
        }
        // The last translations came after the end of the sound; the mark comes after them.
        if let Some(at) = ended {
            self.sink.mark(at, Marker::Ended);
        }
    }

    fn written(&mut self, written: Written) {
        match written {
            Written::Line { transcript, partner } => {
                let Transcript { segment, lang, is_final, author, .. } = transcript;
                let events = self.captioner.push_transcript(transcript);
                self.show(events);
                if let Some(text) = partner {
                    self.translated(Translation { segment, lang: lang.other(), text, is_final, author });
                }
            }
            Written::Withdrawn(segment) => {
                let events = self.captioner.withdraw(segment);
                self.show(events);
            }
            Written::OnAir { at, is_script } => self.sink.mark(at, Marker::Script { is_on_air: is_script }),
        }
    }

    fn translated(&mut self, translation: Translation) {
        let events = self.captioner.push_translation(translation);
        self.show(events);
    }

    fn show(&mut self, events: Vec<CaptionEvent>) {
        for event in events {
            self.sink.show(event);
        }
    }
}
