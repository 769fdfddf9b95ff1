//! `dostyq token`: who may come in, besides the operator's link.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::bail;

use crate::access::{NewToken, OPERATOR_KEY, Role, Store};
use crate::cli::{Token, TokenCreate};
use crate::config::Config;
use crate::{local_address, say, tell};

pub(super) fn run(command: Token) -> anyhow::Result<()> {
    match command {
        Token::Create(options) => create(options),
        Token::List { config } => list(&open(&Config::read(&config)?)?),
        Token::Revoke { id, config } => {
            open(&Config::read(&config)?)?.revoke(&id)?;
            tell(&format!("token {id} opens nothing any more"));
            Ok(())
        }
    }
}

fn open(config: &Config) -> anyhow::Result<Store> {
    std::fs::create_dir_all(&config.server.data)?;
    Store::open(&config.server.data)
}

fn create(TokenCreate { role, room, expires, name, config }: TokenCreate) -> anyhow::Result<()> {
    let config = Config::read(&config)?;
    if let Some(unknown) = room.iter().find(|room| config.rooms.iter().all(|own| own.name != **room)) {
        bail!("there is no room \"{unknown}\" in the configuration: give --room the name of one that is");
    }
    let store = open(&config)?;
    let (id, secret) = store.create(&NewToken { role, rooms: room, name: name.unwrap_or_default(), lasts: expires })?;
    // The result alone goes to the standard output, for whoever pipes it.
    say(secret.reveal());
    tell(&format!("token {id}, role {role}: this is the only time that it is shown"));
    if role == Role::Operator {
        let is_encrypted = config.web.tls.is_some();
        let base = local_address::public_url(config.server.public_url.as_deref(), config.server.listen, is_encrypted);
        tell(&format!("to sign a browser in, paste it at {base}/operator"));
    }
    Ok(())
}

fn list(store: &Store) -> anyhow::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut lines = vec!["id\trole\trooms\tends\tname".to_owned()];
    for token in store.list()? {
        let who = token.principal;
        let rooms = who
            .rooms
            .map_or("all".to_owned(), |rooms| rooms.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
        let left = token.expires.and_then(|at| u64::try_from(at).ok()).map(|at| at.saturating_sub(now));
        let ends = match left {
            _ if token.is_expired => "is over".to_owned(),
            Some(seconds) => format!("in {}", in_words(Duration::from_secs(seconds))),
            None if who.token == OPERATOR_KEY => "with its file".to_owned(),
            None => "never".to_owned(),
        };
        lines.push(format!("{}\t{}\t{rooms}\t{ends}\t{}", who.token, who.role, who.name));
    }
    lines.iter().for_each(|line| say(line));
    Ok(())
}

/// The largest unit that is not nothing.
fn in_words(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60);
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// A time such as `90m`, `12h`, `7d` or `4w`.
pub(crate) fn lasting(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is no time: write a number with m, h, d or w behind it, such as 7d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        'w' => 7 * 24 * 3600,
        _ => return Err(wrong()),
    };
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    if count == 0 { Err(wrong()) } else { Ok(Duration::from_secs(u64::from(count) * seconds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_a_unit() {
        let check =
            |text, expect: Option<u64>| assert_eq!(lasting(text).ok().map(|time| time.as_secs()), expect, "{text}");
        check("90m", Some(5_400));
        check("12h", Some(43_200));
        check("7d", Some(604_800));
        check("4w", Some(2_419_200));
        for wrong in ["", "7", "d", "0d", "-1d", "7y", "1.5h", "7д"] {
            check(wrong, None);
        }
        assert_eq!(in_words(Duration::from_secs(604_799)), "7 days");
        assert_eq!(in_words(Duration::from_secs(3_600)), "60 min");
    }
}
