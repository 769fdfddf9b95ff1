//! One viewer, from its hello to its end.

use std::convert::Infallible;
use std::future::ready;
use std::pin::{Pin, pin};
use std::slice;
use std::sync::Arc;

use dostyq_speech::RoomId;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::counters::Counters;
use crate::encode::Encoded;
use crate::fan_out::{Seat, Seated, SharedStream};
use crate::hub::{Hub, Room};
use crate::limits::websocket_config;
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
    let ending = serve(hub, room, place.as_ref().err(), &mut connection, None).await;
    part(hub, connection, ending).await;
}

/// The same over a plain connection, at less cost: while the viewer keeps up, the hub's own threads write to it. `read` is
/// what the peer said right behind its handshake.
pub async fn serve_tcp_viewer(hub: &Hub, room: &str, stream: TcpStream, read: Vec<u8>) {
    let stream = SharedStream::new(stream);
    let config = Some(websocket_config());
    let socket = Box::pin(WebSocketStream::from_partially_read(stream.clone(), read, Role::Server, config)).await;
    let mut connection = Connection::new(socket);
    let place = hub.place();
    let ending = serve(hub, room, place.as_ref().err(), &mut connection, Some(stream)).await;
    part(hub, connection, ending).await;
}

/// From the handshake to how it ends; at once where the hub has no place for it.
async fn serve<S>(
    hub: &Hub,
    room: &str,
    refusal: Option<&CloseCode>,
    connection: &mut Connection<S>,
    shared: Option<SharedStream>,
) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut is_welcomed = false;
    let ending = match (refusal, room.parse::<RoomId>().ok().and_then(|id| hub.find(&id))) {
        (Some(code), _) => Ending::Close(*code),
        (None, None) => Ending::Close(CloseCode::UnknownRoom),
        (None, Some(room)) => {
            let mut session = Session::new(hub, room);
            session.run(connection, shared, &mut is_welcomed).await
        }
    };
    count(hub.counters(), ending, is_welcomed);
    tracing::debug!(room, ?ending, "a viewer's connection ends");
    ending
}

/// Boxed, so that an idle viewer does not carry the memory that only its end needs.
fn part<S>(hub: &Hub, connection: Connection<S>, ending: Ending) -> Pin<Box<impl Future<Output = ()>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    Box::pin(connection.finish(ending, hub.options().close_within))
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

    async fn run<S>(
        &mut self,
        connection: &mut Connection<S>,
        shared: Option<SharedStream>,
        is_welcomed: &mut bool,
    ) -> Ending
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
        let seated = shared.map(|stream| Seated::new(&self.room, stream));
        let Err(ending) = self.follow(connection, &mut cursor, seated.as_ref().map(Seated::seat)).await;
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

    /// Sends what is due, or has it sent, again and again, until there is an ending: it never returns `Ok`.
    async fn follow<S>(
        &mut self,
        connection: &mut Connection<S>,
        cursor: &mut Cursor,
        seat: Option<&Seat>,
    ) -> Result<Infallible, Ending>
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
                Due::Nothing => {
                    if let Some(seat) = seat {
                        connection.answer_ping(write_within).await?;
                        if seat.hand_over(cursor, &self.changes) {
                            let outcome = self.sit(connection, seat, alarm.as_mut()).await;
                            if let Some(left) = seat.take_back() {
                                *cursor = left.cursor;
                                connection.go_on(left.begun);
                                outcome?;
                                connection.send(&left.messages, write_within).await?;
                                self.hub.counters().delivered.add(left.messages.len() as u64);
                            }
                        }
                        continue;
                    }
                }
            }
            tokio::select! {
                // In a room that is never quiet the peer must be heard as well, and before it is judged silent.
                biased;
                heard = connection.hear() => self.listen(heard?)?,
                () = &mut alarm => {
                    if self.is_ping_due()? {
                        connection.send(slice::from_ref(Encoded::ping()), write_within).await?;
                    }
                    alarm.as_mut().reset(self.liveness.next());
                }
                _ = self.changes.changed(), if is_done => {}
                () = ready(()), if !is_done => {}
            }
        }
    }

    /// Listens while the fan-out threads write, until the viewer's own task has to.
    async fn sit<S>(
        &mut self,
        connection: &mut Connection<S>,
        seat: &Seat,
        mut alarm: Pin<&mut Sleep>,
    ) -> Result<(), Ending>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            tokio::select! {
                biased;
                heard = connection.hear() => {
                    self.listen(heard?)?;
                    // Before the socket is read again, or tungstenite would write its answer into somebody else's turn.
                    if connection.owes_pong() {
                        return Ok(());
                    }
                }
                () = alarm.as_mut() => {
                    if self.is_ping_due()? {
                        seat.say(Encoded::ping());
                    }
                    alarm.as_mut().reset(self.liveness.next());
                }
                () = seat.called() => return Ok(()),
            }
        }
    }

    /// Whether the viewer is to be asked if it is there.
    fn is_ping_due(&mut self) -> Result<bool, Ending> {
        match self.liveness.sign(Instant::now()) {
            Sign::None => Ok(false),
            Sign::Ping => Ok(true),
            Sign::Dead => Err(Ending::Close(CloseCode::Silent)),
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
