//! A wire to a server that can be made to lose an answer, or be cut.

// Each test file uses its own part of this.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Carries bytes between its clients and one server, and does as it is told.
pub(crate) struct ScriptedWire {
    pub(crate) port: u16,
    loses_answer: Arc<AtomicBool>,
    /// None while it is cut; both ends of every connection that it carries otherwise.
    carried: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl ScriptedWire {
    pub(crate) fn to(server: u16) -> ScriptedWire {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let loses_answer = Arc::new(AtomicBool::new(false));
        let carried = Arc::new(Mutex::new(Some(Vec::new())));
        let (loses, carries) = (Arc::clone(&loses_answer), Arc::clone(&carried));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                if let Some(carried) = carries.lock().unwrap().as_mut() {
                    carried.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                    carry(client, server, &loses);
                }
            }
        });
        ScriptedWire { port, loses_answer, carried }
    }

    /// Nothing goes through until it is mended.
    pub(crate) fn cut(&self) {
        for end in self.carried.lock().unwrap().take().into_iter().flatten() {
            end.shutdown(Shutdown::Both).ok();
        }
    }

    pub(crate) fn mend(&self) {
        *self.carried.lock().unwrap() = Some(Vec::new());
    }

    /// The next event that a client writes reaches the server; the connection breaks before the answer comes back.
    pub(crate) fn lose_next_answer(&self) {
        self.loses_answer.store(true, Ordering::SeqCst);
    }

    /// Whether it has happened.
    pub(crate) fn has_lost(&self) -> bool {
        !self.loses_answer.load(Ordering::SeqCst)
    }
}

fn carry(client: TcpStream, server: TcpStream, loses_answer: &Arc<AtomicBool>) {
    let is_deaf = Arc::new(AtomicBool::new(false));
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (mut from_server, mut to_client) = (server, client);
    let (deafened, loses_answer) = (Arc::clone(&is_deaf), Arc::clone(loses_answer));
    thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(count @ 1..) = from_client.read(&mut buffer) {
            let said = &buffer[..count];
            let is_event = said.windows(11).any(|part| part == b"Nats-Msg-Id");
            let breaks = is_event && loses_answer.swap(false, Ordering::SeqCst);
            if breaks {
                deafened.store(true, Ordering::SeqCst);
            }
            if to_server.write_all(said).is_err() {
                break;
            }
            if breaks {
                // Time for the server to have written it.
                thread::sleep(std::time::Duration::from_millis(200));
                break;
            }
        }
        to_server.shutdown(Shutdown::Both).ok();
        from_client.shutdown(Shutdown::Both).ok();
    });
    thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(count @ 1..) = from_server.read(&mut buffer) {
            if !is_deaf.load(Ordering::SeqCst) && to_client.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        to_client.shutdown(Shutdown::Both).ok();
    });
}
