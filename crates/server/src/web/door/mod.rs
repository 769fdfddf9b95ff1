//! Connections come in here: counted by address, encrypted where that is set up, and handed to HTTP. Each step before the
//! first request has its time, and so many connections may be in them at once.

pub(super) mod addresses;
pub(super) mod bucket;
mod elsewhere;
pub(super) mod stream;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use self::addresses::{Addresses, Place};
use self::stream::{Entered, Stream};
use super::Guards;
use super::refusals::Refusals;
use crate::Stop;
use crate::config::{Proxy, Web};
use crate::tls::Encryption;

/// Connections that may be in a handshake or before their first request. When there are more, the next wait in the
/// system's queue.
const NEWCOMERS: usize = 16_384;
/// Of these, as many as one address may have: more than a hall has phones, and others still get in.
const NEWCOMERS_OF_ONE: u32 = 12_000;
/// The head of a request, its cookies included.
const HEAD_BYTES: usize = 16 * 1024;
/// Headers of a request.
const HEADERS: usize = 64;
/// How long a stop waits for answers that are still on their way.
const FINISH_WITHIN: Duration = Duration::from_secs(5);
/// How long to wait when the system has no socket left.
const NO_SOCKETS: Duration = Duration::from_millis(500);

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    pub(super) is_encrypted: bool,
}

/// What every connection needs.
pub(super) struct Door {
    encryption: Option<Encryption>,
    proxies: Vec<Proxy>,
    /// How long the handshake of TLS may take, and then the head of each request.
    head_within: Duration,
    addresses: Arc<Addresses>,
    /// Those before their first request, by address.
    newcomers_of: Arc<Addresses>,
    refusals: Arc<Refusals>,
    router: Router,
}

impl Door {
    pub(super) fn new(guards: &Guards, router: Router) -> Door {
        let newcomers = Web {
            sockets_per_address: NEWCOMERS_OF_ONE,
            burst_per_address: u32::MAX,
            new_sockets_per_second: u32::MAX,
            ..Web::default()
        };
        Door {
            encryption: guards.encryption.clone(),
            proxies: guards.web.trusted_proxies.clone(),
            head_within: guards.head_within,
            addresses: Arc::clone(&guards.addresses),
            newcomers_of: Addresses::new(&newcomers),
            refusals: Arc::clone(&guards.refusals),
            router,
        }
    }

    /// Lets connections in until the stop flag is raised, then waits for the answers that are on their way.
    pub(super) async fn open(self, listener: TcpListener, stop: Stop) {
        let door = Arc::new(self);
        let newcomers = Arc::new(Semaphore::new(NEWCOMERS));
        // Every connection listens to it, and is gone when it listens no more.
        let (closing, connections) = watch::channel(false);
        let stopped = async {
            // A flag that is looked at needs no runtime on the threads that raise it.
            while !stop.is_raised() {
                sleep(Duration::from_millis(100)).await;
            }
        };
        let entering = async {
            loop {
                let Ok(newcomer) = Arc::clone(&newcomers).acquire_owned().await else { return };
                let (stream, from) = next(&listener).await;
                let Some(arrival) = door.arrival(from.ip(), newcomer) else { continue };
                tokio::spawn(Arc::clone(&door).receive(stream, from.ip(), arrival, connections.clone()));
            }
        };
        tokio::select! {
            () = stopped => {}
            () = entering => {}
        }
        drop((listener, connections));
        closing.send_replace(true);
        if timeout(FINISH_WITHIN, closing.closed()).await.is_err() {
            tracing::debug!("some answers were cut off by the stop");
        }
    }

    /// Counts a new connection in, if its address may have one more.
    fn arrival(&self, address: IpAddr, newcomer: OwnedSemaphorePermit) -> Option<Arrival> {
        if self.proxies.iter().any(|proxy| proxy.is(address.to_canonical())) {
            return Some(Arrival { place: None, waiting: Waiting { _newcomer: newcomer, _of_address: None } });
        }
        let now = Instant::now();
        let places = self.addresses.enter(address, now).zip(self.newcomers_of.enter(address, now));
        let Some((place, of_address)) = places else {
            self.refusals.sockets.add();
            return None;
        };
        let waiting = Waiting { _newcomer: newcomer, _of_address: Some(of_address) };
        Some(Arrival { place: Some(place), waiting })
    }

    /// One connection, up to where HTTP ends or hands it over.
    async fn receive(self: Arc<Self>, stream: TcpStream, address: IpAddr, arrival: Arrival, closing: Closing) {
        let Arrival { place, waiting } = arrival;
        let peer = Peer { address: address.to_canonical(), is_encrypted: self.encryption.is_some() };
        let stream = match &self.encryption {
            None => Ok(Stream::Plain(stream)),
            Some(encryption) => match timeout(self.head_within, encrypted(encryption, stream)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(Unencrypted::Failed),
            },
        };
        match stream {
            Ok(stream) => self.speak_http(Entered { stream, place }, peer, waiting, self.router.clone(), closing).await,
            Err(Unencrypted::Http(stream)) => {
                let entered = Entered { stream: Stream::Plain(stream), place };
                let peer = Peer { is_encrypted: false, ..peer };
                self.speak_http(entered, peer, waiting, elsewhere::router(), closing).await;
            }
            Err(Unencrypted::Failed) => self.refusals.handshakes.add(),
        }
    }

    async fn speak_http(&self, entered: Entered, peer: Peer, waiting: Waiting, router: Router, mut closing: Closing) {
        let router = TowerToHyperService::new(router);
        let waiting = Arc::new(Mutex::new(Some(waiting)));
        let still_waiting = Arc::clone(&waiting);
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            // Its first request is here: it is no newcomer any more.
            drop(waiting.lock().unwrap_or_else(PoisonError::into_inner).take());
            request.extensions_mut().insert(peer);
            answer(&router, request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_within)
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEADERS)
            .serve_connection(TokioIo::new(entered), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = async { drop(closing.wait_for(|is_closing| *is_closing).await) } => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            let has_asked = still_waiting.lock().unwrap_or_else(PoisonError::into_inner).is_none();
            if error.is_parse() {
                self.refusals.requests.add();
            } else if !has_asked {
                // One that has asked, and then has nothing more to ask, is let go in the same way and is no trouble.
                self.refusals.mute.add();
            }
            tracing::debug!("a connection ends: {error}");
        }
    }
}

fn answer(
    router: &TowerToHyperService<Router>,
    request: Request,
) -> impl Future<Output = Result<Response, Infallible>> + use<> {
    router.call(request)
}

/// Says that the server stops.
type Closing = watch::Receiver<bool>;

/// A connection that was counted in.
struct Arrival {
    place: Option<Place>,
    waiting: Waiting,
}

/// Held until the first request has come.
struct Waiting {
    _newcomer: OwnedSemaphorePermit,
    _of_address: Option<Place>,
}

/// Why there is no TLS on a connection.
enum Unencrypted {
    /// It speaks plain HTTP.
    Http(TcpStream),
    Failed,
}

/// The first byte of every handshake of TLS.
const HANDSHAKE: u8 = 22;

async fn encrypted(encryption: &Encryption, stream: TcpStream) -> Result<Stream, Unencrypted> {
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first[0] == HANDSHAKE => {}
        Ok(1) if first[0].is_ascii_uppercase() => return Err(Unencrypted::Http(stream)),
        _ => return Err(Unencrypted::Failed),
    }
    match encryption.accept(stream).await {
        Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
        Err(error) => {
            tracing::debug!("a handshake of TLS fails: {error}");
            Err(Unencrypted::Failed)
        }
    }
}

/// The next connection, however long it takes.
async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(connection) => return connection,
            // The peer went away again.
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!("no connection can be taken: {error}; allow more open files (ulimit -n)");
                sleep(NO_SOCKETS).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
