use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dostyq_speech::RoomId;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::Shared;

/// The folder `web/`, in the binary. Tests and tools of the pages stay out.
#[derive(RustEmbed)]
#[folder = "../../web"]
#[include = "*.html"]
#[include = "assets/*"]
struct Web;

pub(super) async fn index(headers: HeaderMap) -> Response {
    page("index.html", &headers, StatusCode::OK)
}

pub(super) async fn operator(headers: HeaderMap) -> Response {
    page("operator.html", &headers, StatusCode::OK)
}

pub(super) async fn phone(Path(room): Path<String>, State(site): Shared, headers: HeaderMap) -> Response {
    room_page("phone.html", &room, &site, &headers)
}

pub(super) async fn screen(Path(room): Path<String>, State(site): Shared, headers: HeaderMap) -> Response {
    room_page("screen.html", &room, &site, &headers)
}

pub(super) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    page(&format!("assets/{path}"), &headers, StatusCode::OK)
}

pub(super) async fn not_found(headers: HeaderMap) -> Response {
    // The list of rooms is the way out of a mistyped address.
    page("index.html", &headers, StatusCode::NOT_FOUND)
}

fn room_page(name: &str, room: &str, site: &super::Site, headers: &HeaderMap) -> Response {
    let is_known = room.parse::<RoomId>().is_ok_and(|room| site.hub.has_room(&room));
    if is_known { page(name, headers, StatusCode::OK) } else { page("index.html", headers, StatusCode::NOT_FOUND) }
}

/// A file of the folder. Browsers ask each time whether theirs is still the newest, so an update of the server reaches
/// every phone at once.
fn page(path: &str, headers: &HeaderMap, status: StatusCode) -> Response {
    let Some(file) = Web::get(path) else {
        return (StatusCode::NOT_FOUND, "no such page; the rooms are at /").into_response();
    };
    let tag = tag(&file);
    if status == StatusCode::OK && headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let kind = content_type(path);
    let caching =
        [(header::CONTENT_TYPE, kind.to_owned()), (header::CACHE_CONTROL, "no-cache".to_owned()), (header::ETAG, tag)];
    (status, caching, file.data.into_owned()).into_response()
}

fn tag(file: &EmbeddedFile) -> String {
    let digest = file.metadata.sha256_hash();
    format!("\"{}\"", digest[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json" | "webmanifest") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}
