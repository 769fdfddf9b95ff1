use std::fmt;

use super::Tenant;

/// How to reach NATS, and whose rooms are meant.
#[derive(Clone, Debug)]
pub struct NatsOptions {
    /// Addresses such as `nats://10.0.0.1:4222` (or `tls://…`), at least one; none holds a password.
    pub servers: Vec<String>,
    /// Whose rooms.
    pub tenant: Tenant,
    /// How many servers keep each log: 1, 3 or 5, and no more than there are. Counts when a log is made.
    pub replicas: usize,
    /// How this machine says who it is.
    pub credentials: Credentials,
    /// What the machine is called in the lists of NATS.
    pub name: String,
}

/// How a machine says to NATS who it is. Its `Debug` form shows no secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// It does not.
    #[default]
    None,
    /// With a token.
    Token(String),
    /// With a name and a password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// With the text of a `.creds` file of `nsc`.
    Creds(String),
}

/// A text that is none of the forms of [`Credentials`]. It does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write one line, USER:PASSWORD or a token, or the text of a .creds file of nsc")]
pub struct UnfitCredentials;

impl Credentials {
    /// Reads what a file or the environment holds: the text of a `.creds` file, or a line `USER:PASSWORD`, or a line with
    /// a token.
    pub fn parse(text: &str) -> Result<Credentials, UnfitCredentials> {
        let text = text.trim();
        if text.contains("BEGIN NATS USER JWT") {
            return Ok(Credentials::Creds(text.to_owned()));
        }
        if text.is_empty() || text.contains(char::is_whitespace) {
            return Err(UnfitCredentials);
        }
        Ok(match text.split_once(':') {
            Some((user, password)) => Credentials::Password { user: user.into(), password: password.into() },
            None => Credentials::Token(text.to_owned()),
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::None => "None",
            Credentials::Token(_) => "Token(secret)",
            Credentials::Password { .. } => "Password(secret)",
            Credentials::Creds(_) => "Creds(secret)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_told_apart_and_never_shown() {
        let check = |text: &str, expect: Result<Credentials, UnfitCredentials>| {
            let read = Credentials::parse(text);
            assert_eq!(read, expect, "{text:?}");
            assert!(!format!("{read:?}").contains("s3cret"), "{read:?}");
        };
        check("s3cret\n", Ok(Credentials::Token("s3cret".into())));
        check("edge:s3cret:x\n", Ok(Credentials::Password { user: "edge".into(), password: "s3cret:x".into() }));
        let creds = "-----BEGIN NATS USER JWT-----\ns3cret\n------END NATS USER JWT------";
        check(creds, Ok(Credentials::Creds(creds.into())));
        check(" \n", Err(UnfitCredentials));
        check("two words", Err(UnfitCredentials));
    }
}
