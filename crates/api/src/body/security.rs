//! Subscription, IP allowlist, role mappings, personal access tokens.

use super::body;
use serde::Serialize;
use stoker_domain::time::to_text;
use stoker_service::allowlist::AllowlistView;
use stoker_service::role_mappings::MappingView;
use stoker_service::rows::{IpEntry, TokenInfo};
use stoker_service::subscription::Usage;

/// What stands where a licence has a limit and this server has none.
const UNLIMITED: i64 = i32::MAX as i64;

body!(
    /// Engine tokens of a licence.
    TokensStatus {
        /// How many there are.
        total: i64,
        /// How many are in use.
        consumed: i64,
    }
);

body!(
    /// Engines of one kind.
    EngineStatus {
        /// The kind.
        r#type: &'static str,
        /// How many there are.
        consumed: i64,
    }
);

body!(
    /// Users of one application.
    Seat {
        /// The application.
        application: String,
        /// How many there may be.
        max_users: i64,
        /// How many there are.
        current_users: i64,
    }
);

body!(
    /// `Subscription` (source: spec; the values of a licence that does not exist are inferred).
    SubscriptionBody {
        /// `yyyy-MM-dd`.
        start_date: String,
        /// `yyyy-MM-dd`.
        end_date: String,
        /// Kind of licence.
        license_type: &'static str,
        /// Applications in use.
        applications: Vec<String>,
        /// Level of support.
        support_level: &'static str,
        /// Engine tokens.
        tokens_status: TokensStatus,
        /// Engines by kind.
        engines_status: Vec<EngineStatus>,
        /// Users by application.
        seats: Vec<Seat>,
    }
);

impl From<Usage> for SubscriptionBody {
    fn from(usage: Usage) -> Self {
        let day = |ms: i64| to_text(ms).chars().take(10).collect::<String>();
        Self {
            start_date: day(usage.began_ms),
            end_date: "9999-12-31".to_owned(),
            license_type: "SELF_HOSTED",
            applications: usage.seats.iter().map(|(name, _)| name.clone()).collect(),
            support_level: "COMMUNITY",
            tokens_status: TokensStatus {
                total: UNLIMITED,
                consumed: usage.engines.iter().map(|(_, count)| count).sum(),
            },
            engines_status: usage
                .engines
                .into_iter()
                .map(|(kind, consumed)| EngineStatus { r#type: kind, consumed })
                .collect(),
            seats: usage
                .seats
                .into_iter()
                .map(|(application, current_users)| Seat { application, max_users: UNLIMITED, current_users })
                .collect(),
        }
    }
}

body!(
    /// `IpEntry` (source: spec; `id` inferred).
    IpEntryBody {
        /// Its id.
        id: String,
        /// Address, network or range.
        ip: String,
        /// Free text.
        description: String,
    }
);

impl From<IpEntry> for IpEntryBody {
    fn from(entry: IpEntry) -> Self {
        Self { id: entry.id, ip: entry.ip, description: entry.description }
    }
}

body!(
    /// `IpAllowlist` (source: spec).
    AllowlistBody {
        /// Whether it acts.
        enabled: bool,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Its entries; left out when not asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        ips: Option<Vec<IpEntryBody>>,
    }
);

impl AllowlistBody {
    /// With its entries when `detailed`.
    pub fn of(view: AllowlistView, detailed: bool) -> Self {
        Self {
            enabled: view.list.enabled,
            description: view.list.description,
            ips: detailed.then(|| view.entries.into_iter().map(IpEntryBody::from).collect()),
        }
    }
}

body!(
    /// `RoleMapping` (source: spec).
    RoleMappingBody {
        /// Role name at the identity provider.
        name: String,
        /// Role names of this side.
        roles: Vec<String>,
    }
);

impl From<MappingView> for RoleMappingBody {
    fn from(view: MappingView) -> Self {
        Self { name: view.name, roles: view.roles }
    }
}

body!(
    /// A personal access token.
    TokenBody {
        /// Its id.
        id: String,
        /// What its owner calls it.
        name: String,
        /// When it was made.
        created_at: String,
        /// When it ends; never when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<String>,
        /// When it was last used.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_used_at: Option<String>,
        /// What goes into the `Authorization` header; only in the answer of the create call.
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    }
);

impl TokenBody {
    /// With the secret in the answer of a create call, without it everywhere else.
    pub fn of(info: TokenInfo, secret: Option<String>) -> Self {
        Self {
            id: info.id,
            name: info.name,
            created_at: to_text(info.created_ms),
            expires_at: info.expires_ms.map(to_text),
            last_used_at: info.used_ms.map(to_text),
            token: secret,
        }
    }
}
