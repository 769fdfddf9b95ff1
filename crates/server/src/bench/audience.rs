//! The process of the viewers: one thread, so that the server has a processor of its own on a machine of two.

use std::cell::{Cell, RefCell, RefMut};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, sleep};
use tokio_rustls::TlsConnector;

use super::orders::{ViewerAnswer, ViewerOrder};
use super::tally::{Held, Tally};
use super::viewer::Viewer;
use super::{HubViewers, child, tls};

/// Viewers that come through the door at a time: a hall fills up, it is not there at once.
const DOOR: usize = 200;
/// How long a hall may take to fill.
const FILLING: Duration = Duration::from_secs(300);
/// How long the last lines may take to reach everyone.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the viewers share.
pub(super) struct Hall {
    pub(super) address: SocketAddr,
    pub(super) path: &'static str,
    pub(super) is_plain: bool,
    /// None where connections are not encrypted.
    pub(super) tls: Option<TlsConnector>,
    /// The first so many viewers never read.
    pub(super) slow: u32,
    pub(super) door: Arc<Semaphore>,
    pub(super) storms: watch::Sender<u32>,
    /// The viewers that a storm takes, from the first one that reads.
    pub(super) in_storm: Cell<u32>,
    pub(super) present: Cell<u32>,
    pub(super) failed: Cell<u32>,
    tally: RefCell<Tally>,
}

impl Hall {
    pub(super) fn tally(&self) -> RefMut<'_, Tally> {
        self.tally.borrow_mut()
    }
}

pub(super) fn run(options: &HubViewers) -> anyhow::Result<()> {
    crate::open_files::allow(options.viewers)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no threads")?;
    // Read on a thread of its own; what waits is never more than the next order.
    let (sender, orders) = mpsc::channel(1);
    std::thread::spawn(move || child::orders().try_for_each(|order| sender.blocking_send(order)));
    LocalSet::new().block_on(&runtime, lead(options, orders))
}

async fn lead(options: &HubViewers, mut orders: mpsc::Receiver<ViewerOrder>) -> anyhow::Result<()> {
    let hall = Rc::new(Hall {
        address: options.address,
        path: if options.plain { "/sub/demo" } else { "/api/v1/rooms/demo/ws" },
        is_plain: options.plain,
        tls: options.tls.then(tls::connector).transpose()?,
        slow: options.slow,
        door: Arc::new(Semaphore::new(DOOR)),
        storms: watch::Sender::new(0),
        in_storm: Cell::new(0),
        present: Cell::new(0),
        failed: Cell::new(0),
        tally: RefCell::new(Tally::new()?),
    });
    let held: Rc<[RefCell<Held>]> = (0..options.viewers).map(|_| RefCell::default()).collect();
    for number in 0..options.viewers {
        spawn_local(Viewer::new(Rc::clone(&hall), Rc::clone(&held), number).watch());
    }
    let deadline = Instant::now() + FILLING;
    while hall.present.get() + hall.failed.get() < options.viewers && Instant::now() < deadline {
        sleep(Duration::from_millis(20)).await;
    }
    let why = hall.tally().a_cause();
    child::answer(&ViewerAnswer::Present { failed: options.viewers - hall.present.get(), why })?;
    while let Some(order) = orders.recv().await {
        match order {
            ViewerOrder::Begin => hall.tally().begin(),
            ViewerOrder::Storm { viewers } => {
                hall.in_storm.set(viewers);
                hall.tally().storm(u64::from(viewers))?;
                hall.storms.send_modify(|storms| *storms += 1);
            }
            ViewerOrder::Report { top } => {
                let readers = &held[options.slow as usize..];
                let missing = |held: &RefCell<Held>| top.saturating_sub(held.borrow().offset.unwrap_or(0));
                let deadline = Instant::now() + PATIENCE;
                while readers.iter().any(|held| missing(held) > 0) && Instant::now() < deadline {
                    sleep(Duration::from_millis(20)).await;
                }
                hall.tally().lose(readers.iter().map(missing).sum());
                let report = hall.tally().report();
                child::answer(&ViewerAnswer::Report(Box::new(report)))?;
            }
        }
    }
    Ok(())
}
