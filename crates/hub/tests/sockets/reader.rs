//! A viewer as docs/protocol.md describes it: what it holds after each message. It panics on a gap or a double.

use std::collections::BTreeMap;

use dostyq_hub::wire::{Hello, PROTOCOL_VERSION, ServerMessage, Welcome, WireEntry, WireEvent, WireOpen};
use dostyq_speech::{Entry, Event, Lang, Offset};

#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) languages: Vec<Lang>,
    pub(crate) tail: bool,
    /// None before the first welcome.
    pub(crate) epoch: Option<String>,
    /// The last offset it has.
    pub(crate) offset: Offset,
    /// What it has of the log, without gaps.
    pub(crate) events: BTreeMap<u64, WireEntry>,
    pub(crate) open: BTreeMap<(u64, Lang), String>,
    /// Whether the last welcome let it keep what it had.
    pub(crate) is_recovered: bool,
}

impl Reader {
    pub(crate) fn new(languages: &[Lang]) -> Reader {
        Reader {
            languages: languages.to_vec(),
            tail: true,
            epoch: None,
            offset: Offset(0),
            events: BTreeMap::new(),
            open: BTreeMap::new(),
            is_recovered: false,
        }
    }

    pub(crate) fn hello(&self) -> Hello {
        Hello {
            version: PROTOCOL_VERSION,
            languages: self.languages.clone(),
            epoch: self.epoch.clone(),
            offset: self.epoch.is_some().then_some(self.offset),
            tail: self.tail,
        }
    }

    pub(crate) fn take(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::Welcome(welcome) => self.welcome(welcome),
            ServerMessage::Event(event) => self.append(event),
            ServerMessage::Open(line) => self.put(line),
            ServerMessage::Drop { segment } => self.open.retain(|(held, _), _| *held != segment.0),
            ServerMessage::Ping => {}
            ServerMessage::Unknown => panic!("the hub says something that its own wire does not know"),
        }
    }

    fn welcome(&mut self, welcome: Welcome) {
        if welcome.recovered {
            assert_eq!(self.epoch.as_ref(), Some(&welcome.epoch), "recovery keeps the epoch");
        } else {
            self.events.clear();
            let first = welcome.events.first().map_or(welcome.top.next(), |first| first.offset);
            self.offset = Offset(first.0 - 1);
        }
        self.is_recovered = welcome.recovered;
        self.epoch = Some(welcome.epoch);
        self.open.clear();
        welcome.events.into_iter().for_each(|event| self.append(event));
        welcome.open.into_iter().for_each(|line| self.put(line));
        assert_eq!(self.offset, welcome.top, "a welcome brings its viewer to the top");
    }

    fn append(&mut self, event: WireEvent) {
        assert_eq!(event.offset, self.offset.next(), "no gap and no double");
        self.offset = event.offset;
        if let WireEntry::Final(line) = &event.entry {
            assert!(self.languages.contains(&line.lang), "an event of a language that nobody asked for");
            self.open.remove(&(line.segment.0, line.lang));
        }
        self.events.insert(event.offset.0, event.entry);
    }

    fn put(&mut self, line: WireOpen) {
        assert!(self.tail && self.languages.contains(&line.lang), "an open line that nobody asked for");
        self.open.insert((line.segment.0, line.lang), line.committed + &line.tentative);
    }

    /// Panics unless what it holds is the log, from the first offset it holds up to the end, in its languages.
    pub(crate) fn assert_holds(&self, log: &[Event]) {
        let seen = |event: &Event| match &event.entry {
            Entry::Final(caption) if !self.languages.contains(&caption.lang) => WireEntry::Skip,
            _ => WireEvent::from(event).entry,
        };
        let first = self.events.keys().next().copied().unwrap_or(u64::MAX);
        let expect: BTreeMap<u64, WireEntry> =
            log.iter().filter(|event| event.offset.0 >= first).map(|event| (event.offset.0, seen(event))).collect();
        assert_eq!(self.events, expect);
        assert_eq!(self.offset, log.last().map_or(Offset(0), |last| last.offset), "it is at the end of the log");
    }
}
