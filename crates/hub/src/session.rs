//! One viewer, from its hello to its end.

use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::slice;
use std::sync::Arc;

use dostyq_speech::RoomId;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;

use crate::counters::Counters;
use crate::encode::Encoded;
use crate::hub::{Hub, Room};
use crate::liveness::{Liveness, Sign};
use crate::room::{Cursor, Due, RoomState};
use crate::socket::{Connection, Ending, Heard};
use crate::wire::{ClientMessage, CloseCode, Hello};

/// Serves one viewer over a WebSocket whose handshake is done, until it goes or is sent away. `room` is the name as it
/// stands in the address; one that names no room is answered with 4502, because a browser can read the code of a
/// WebSocket but not the status of a handshake that was refused.
///
/// Set the socket up with [`websocket_config`](crate::websocket_config). Whatever the peer sends, the worst it brings
/// about is its own end.
pub async fn serve_viewer<S>(hub: &Hub, room: &str, socket: WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Connection::new(socket);
    let place = hub.place();
    let mut is_welcomed = false;
    let ending = match (&place, room.parse::<RoomId>().ok().and_then(|id| hub.find(&id))) {
        (Err(code), _) => Ending::Close(*code),
        (Ok(_), None) => Ending::Close(CloseCode::UnknownRoom),
        (Ok(_), Some(room)) => Session::new(hub, room).run(&mut connection, &mut is_welcomed).await,
    };
    count(hub.counters(), ending, is_welcomed);
    tracing::debug!(room, ?ending, "a viewer's connection ends");
    // Boxed, so that an idle viewer does not carry the memory that only its end needs.
    Box::pin(connection.finish(ending, hub.options().close_within)).await;
}

/// Closes a WebSocket whose handshake is done and who has no right to a room, so that a browser learns why.
pub async fn refuse_viewer<S>(hub: &Hub, code: CloseCode, socket: WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let place = hub.place();
    let ending = Ending::Close(place.as_ref().err().copied().unwrap_or(code));
    count(hub.counters(), ending, false);
    Connection::new(socket).finish(ending, hub.options().close_within).await;
}

fn count(counters: &Counters, ending: Ending, is_welcomed: bool) {
    match ending {
        Ending::Gone | Ending::Close(CloseCode::Restart) => {}
        Ending::Close(CloseCode::Busy) => counters.busy_closes.add(1),
        Ending::Close(CloseCode::Slow) => counters.slow_closes.add(1),
        Ending::Close(CloseCode::Silent) => counters.silent_closes.add(1),
        Ending::Close(_) | Ending::Unreadable if is_welcomed => counters.bad_messages.add(1),
        Ending::Close(_) | Ending::Unreadable => counters.bad_hellos.add(1),
    }
}

struct Session<'a> {
    hub: &'a Hub,
    room: Arc<Room>,
    changes: watch::Receiver<RoomState>,
    liveness: Liveness,
}

impl Session<'_> {
    fn new(hub: &Hub, room: Arc<Room>) -> Session<'_> {
        let changes = room.state.subscribe();
        let options = hub.options();
        let liveness = Liveness::new(Instant::now(), options.ping_every, options.silence_limit);
        Session { hub, room, changes, liveness }
    }

    async fn run<S>(mut self, connection: &mut Connection<S>, is_welcomed: &mut bool) -> Ending
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        // Boxed, so that an idle viewer does not carry the memory that only its first second needs.
        let mut cursor = match Box::pin(self.greet(connection)).await {
            Ok(cursor) => cursor,
            Err(ending) => return ending,
        };
        *is_welcomed = true;
        let _present = self.room.count_viewer();
        let Err(ending) = self.follow(connection, &mut cursor).await;
        ending
    }

    /// Hello and welcome.
    async fn greet<S>(&mut self, connection: &mut Connection<S>) -> Result<Cursor, Ending>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let options = self.hub.options();
        let mut watched = self.changes.clone();
        let hello = tokio::select! {
            hello = timeout(options.hello_within, self.hello(connection)) => {
                hello.unwrap_or(Err(Ending::Close(CloseCode::HelloLate)))?
            }
            () = async { drop(watched.wait_for(|state| state.closing).await) } => {
                return Err(Ending::Close(CloseCode::Restart));
            }
        };
        let (welcome, cursor, recovery) = self.changes.borrow_and_update().welcome(&self.room.id, &hello);
        connection.send_pieces(welcome.pieces(), options.write_within).await?;
        recovery.count(self.hub.counters());
        Ok(cursor)
    }

    async fn hello<S>(&mut self, connection: &mut Connection<S>) -> Result<Hello, Ending>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            match self.note(connection.hear().await?)? {
                None => {}
                Some(ClientMessage::Hello(hello)) => return Ok(hello),
                Some(ClientMessage::Pong | ClientMessage::Unknown) => {
                    return Err(Ending::Close(CloseCode::BadMessage));
                }
            }
        }
    }

    /// Sends what is due, again and again, until there is an ending: it never returns `Ok`.
    async fn follow<S>(&mut self, connection: &mut Connection<S>, cursor: &mut Cursor) -> Result<Infallible, Ending>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let write_within = self.hub.options().write_within;
        // Set again only when it went off: a message is no reason to visit the clock's list of alarms.
        let mut alarm = pin!(sleep_until(self.liveness.next()));
        loop {
            let (due, is_done) = {
                let state = self.changes.borrow_and_update();
                (state.due(cursor), state.is_done(cursor))
            };
            match due {
                Due::Fallen => return Err(Ending::Close(CloseCode::Slow)),
                Due::Closing => return Err(Ending::Close(CloseCode::Restart)),
                Due::Messages(messages) => {
                    connection.send(&messages, write_within).await?;
                    self.hub.counters().delivered.add(messages.len() as u64);
                }
                Due::Nothing => {}
            }
            tokio::select! {
                // In a room that is never quiet the peer must be heard as well, and before it is judged silent.
                biased;
                heard = connection.hear() => self.listen(heard?)?,
                () = &mut alarm => {
                    match self.liveness.sign(Instant::now()) {
                        Sign::None => {}
                        Sign::Ping => connection.send(slice::from_ref(Encoded::ping()), write_within).await?,
                        Sign::Dead => return Err(Ending::Close(CloseCode::Silent)),
                    }
                    alarm.as_mut().reset(self.liveness.next());
                }
                _ = self.changes.changed(), if is_done => {}
                () = ready(()), if !is_done => {}
            }
        }
    }

    /// What a viewer may say after its hello: nothing but pong.
    fn listen(&mut self, heard: Heard) -> Result<(), Ending> {
        match self.note(heard)? {
            Some(ClientMessage::Hello(_)) => Err(Ending::Close(CloseCode::BadMessage)),
            Some(ClientMessage::Pong | ClientMessage::Unknown) | None => Ok(()),
        }
    }

    /// Anything heard is a sign of life; too much of it is a flood.
    fn note(&mut self, heard: Heard) -> Result<Option<ClientMessage>, Ending> {
        self.liveness.heard(Instant::now()).map_err(Ending::Close)?;
        match heard {
            Heard::Beat => Ok(None),
            Heard::Text(text) => ClientMessage::decode(&text).map(Some).map_err(Ending::Close),
        }
    }
}
