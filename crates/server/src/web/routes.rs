//! Every address of the server, with what it asks for. There is no other place where one can be added.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{MethodFilter, MethodRouter, on};

use super::access::{Guarded, Needs, check};
use super::{Site, control, history, pages, plain, prepared, room_files, session, socket, with_security_headers};

/// Bytes of an order, where its row does not say otherwise.
const ORDER_BYTES: usize = 16 * 1024;

type Verb = (Method, MethodFilter);
const GET: Verb = (Method::GET, MethodFilter::GET);
const PUT: Verb = (Method::PUT, MethodFilter::PUT);
const POST: Verb = (Method::POST, MethodFilter::POST);
const DELETE: Verb = (Method::DELETE, MethodFilter::DELETE);

/// One address and one method of it.
pub(super) struct Row {
    #[cfg_attr(not(test), expect(dead_code, reason = "the test that walks the table asks by it"))]
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) needs: Needs,
    order_bytes: usize,
    handler: MethodRouter<Arc<Site>>,
}

fn row<H, T>((method, filter): Verb, path: &'static str, needs: Needs, handler: H) -> Row
where
    H: Handler<T, Arc<Site>>,
    T: 'static,
{
    Row { method, path, needs, order_bytes: ORDER_BYTES, handler: on(filter, handler) }
}

impl Row {
    fn taking(self, order_bytes: usize) -> Row {
        Row { order_bytes, ..self }
    }
}

/// The table.
#[rustfmt::skip]
pub(super) fn table() -> Vec<Row> {
    use Needs::{Directing, Nothing, Taking, Watching};
    vec![
        row(GET, "/", Nothing, pages::index),
        row(GET, "/operator", Nothing, pages::operator),
        row(GET, "/r/{room}", Nothing, pages::phone),
        row(GET, "/r/{room}/screen", Nothing, pages::screen),
        row(GET, "/r/{room}/qr.svg", Nothing, room_files::qr),
        row(GET, "/assets/{*path}", Nothing, pages::asset),
        row(GET, "/api/v1/session", Nothing, session::show),
        row(POST, "/api/v1/login", Nothing, session::login),
        row(POST, "/api/v1/logout", Nothing, session::logout),
        row(GET, "/api/v1/rooms", Nothing, super::rooms),
        row(POST, "/api/v1/rooms/{room}/code", Nothing, session::code),
        row(GET, "/api/v1/rooms/{room}/ws", Watching, socket::upgrade),
        row(GET, "/api/v1/rooms/{room}/sse", Watching, plain::events),
        row(GET, "/api/v1/rooms/{room}/poll", Watching, plain::poll),
        row(GET, "/api/v1/rooms/{room}/history", Watching, history::history),
        row(GET, "/api/v1/rooms/{room}/status", Watching, room_files::status),
        row(GET, "/api/v1/rooms/{room}/export/{file}", Taking, room_files::export),
        row(PUT, "/api/v1/rooms/{room}/language", Directing, control::language),
        row(GET, "/api/v1/rooms/{room}/prepared", Directing, prepared::show),
        row(PUT, "/api/v1/rooms/{room}/prepared", Directing, prepared::load).taking(prepared::MOST_BYTES),
        row(DELETE, "/api/v1/rooms/{room}/prepared", Directing, prepared::unload),
        row(POST, "/api/v1/rooms/{room}/prepared/read", Directing, prepared::read).taking(prepared::MOST_BYTES),
        row(PUT, "/api/v1/rooms/{room}/prepared/choice", Directing, prepared::choose),
    ]
}

pub(super) fn router(site: &Arc<Site>) -> Router {
    let mut router = Router::new();
    for Row { path, needs, order_bytes, handler, .. } in table() {
        let guard = from_fn_with_state(Guarded { site: Arc::clone(site), needs, order_bytes }, check);
        router = router.route(path, handler.route_layer(guard).route_layer(DefaultBodyLimit::max(order_bytes)));
    }
    router.fallback(pages::not_found).layer(map_response(with_security_headers)).with_state(Arc::clone(site))
}
