//! One viewer: it comes, says hello, reads, answers pings, and comes back when its connection ends.

use std::cell::{RefCell, RefMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use dostyq_hub::wire::{ClientMessage, Hello, PROTOCOL_VERSION};
use dostyq_speech::{Lang, Offset};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::audience::Hall;
use super::captions::{Seen, see};
use super::tally::Held;
use super::tls::Line;

/// Connections from one address: fewer than the system has ports to give (28,000 as it comes).
const CONNECTIONS_PER_ADDRESS: u32 = 20_000;
/// What the kernel keeps for a viewer that does not read: little, or it would never be seen to be slow.
const SLOW_RECEIVE_BYTES: u32 = 4096;
/// A welcome holds at most 200 lines.
const LONGEST_MESSAGE: usize = 16 * 1024 * 1024;
/// How long a viewer waits before it comes back after an ending that nobody asked for.
const RETRY: Duration = Duration::from_millis(250);

/// The part of a welcome that counts.
#[derive(Deserialize)]
struct Welcome {
    e: String,
    o: u64,
    rec: bool,
    ev: Vec<IgnoredAny>,
}

pub(super) struct Viewer {
    hall: Rc<Hall>,
    number: u32,
    /// What each viewer has; the leader reads it at the end.
    held: Rc<[RefCell<Held>]>,
    /// The number of storms so far.
    storms: watch::Receiver<u32>,
    has_stayed: bool,
    /// A storm broke its connection, and it is not back yet.
    is_away: bool,
}

impl Viewer {
    pub(super) fn new(hall: Rc<Hall>, held: Rc<[RefCell<Held>]>, number: u32) -> Viewer {
        let storms = hall.storms.subscribe();
        Viewer { hall, number, held, storms, has_stayed: true, is_away: false }
    }

    fn held(&self) -> RefMut<'_, Held> {
        self.held[self.number as usize].borrow_mut()
    }

    /// Watches until the process ends; a viewer that could not come at all is counted and gone.
    pub(super) async fn watch(mut self) {
        let mut is_first = true;
        loop {
            match self.visit(is_first).await {
                Ok(()) => (self.has_stayed, self.is_away) = (false, true),
                Err(error) => {
                    self.hall.tally().end(format!("{error:#}"));
                    if is_first && self.held().epoch.is_empty() {
                        self.hall.failed.set(self.hall.failed.get() + 1);
                        return;
                    }
                    tokio::time::sleep(RETRY).await;
                }
            }
            if self.hall.is_plain {
                return;
            }
            is_first = false;
        }
    }

    /// From connecting to the end of the connection: `Ok` when a storm broke it.
    async fn visit(&mut self, is_first: bool) -> anyhow::Result<()> {
        // As people come through a door. A storm has no door.
        let place = if is_first { Some(Arc::clone(&self.hall.door).acquire_owned().await?) } else { None };
        let mut socket = self.connect().await?;
        if !self.hall.is_plain {
            self.greet(&mut socket).await?;
        }
        drop(place);
        if is_first {
            self.hall.present.set(self.hall.present.get() + 1);
        } else if std::mem::take(&mut self.is_away) {
            self.hall.tally().is_back();
        }
        if self.number < self.hall.slow {
            std::future::pending::<()>().await;
        }
        loop {
            let message = tokio::select! {
                message = socket.next() => message,
                Ok(()) = self.storms.changed() => {
                    if self.is_in_storm() {
                        return Ok(());
                    }
                    continue;
                }
            };
            match message {
                Some(Ok(Message::Text(text))) => match see(&text) {
                    Seen::Ping => socket.send(Message::text(r#"{"t":"pong"}"#)).await?,
                    seen => self.hall.tally().see(seen, &mut self.held(), self.has_stayed),
                },
                Some(Ok(Message::Close(Some(frame)))) => bail!("closed with {}", u16::from(frame.code)),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => bail!("the connection ended"),
            }
        }
    }

    fn is_in_storm(&self) -> bool {
        let first = self.hall.slow;
        (first..first + self.hall.in_storm.get()).contains(&self.number)
    }

    async fn connect(&self) -> anyhow::Result<WebSocketStream<Line>> {
        let socket = TcpSocket::new_v4().context("no socket can be had")?;
        if self.number < self.hall.slow {
            socket.set_recv_buffer_size(SLOW_RECEIVE_BYTES)?;
        }
        // Every address of 127.0.0.0/8 is this machine.
        let own = Ipv4Addr::from(u32::from(Ipv4Addr::LOCALHOST) + 1 + self.number / CONNECTIONS_PER_ADDRESS);
        socket.bind(SocketAddr::new(IpAddr::V4(own), 0)).context("no port is free")?;
        let stream = socket.connect(self.hall.address).await.context("no connection")?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(2048)
            .max_message_size(Some(LONGEST_MESSAGE))
            .max_frame_size(Some(LONGEST_MESSAGE));
        let url = format!("ws://{}{}", self.hall.address, self.hall.path);
        let stream = Line::over(stream, self.hall.tls.as_ref()).await?;
        let (socket, _) = client_async_with_config(url, stream, Some(config)).await.context("no handshake")?;
        Ok(socket)
    }

    /// Hello and welcome.
    async fn greet(&mut self, socket: &mut WebSocketStream<Line>) -> anyhow::Result<()> {
        let languages = match self.number % 4 {
            0 | 1 => Lang::ALL.to_vec(),
            2 => vec![Lang::Kazakh],
            _ => vec![Lang::Russian],
        };
        let had = self.held().offset;
        let epoch = had.map(|_| self.held().epoch.clone());
        let hello = Hello { version: PROTOCOL_VERSION, languages, epoch, offset: had.map(Offset), tail: true };
        socket.send(Message::text(serde_json::to_string(&ClientMessage::Hello(hello))?)).await?;
        let text = loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => break text,
                Some(Ok(Message::Close(Some(frame)))) => bail!("closed with {}", u16::from(frame.code)),
                Some(Ok(Message::Close(None))) | None => bail!("no welcome"),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            }
        };
        let welcome: Welcome = serde_json::from_str(&text).map_err(|error| anyhow!("no welcome: {error}"))?;
        if let Some(had) = had {
            let missed = welcome.o.saturating_sub(had);
            let brought = if welcome.rec { welcome.ev.len() as u64 } else { missed.min(welcome.ev.len() as u64) };
            self.hall.tally().recover(brought, missed);
        }
        *self.held() = Held { epoch: welcome.e, offset: Some(welcome.o) };
        Ok(())
    }
}
