//! This program once more, in another role: it is told a line at a time what to do, and ends with its input.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Answers that may wait to be read; a child gives one to an order.
const ANSWERS: usize = 4;

/// A child that is killed, if it still runs, when this is dropped.
pub(super) struct Helper<Answer> {
    role: &'static str,
    child: Child,
    orders: ChildStdin,
    answers: Receiver<Answer>,
}

impl<Answer: DeserializeOwned + Send + 'static> Helper<Answer> {
    pub(super) fn start(role: &'static str, arguments: &[String]) -> anyhow::Result<Helper<Answer>> {
        let program = std::env::current_exe().context("the path of this program is not known")?;
        let mut child = Command::new(program)
            .args(["bench", role])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{role} cannot be started"))?;
        let orders = child.stdin.take().context("its input is piped")?;
        let output = child.stdout.take().context("its output is piped")?;
        let (sender, answers) = sync_channel(ANSWERS);
        std::thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            for answer in lines.map_while(|line| serde_json::from_str(&line).ok()) {
                if sender.send(answer).is_err() {
                    break;
                }
            }
        });
        Ok(Helper { role, child, orders, answers })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn order(&mut self, order: &impl Serialize) -> anyhow::Result<()> {
        let line = serde_json::to_string(order).context("an order has a JSON form")?;
        writeln!(self.orders, "{line}").with_context(|| format!("{} has ended", self.role))
    }

    /// The next answer, waited for at most `limit`.
    pub(super) fn answer(&mut self, limit: Duration) -> anyhow::Result<Answer> {
        match self.answers.recv_timeout(limit) {
            Ok(answer) => Ok(answer),
            Err(RecvTimeoutError::Timeout) => {
                bail!("{} did not answer within {} s: ask for fewer viewers", self.role, limit.as_secs())
            }
            // What went wrong is on the error output, which it shares with this process.
            Err(RecvTimeoutError::Disconnected) => bail!("{} ended early", self.role),
        }
    }
}

impl<Answer> Drop for Helper<Answer> {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The orders that come in over the standard input of a child, until its end.
pub(super) fn orders<Order: DeserializeOwned>() -> impl Iterator<Item = Order> {
    std::io::stdin().lines().map_while(Result::ok).map_while(|line| serde_json::from_str(&line).ok())
}

/// Answers the leading process.
pub(super) fn answer(answer: &impl Serialize) -> anyhow::Result<()> {
    crate::say(&serde_json::to_string(answer).context("an answer has a JSON form")?);
    std::io::stdout().flush().context("the leading process is gone")
}
