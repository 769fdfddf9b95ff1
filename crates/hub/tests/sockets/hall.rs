//! A hall on port 0, its stage, and the viewers that come to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dostyq_hub::wire::{ClientMessage, CloseCode, ServerMessage};
use dostyq_hub::{Hub, HubError, HubOptions, RoomPublisher, serve_tcp_viewer, serve_viewer, websocket_config};
use dostyq_log::EventLog;
use dostyq_speech::{
    Author, Caption, CaptionEvent, Event, Lang, Marker, Offset, OpenCaption, RoomId, SampleTime, SegmentId, TimeSpan,
    Word,
};
use futures_util::{SinkExt, StreamExt};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::block_in_place;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config, client_async};

use crate::reader::Reader;
use crate::scripted_log::ScriptedLog;

/// Long enough for a busy machine; nothing waits for it unless the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Socket buffers of a hall, so small that a viewer that does not read is soon noticed.
const SOCKET_BYTES: u32 = 8 * 1024;

pub(crate) fn room() -> RoomId {
    "demo".parse().expect("a room")
}

/// A hub with one room, served on a port of its own.
pub(crate) struct Hall {
    pub(crate) hub: Hub,
    /// None while another thread has it.
    pub(crate) stage: Option<RoomPublisher>,
    pub(crate) log: Arc<ScriptedLog>,
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Hall {
    pub(crate) async fn open() -> Hall {
        Hall::with(HubOptions::default()).await
    }

    pub(crate) async fn with(options: HubOptions) -> Hall {
        Hall::in_folder(tempfile::tempdir().expect("a folder"), options).await
    }

    async fn in_folder(folder: TempDir, options: HubOptions) -> Hall {
        let log = Arc::new(ScriptedLog::new(folder.path().join("log.db")));
        let hub = Hub::new(log.clone(), options);
        let stage = Some(block_in_place(|| hub.open_room(room(), "Үлкен зал")).expect("a room"));
        let address = serve_on_a_port(&hub);
        Hall { hub, stage, log, address, folder }
    }

    /// As after a crash: the room, its viewers and its port are gone, the log is read anew.
    pub(crate) async fn restart(self) -> Hall {
        let Hall { hub, stage, log, folder, .. } = self;
        assert_eq!(hub.shutdown().await, 0, "no connection outlives the hub");
        drop((hub, stage, log));
        Hall::in_folder(folder, HubOptions::default()).await
    }

    pub(crate) fn publish(&mut self, event: CaptionEvent) -> Option<Offset> {
        self.try_publish(event).expect("it is published")
    }

    pub(crate) fn try_publish(&mut self, event: CaptionEvent) -> Result<Option<Offset>, HubError> {
        block_in_place(|| self.stage().publish(event))
    }

    pub(crate) fn mark(&mut self, marker: Marker) -> Offset {
        block_in_place(|| self.stage().mark(SampleTime::ZERO, marker)).expect("it is published")
    }

    fn stage(&mut self) -> &mut RoomPublisher {
        self.stage.as_mut().expect("the stage is in the hall")
    }

    /// Publishes finals of one word, in turn in both languages.
    pub(crate) fn finals(&mut self, segments: std::ops::Range<u64>) {
        for segment in segments {
            let lang = Lang::ALL[segment as usize % 2];
            self.publish(CaptionEvent::Final(final_line(segment, lang, &format!("сөз{segment}"))));
        }
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        block_in_place(|| self.log.read(&room(), Offset(0), usize::MAX >> 1)).expect("the log is read")
    }

    /// Waits until the hub counts what it is expected to: counts follow what a viewer sees by a moment.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Hub) -> bool) {
        let polling = async {
            while !is_so(&self.hub) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, polling).await.unwrap_or_else(|_| panic!("{what}: {:?}", self.hub.counts()));
    }
}

/// Lets viewers come to a hub.
pub(crate) fn serve_on_a_port(hub: &Hub) -> SocketAddr {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_send_buffer_size(SOCKET_BYTES).expect("a small buffer");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let listener = socket.listen(64).expect("it listens");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(accept(listener, hub.clone()));
    address
}

async fn accept(listener: TcpListener, hub: Hub) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, hub.clone()));
    }
}

async fn serve(stream: TcpStream, hub: Hub) {
    let mut room = String::new();
    #[allow(clippy::result_large_err, reason = "the callback's type is tungstenite's")]
    let note_room = |request: &Request, response: Response| {
        room = request.uri().path().split('/').nth(4).unwrap_or_default().to_owned();
        Ok(response)
    };
    if let Ok(socket) = accept_hdr_async_with_config(stream, note_room, Some(websocket_config())).await {
        if crate::BY_TASK {
            serve_viewer(&hub, &room, socket).await;
        } else {
            serve_tcp_viewer(&hub, &room, socket.into_inner(), Vec::new()).await;
        }
    }
}

pub(crate) fn final_line(segment: u64, lang: Lang, text: &str) -> Caption {
    let span = TimeSpan::new(SampleTime::from_millis(segment * 1000), SampleTime::from_millis(segment * 1000 + 900));
    Caption {
        segment: SegmentId(segment),
        revision: 0,
        lang,
        spoken: Lang::Kazakh,
        lang_confidence: 0.97,
        span,
        text: text.into(),
        words: vec![Word { text: text.into(), span, confidence: 0.5 }],
        author: Author::Machine,
    }
}

pub(crate) fn open_line(segment: u64, lang: Lang, committed: &str, tentative: &str) -> OpenCaption {
    OpenCaption {
        segment: SegmentId(segment),
        lang,
        spoken: Lang::Kazakh,
        span: TimeSpan::default(),
        committed: committed.into(),
        tentative: tentative.into(),
    }
}

/// A connection and what came over it.
pub(crate) struct Viewer {
    pub(crate) socket: WebSocketStream<TcpStream>,
    pub(crate) reader: Reader,
}

impl Viewer {
    /// Connects and says nothing.
    pub(crate) async fn connect(address: SocketAddr, room: &str, reader: Reader) -> Viewer {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(SOCKET_BYTES).expect("a small buffer");
        let stream = socket.connect(address).await.expect("it connects");
        let address = format!("ws://{address}/api/v1/rooms/{room}/ws");
        let (socket, _) = client_async(address, stream).await.expect("a handshake");
        Viewer { socket, reader }
    }

    /// Connects, says hello with what the reader has, and takes the welcome.
    pub(crate) async fn come(address: SocketAddr, reader: Reader) -> Viewer {
        let mut viewer = Viewer::connect(address, "demo", reader).await;
        let hello = ClientMessage::Hello(viewer.reader.hello());
        viewer.say(&serde_json::to_string(&hello).expect("a hello")).await;
        assert!(matches!(viewer.next().await, ServerMessage::Welcome(_)), "the first answer is the welcome");
        viewer
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("it is sent");
    }

    /// The next message, taken in and returned.
    pub(crate) async fn next(&mut self) -> ServerMessage {
        let message = match self.read().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str::<ServerMessage>(&text).expect("a message"),
            other => panic!("expected a message, not {other:?}"),
        };
        self.reader.take(message.clone());
        message
    }

    /// Reads until the reader holds this event.
    pub(crate) async fn until(&mut self, offset: Offset) {
        while self.reader.offset < offset {
            self.next().await;
        }
    }

    /// Reads until the hub closes, and says with what code.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.read().await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(Message::Text(text))) => self.reader.take(serde_json::from_str(&text).expect("a message")),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) async fn assert_closes(&mut self, code: CloseCode) {
        assert_eq!(self.close_code().await, Some(code.number()), "{code:?}");
    }

    /// Whether it is welcomed, and not sent away.
    pub(crate) async fn is_welcomed(&mut self) -> bool {
        matches!(self.read().await, Some(Ok(Message::Text(_))))
    }

    async fn read(&mut self) -> Option<Result<Message, Error>> {
        timeout(PATIENCE, self.socket.next()).await.expect("the hub says something")
    }
}
