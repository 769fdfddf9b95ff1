//! Publishing to another server: a POST a line over one connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Publisher {
    connection: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Publisher {
    pub(super) fn connect(address: SocketAddr) -> anyhow::Result<Publisher> {
        let connection = TcpStream::connect(address).with_context(|| format!("nothing listens at {address}"))?;
        connection.set_nodelay(true)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        Ok(Publisher { connection: BufReader::new(connection), address })
    }

    /// Publishes one message and waits for the answer.
    pub(super) fn publish(&mut self, message: &str) -> anyhow::Result<()> {
        let (address, length) = (self.address, message.len());
        let request =
            format!("POST /pub/demo HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{message}");
        self.connection.get_mut().write_all(request.as_bytes()).context("the server is gone")?;
        let (mut line, mut status, mut body) = (String::new(), String::new(), 0);
        loop {
            line.clear();
            if self.connection.read_line(&mut line).context("the server does not answer")? == 0 {
                bail!("the server closed the connection of the publisher");
            }
            if status.is_empty() {
                status = line.trim().to_owned();
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                body = value.trim().parse().context("the server's answer has no length")?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        std::io::copy(&mut self.connection.by_ref().take(body), &mut std::io::sink())?;
        if !status.contains(" 20") {
            bail!("the server does not take messages at /pub/demo: {status}");
        }
        Ok(())
    }
}
