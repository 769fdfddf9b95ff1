//! Messages over one WebSocket, each with a time limit. Nothing here knows a room.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::encode::Encoded;
use crate::limits::{DRAIN_BYTES, FRAGMENT_BYTES};
use crate::wire::CloseCode;

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

/// The next message. A call that is dropped loses none.
pub(crate) async fn hear<S>(socket: &mut WebSocketStream<S>) -> Result<Heard, Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match socket.next().await {
        Some(Ok(Message::Text(text))) => Ok(Heard::Text(text)),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(Heard::Beat),
        Some(Ok(Message::Binary(_))) => Err(Ending::Close(CloseCode::BadMessage)),
        Some(Ok(Message::Close(_))) | None => Err(Ending::Gone),
        Some(Err(Error::Capacity(_) | Error::Utf8(_))) => Err(Ending::Unreadable),
        Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => Err(Ending::Gone),
        Some(Err(Error::Protocol(_))) => Err(Ending::Unreadable),
        Some(Err(_)) => Err(Ending::Gone),
    }
}

/// Writes whole messages, all of them within `limit`.
pub(crate) async fn send<S>(
    socket: &mut WebSocketStream<S>,
    messages: Vec<Encoded>,
    limit: Duration,
) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let writing = async {
        for message in messages {
            let mut rest = Bytes::from(message.text().clone());
            let mut is_first = true;
            while rest.len() > FRAGMENT_BYTES {
                feed(socket, rest.split_to(FRAGMENT_BYTES), is_first, false).await?;
                is_first = false;
            }
            feed(socket, rest, is_first, true).await?;
        }
        socket.flush().await
    };
    written(timeout(limit, writing).await)
}

/// Writes one message that is given in pieces, each fragment of it within `limit`: no more than one is in memory,
/// however long the message.
pub(crate) async fn send_pieces<S>(
    socket: &mut WebSocketStream<S>,
    pieces: impl Iterator<Item = &str>,
    limit: Duration,
) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut rest = BytesMut::new();
    let mut is_first = true;
    for piece in pieces {
        rest.extend_from_slice(piece.as_bytes());
        while rest.len() > FRAGMENT_BYTES {
            let fragment = rest.split_to(FRAGMENT_BYTES).freeze();
            written(timeout(limit, feed(socket, fragment, is_first, false)).await)?;
            is_first = false;
        }
    }
    let writing = async {
        feed(socket, rest.freeze(), is_first, true).await?;
        socket.flush().await
    };
    written(timeout(limit, writing).await)
}

/// Writes one frame of a text message. It may begin or end within a letter, which RFC 6455 allows (5.6).
async fn feed<S>(socket: &mut WebSocketStream<S>, payload: Bytes, is_first: bool, is_last: bool) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let opcode = OpCode::Data(if is_first { Data::Text } else { Data::Continue });
    socket.feed(Message::Frame(Frame::message(payload, opcode, is_last))).await
}

fn written<E>(outcome: Result<Result<(), Error>, E>) -> Result<(), Ending> {
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Ending::Gone),
        Err(_elapsed) => Err(Ending::Close(CloseCode::Slow)),
    }
}

/// Ends a connection, so that the peer learns why if it can be told within `limit`.
pub(crate) async fn finish<S>(socket: &mut WebSocketStream<S>, ending: Ending, limit: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let code = match ending {
        Ending::Gone => None,
        Ending::Close(code) => Some(code),
        Ending::Unreadable => Some(CloseCode::BadMessage),
    };
    let farewell = async {
        if let Some(code) = code {
            let frame = CloseFrame { code: code.number().into(), reason: Utf8Bytes::from_static(code.reason()) };
            if socket.close(Some(frame)).await.is_err() {
                return;
            }
        }
        // This also sends the answer to the peer's own close frame.
        while let Some(Ok(_)) = socket.next().await {}
        if ending == Ending::Unreadable {
            // A socket that is closed with unread bytes resets the connection, and the peer never learns the code.
            let stream = socket.get_mut();
            let _ = stream.shutdown().await;
            let _ = tokio::io::copy(&mut stream.take(DRAIN_BYTES), &mut tokio::io::sink()).await;
        }
    };
    let _ = timeout(limit, farewell).await;
}
