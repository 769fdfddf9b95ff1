//! The connection to NATS, and the thread that carries it.

use std::future::Future;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::{Context, ContextBuilder, RequestError, RequestErrorKind};
use async_nats::jetstream::response::Response;
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::{Credentials, NatsOptions};
use crate::{LogError, Result};

/// How long one question to NATS may take. A server on the other side of the country answers in a tenth of it.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How long a server may take to accept a connection before the next one is tried.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// How often a server is asked whether it is there: one that lost its power is missed after two of them.
const PING_EVERY: Duration = Duration::from_secs(3);
/// The longest pause between two tries to connect again.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Messages that may wait for one subscriber: a room's newest events and a burst on top. What is beyond is lost, and a
/// feed reads it again.
const WAITING_MESSAGES: usize = 4096;

/// What is asked of a stream, and why there is no answer.
pub(super) enum Unanswered {
    /// NATS says that there is no such thing.
    NotFound,
    /// It could not be reached, or has no leader for this just now.
    Away(String),
    /// It will not do it.
    Refused(String),
}

/// A connection that comes back by itself. When it is dropped the thread ends.
pub(super) struct Link {
    servers: String,
    handle: Handle,
    context: Context,
    /// Dropped to end the thread.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Link {
    /// Connects, and starts the thread `nats`. Where it `waits`, the connection is made once a server is there.
    pub(super) fn connect(options: &NatsOptions, waits: bool) -> Result<Link> {
        let servers = options.servers.join(", ");
        let no_thread = |cause: std::io::Error| LogError::Refused { cause: format!("no thread for it: {cause}") };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(no_thread)?;
        let handle = runtime.handle().clone();
        let connecting = connect_options(options)?;
        let connecting = if waits { connecting.retry_on_initial_connect() } else { connecting };
        let addresses = options.servers.clone();
        let (tell, told) = sync_channel(1);
        let (end, ended) = oneshot::channel::<()>();
        let run = move || {
            runtime.block_on(async move {
                let client = connecting.connect(addresses).await;
                let is_connected = client.is_ok();
                if tell.send(client).is_ok() && is_connected {
                    // Everything else on this runtime goes on until the link is dropped.
                    ended.await.ok();
                }
            });
        };
        let thread = std::thread::Builder::new().name("nats".into()).spawn(run).map_err(no_thread)?;
        let client = match told.recv() {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => {
                thread.join().ok();
                return Err(match error.kind() {
                    ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                        LogError::Refused { cause: "it does not know the credentials".into() }
                    }
                    _ => LogError::Away { servers, cause: error.to_string() },
                });
            }
            Err(_) => return Err(LogError::Away { servers, cause: "its thread failed".into() }),
        };
        let context = {
            // It starts a task of its own.
            let _entered = handle.enter();
            ContextBuilder::new().timeout(ANSWER_WITHIN).build(client)
        };
        Ok(Link { servers, handle, context, end: Some(end), thread: Some(thread) })
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn client(&self) -> Client {
        self.context.client()
    }

    /// Whether a server is connected at this moment.
    pub(super) fn is_connected(&self) -> bool {
        self.client().connection_state() == State::Connected
    }

    /// Waits for an answer on the calling thread, which must be one that may block.
    pub(super) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.handle.block_on(answer)
    }

    /// The runtime on the thread of the link.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Asks JetStream.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        subject: String,
        question: &impl Serialize,
    ) -> Result<T, Unanswered> {
        match self.context.request(subject, question).await {
            Ok(Response::Ok(answer)) => Ok(answer),
            Ok(Response::Err { error }) => Err(error.into()),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn away(&self, cause: impl ToString) -> LogError {
        LogError::Away { servers: self.servers.clone(), cause: cause.to_string() }
    }

    /// The error of something that must be there.
    pub(super) fn failed(&self, unanswered: Unanswered) -> LogError {
        match unanswered {
            Unanswered::NotFound => self.away("what was there is gone"),
            Unanswered::Away(cause) => self.away(cause),
            Unanswered::Refused(cause) => LogError::Refused { cause },
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        drop(self.end.take());
        // The last one that needed it may be a task on that thread.
        if let Some(thread) = self.thread.take().filter(|it| it.thread().id() != std::thread::current().id()) {
            thread.join().ok();
        }
    }
}

impl From<async_nats::jetstream::Error> for Unanswered {
    fn from(error: async_nats::jetstream::Error) -> Unanswered {
        match error.code() {
            404 => Unanswered::NotFound,
            // No leader, no quorum, or a server that is still reading its files.
            408 | 503 => Unanswered::Away(error.to_string()),
            _ => Unanswered::Refused(error.to_string()),
        }
    }
}

impl From<RequestError> for Unanswered {
    fn from(error: RequestError) -> Unanswered {
        match error.kind() {
            // Also what a cluster says while it elects a leader.
            RequestErrorKind::NoResponders => Unanswered::Away("no server answers for JetStream".into()),
            _ => Unanswered::Away(error.to_string()),
        }
    }
}

fn connect_options(options: &NatsOptions) -> Result<ConnectOptions> {
    let plain = ConnectOptions::new();
    let with_credentials = match &options.credentials {
        Credentials::None => plain,
        Credentials::Token(token) => plain.token(token.clone()),
        Credentials::Password { user, password } => plain.user_and_password(user.clone(), password.clone()),
        Credentials::Creds(text) => plain.credentials(text).map_err(|_| LogError::Refused {
            // The library's error repeats what it read.
            cause: "the credentials are not those of a .creds file".into(),
        })?,
    };
    let servers = options.servers.join(", ");
    Ok(with_credentials
        .name(&options.name)
        .connection_timeout(CONNECT_WITHIN)
        .request_timeout(Some(ANSWER_WITHIN))
        .ping_interval(PING_EVERY)
        .subscription_capacity(WAITING_MESSAGES)
        .reconnect_delay_callback(|tries| {
            let doubled = Duration::from_millis(25).saturating_mul(1 << tries.min(10));
            if tries <= 1 { Duration::ZERO } else { doubled.min(LONGEST_PAUSE) }
        })
        .event_callback(move |event| {
            match event {
                Event::Connected => tracing::info!("NATS at {servers} is here"),
                Event::Disconnected => tracing::warn!("NATS at {servers} is away"),
                other => tracing::debug!("NATS: {other}"),
            }
            std::future::ready(())
        }))
}
