//! Cookies: what a browser shows instead of a token or a code, so that no address and no script holds either.

use axum::http::{HeaderMap, HeaderValue, header};
use dostyq_speech::RoomId;

use super::client::Client;

/// The name of the cookie of who is signed in. Over TLS its prefix binds it to this very host.
pub(super) fn session(client: Client) -> &'static str {
    if client.is_secure { "__Host-dostyq-session" } else { "dostyq-session" }
}

/// The name of the cookie of who has said the code of a room.
pub(super) fn of_room(room: &RoomId, client: Client) -> String {
    format!("{}dostyq-room-{room}", if client.is_secure { "__Host-" } else { "" })
}

/// What a browser shows.
pub(super) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lists = headers.get_all(header::COOKIE).into_iter().filter_map(|list| list.to_str().ok());
    let mut pairs = lists.flat_map(|list| list.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// What a browser is given for so many seconds; 0 takes it away. None when it could not be said in a header.
pub(super) fn given(name: &str, value: &str, seconds: i64, client: Client) -> Option<HeaderValue> {
    let secure = if client.is_secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(is_secure: bool) -> Client {
        Client { address: [127, 0, 0, 1].into(), is_secure, is_proxied: false }
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_static("a=1; dostyq-session=x=y;b"));
        headers.append("cookie", HeaderValue::from_static("c=3"));
        let check = |name, expect| assert_eq!(find(&headers, name), expect, "{name}");
        check("dostyq-session", Some("x=y"));
        check("session", None);
        check("a", Some("1"));
        check("b", None);
        check("c", Some("3"));
    }

    #[test]
    fn over_tls_it_is_bound_to_the_host_and_to_tls() {
        let check = |is_secure, expect: &str| {
            let client = client(is_secure);
            assert_eq!(given(session(client), "x", 60, client).expect("a header"), expect);
        };
        check(false, "dostyq-session=x; Max-Age=60; Path=/; HttpOnly; SameSite=Strict");
        check(true, "__Host-dostyq-session=x; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure");
        let room = "demo".parse().expect("a room");
        assert_eq!(of_room(&room, client(true)), "__Host-dostyq-room-demo");
    }
}
