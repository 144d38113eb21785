//! Sessions and second factors.

use super::body;
use serde::Serialize;
use stoker_domain::time::to_text;
use stoker_service::second_factors::{SignInView, TotpView};
use stoker_service::session_list::ListedSession;

body!(
    /// A place where somebody is signed in.
    SessionBody {
        /// Its id.
        id: String,
        /// `password`, `token` or `openId`.
        way: String,
        /// When it was made.
        created_at: String,
        /// Its last use, to the minute.
        last_used_at: String,
        /// When it ends at the latest.
        expires_at: String,
        /// Address it was made from.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// What the browser called itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_agent: Option<String>,
        /// Whether it is the one that asks.
        current: bool,
    }
);

impl SessionBody {
    /// A session without its secret.
    pub fn of(session: ListedSession) -> Self {
        let ListedSession { row, current } = session;
        Self {
            id: row.id,
            way: row.way,
            created_at: to_text(row.created_ms),
            last_used_at: to_text(row.seen_ms),
            expires_at: to_text(row.expires_ms),
            address: row.address,
            user_agent: row.agent,
            current,
        }
    }
}

body!(
    /// How things stand with one's authenticator.
    TotpBody {
        /// Whether codes are asked for.
        enabled: bool,
        /// Whether one was begun that waits for its first code.
        begun: bool,
        /// Since when codes are asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        enabled_at: Option<String>,
        /// Recovery codes that are left.
        recovery_codes: i64,
    }
);

impl TotpBody {
    /// Packs it.
    pub fn of(view: TotpView) -> Self {
        Self {
            enabled: view.since_ms.is_some(),
            begun: view.begun,
            enabled_at: view.since_ms.map(to_text),
            recovery_codes: view.recovery_codes,
        }
    }
}

body!(
    /// A user with the ways in which it signs in.
    UserSignInBody {
        /// Id of the user.
        id: String,
        /// What one signs in with.
        login: String,
        /// Whether it may get in.
        active: bool,
        /// Whether it has a password.
        password: bool,
        /// Whether a code is asked for beside the password.
        totp: bool,
        /// Whether an identity provider has signed it in.
        open_id: bool,
        /// Last attempt to sign in.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_attempt_at: Option<String>,
    }
);

impl UserSignInBody {
    /// Packs it; nothing of a password or secret is in it.
    pub fn of(view: SignInView) -> Self {
        let SignInView { person, totp, open_id } = view;
        Self {
            id: person.id.to_string(),
            login: person.login,
            active: person.active,
            password: person.password_hash.is_some(),
            totp,
            open_id,
            last_attempt_at: person.attempt_ms.map(to_text),
        }
    }
}
