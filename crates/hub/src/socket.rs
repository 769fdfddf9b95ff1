//! Messages over one WebSocket, each with a time limit. Nothing here knows a room.
//!
//! Tungstenite reads, answers pings and closes; what the hub says goes past it. Every viewer of a room gets the same
//! bytes, since a server's frames are not masked: so a frame is built once and each socket is handed that one, where
//! tungstenite would copy it into a buffer of the connection, which then keeps the size of the longest frame.

use std::io::{self, IoSlice};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::encode::Encoded;
use crate::frame::{Part, head};
use crate::limits::{DRAIN_BYTES, FRAGMENT_BYTES};
use crate::wire::CloseCode;

/// Frames that are handed to the system in one call.
const FRAMES_A_CALL: usize = 16;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The peer closed it, or it broke.
    Gone,
    /// The hub closes it.
    Close(CloseCode),
    /// The peer sent what is no WebSocket message, or one that is too long; the rest of it is still to come.
    Unreadable,
}

/// What a peer sent.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Text(Utf8Bytes),
    /// A ping or pong of the WebSocket itself, which is answered below us: a sign of life.
    Beat,
}

/// A viewer's WebSocket.
#[derive(Debug)]
pub(crate) struct Connection<S> {
    socket: WebSocketStream<S>,
    /// What the socket has not yet taken of a frame that it has begun: nothing else may be written before it.
    rest: Bytes,
    /// Tungstenite has a pong to send, which may have been begun.
    owes_pong: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn new(socket: WebSocketStream<S>) -> Connection<S> {
        Connection { socket, rest: Bytes::new(), owes_pong: false }
    }

    /// The next message. A call that is dropped loses none.
    pub(crate) async fn hear(&mut self) -> Result<Heard, Ending> {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => Ok(Heard::Text(text)),
            Some(Ok(Message::Ping(_))) => {
                self.owes_pong = true;
                Ok(Heard::Beat)
            }
            Some(Ok(Message::Pong(_) | Message::Frame(_))) => Ok(Heard::Beat),
            Some(Ok(Message::Binary(_))) => Err(Ending::Close(CloseCode::BadMessage)),
            Some(Ok(Message::Close(_))) | None => Err(Ending::Gone),
            Some(Err(Error::Capacity(_) | Error::Utf8(_))) => Err(Ending::Unreadable),
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => Err(Ending::Gone),
            Some(Err(Error::Protocol(_))) => Err(Ending::Unreadable),
            Some(Err(_)) => Err(Ending::Gone),
        }
    }

    /// Writes whole messages, all of them within `limit`. Boxed, so that a viewer to whom nothing is written, or by others,
    /// does not carry the memory for it.
    pub(crate) async fn send(&mut self, messages: &[Encoded], limit: Duration) -> Result<(), Ending> {
        written(Box::pin(timeout(limit, self.write(messages))).await)
    }

    /// The rest of a frame that somebody else began to write on this socket: it goes before everything else.
    pub(crate) fn go_on(&mut self, rest: Bytes) {
        self.rest = rest;
    }

    /// Whether an answer to the peer's ping waits for its turn.
    pub(crate) fn owes_pong(&self) -> bool {
        self.owes_pong
    }

    /// Answers the peer's ping.
    pub(crate) async fn answer_ping(&mut self, limit: Duration) -> Result<(), Ending> {
        if !self.owes_pong {
            return Ok(());
        }
        written(Box::pin(timeout(limit, self.pay_pong())).await)
    }

    /// Writes one message that is given in pieces, each fragment of it within `limit`: no more than one is in memory,
    /// however long the message.
    pub(crate) async fn send_pieces(
        &mut self,
        pieces: impl Iterator<Item = &[u8]>,
        limit: Duration,
    ) -> Result<(), Ending> {
        let mut fragment = Vec::with_capacity(FRAGMENT_BYTES);
        let mut is_first = true;
        for mut piece in pieces {
            while fragment.len() + piece.len() > FRAGMENT_BYTES {
                let (fitting, more) = piece.split_at(FRAGMENT_BYTES - fragment.len());
                fragment.extend_from_slice(fitting);
                piece = more;
                let part = if is_first { Part::First } else { Part::Middle };
                self.send_fragment(part, &fragment, limit).await?;
                fragment.clear();
                is_first = false;
            }
            fragment.extend_from_slice(piece);
        }
        let part = if is_first { Part::Whole } else { Part::Last };
        self.send_fragment(part, &fragment, limit).await
    }

    /// A fragment may begin or end within a letter, which RFC 6455 allows (5.6).
    async fn send_fragment(&mut self, part: Part, payload: &[u8], limit: Duration) -> Result<(), Ending> {
        let frame = Bytes::from([&head(part, payload.len()), payload].concat());
        written(timeout(limit, self.write_frame(frame)).await)
    }

    async fn write(&mut self, messages: &[Encoded]) -> io::Result<()> {
        if let [message] = messages {
            return self.write_frame(message.frame().clone()).await;
        }
        self.write_rest().await?;
        self.pay_pong().await?;
        let mut messages = messages;
        while !messages.is_empty() {
            let mut slices = [IoSlice::new(&[]); FRAMES_A_CALL];
            let count = messages.len().min(FRAMES_A_CALL);
            for (slice, message) in slices.iter_mut().zip(messages) {
                *slice = IoSlice::new(message.frame());
            }
            let mut taken = self.socket.get_mut().write_vectored(&slices[..count]).await?;
            if taken == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            while let [message, others @ ..] = messages
                && taken > 0
            {
                messages = others;
                if taken < message.frame().len() {
                    self.write_frame(message.frame().slice(taken..)).await?;
                }
                taken = taken.saturating_sub(message.frame().len());
            }
        }
        self.socket.get_mut().flush().await
    }

    async fn write_frame(&mut self, frame: Bytes) -> io::Result<()> {
        self.write_rest().await?;
        self.pay_pong().await?;
        // If this is given up half-way, what is left of the frame stays behind.
        self.rest = frame;
        self.write_rest().await
    }

    async fn write_rest(&mut self) -> io::Result<()> {
        self.socket.get_mut().write_all_buf(&mut self.rest).await?;
        self.rest = Bytes::new();
        // A plain socket has nothing to flush; an encrypted one may have taken more than it has sent.
        self.socket.get_mut().flush().await
    }

    async fn pay_pong(&mut self) -> io::Result<()> {
        if self.owes_pong {
            self.socket.flush().await.map_err(io::Error::other)?;
            self.owes_pong = false;
        }
        Ok(())
    }

    /// Ends a connection, so that the peer learns why if it can be told within `limit`.
    pub(crate) async fn finish(mut self, ending: Ending, limit: Duration) {
        let code = match ending {
            Ending::Gone => None,
            Ending::Close(code) => Some(code),
            Ending::Unreadable => Some(CloseCode::BadMessage),
        };
        let farewell = async {
            if let Some(code) = code {
                if self.write_rest().await.is_err() || self.pay_pong().await.is_err() {
                    return;
                }
                let frame = CloseFrame { code: code.number().into(), reason: Utf8Bytes::from_static(code.reason()) };
                if self.socket.close(Some(frame)).await.is_err() {
                    return;
                }
            }
            // This also sends the answer to the peer's own close frame.
            while let Some(Ok(_)) = self.socket.next().await {}
            if ending == Ending::Unreadable {
                // A socket that is closed with unread bytes resets the connection, and the peer never learns the code.
                let stream = self.socket.get_mut();
                let _ = stream.shutdown().await;
                let _ = tokio::io::copy(&mut stream.take(DRAIN_BYTES), &mut tokio::io::sink()).await;
            }
        };
        let _ = timeout(limit, farewell).await;
    }
}

fn written<E>(outcome: Result<io::Result<()>, E>) -> Result<(), Ending> {
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Ending::Gone),
        Err(_elapsed) => Err(Ending::Close(CloseCode::Slow)),
    }
}
