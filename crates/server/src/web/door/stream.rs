use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::addresses::Place;

/// A connection that came through the door, and the place that it takes there.
pub(in crate::web) struct Entered {
    pub(in crate::web) stream: Stream,
    /// None for the connection of a trusted proxy, which stands for many addresses.
    pub(in crate::web) place: Option<Place>,
}

/// Plain or encrypted.
///
/// HTTP treats both alike; who serves a viewer takes them apart, so that a plain one carries no more than its socket and
/// the hub's shared frames go to it as they are.
pub(in crate::web) enum Stream {
    Plain(TcpStream),
    /// Boxed: what a session needs is far more than a socket.
    Tls(Box<TlsStream<TcpStream>>),
}

/// Does the same with either kind of stream.
macro_rules! with {
    ($stream:expr, $it:ident => $work:expr) => {
        match &mut $stream {
            Stream::Plain($it) => {
                let $it = Pin::new($it);
                $work
            }
            Stream::Tls($it) => {
                let $it = Pin::new($it.as_mut());
                $work
            }
        }
    };
}

impl AsyncRead for Entered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        with!(self.stream, it => it.poll_read(cx, buf))
    }
}

impl AsyncWrite for Entered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        with!(self.stream, it => it.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        with!(self.stream, it => it.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with!(self.stream, it => it.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with!(self.stream, it => it.poll_shutdown(cx))
    }
}
