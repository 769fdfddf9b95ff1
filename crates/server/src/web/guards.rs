use std::sync::Arc;
use std::time::Duration;

use axum::Router;

use super::door::Door;
use super::door::addresses::Addresses;
use super::guesses::{CODES, Guesses, TOKENS};
use super::refusals::Refusals;
use crate::config::Web;
use crate::tls::Encryption;

/// What stands between the network and the pages.
pub(crate) struct Guards {
    pub(super) web: Web,
    pub(super) encryption: Option<Encryption>,
    pub(super) addresses: Arc<Addresses>,
    pub(super) refusals: Arc<Refusals>,
    pub(super) tokens: Guesses,
    pub(super) codes: Guesses,
    /// How long the handshake of TLS may take, and then the head of each request.
    pub(super) head_within: Duration,
}

const HEAD_WITHIN: Duration = Duration::from_secs(10);

impl Guards {
    pub(crate) fn new(web: Web, encryption: Option<Encryption>) -> Guards {
        let addresses = Addresses::new(&web);
        let (tokens, codes) = (Guesses::new(TOKENS), Guesses::new(CODES));
        Guards { web, encryption, addresses, refusals: Arc::default(), tokens, codes, head_within: HEAD_WITHIN }
    }

    pub(super) fn door(&self, router: Router) -> Door {
        Door::new(self, router)
    }
}
