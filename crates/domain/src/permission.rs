//! Account permissions, predefined roles and workspace rights.
//!
//! Two layers decide every call (source: doc): an account permission held through roles or, by a service account,
//! directly; and rights on the workspace of the object.

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $service:literal;)+) => {
        /// An account permission; the id is what stands in bodies.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {
            $($(#[$doc])* $variant,)+
        }

        impl Permission {
            /// Every permission of the catalogue, in its order.
            pub const ALL: &'static [Permission] = &[$(Permission::$variant,)+];

            /// The published id, for example `TMC_OPERATOR`.
            pub fn id(self) -> &'static str {
                match self { $(Permission::$variant => $id,)+ }
            }

            /// The permission with this id.
            pub fn from_id(id: &str) -> Option<Self> {
                match id { $($id => Some(Permission::$variant),)+ _ => None }
            }

            /// Whether a service account may hold it (source: doc for those seen granted, inferred for the rest).
            pub fn for_service_accounts(self) -> bool {
                match self { $(Permission::$variant => $service,)+ }
            }
        }
    };
}

permissions! {
    /// Tasks, plans, schedules, runs, metrics, within workspace rights.
    Operator = "TMC_OPERATOR", true;
    /// See and use engines and run profiles, start tasks.
    EngineUse = "TMC_ENGINE_USE", true;
    /// Engines, clusters, pairing.
    ClusterManagement = "TMC_CLUSTER_MANAGEMENT", true;
    /// Run profiles.
    RunProfileManagement = "TMC_RUN_PROFILE_MANAGEMENT", true;
    /// Environments, workspaces, workspace rights.
    EnvironmentManagement = "TMC_ENVIRONMENT_MANAGEMENT", true;
    /// Define promotions and their promoters.
    PipelineManagement = "TMC_PIPELINE_MANAGEMENT", true;
    /// Analyse and run promotions one is assigned to.
    PromotionExecution = "TMC_PROMOTION_EXECUTION", true;
    /// Projects and project authorizations; never by a service account (source: spec).
    ProjectManagement = "TMC_PROJECT_MANAGEMENT", false;
    /// User libraries.
    UserLibraries = "TMC_CONFIGURATION_NEXUS_USERLIBS", false;
    /// Connections and resources.
    ConnectionResourceEdit = "TMC_CONNECTION_RESOURCE_EDIT", true;
    /// Users, IP allowlist, rights of service accounts.
    UserManagement = "TMC_USER_MANAGEMENT", true;
    /// Groups.
    GroupManagement = "TMC_GROUP_MANAGEMENT", true;
    /// Roles.
    RoleManagement = "TMC_ROLE_MANAGEMENT", true;
    /// Service accounts.
    ServiceAccountManagement = "TMC_SERVICE_ACCOUNT_MANAGEMENT", true;
    /// Subscription data.
    SubscriptionManagement = "TMC_SUBSCRIPTION_MANAGEMENT", true;
    /// Single sign-on, role mapping.
    SsoManagement = "TMC_SSO_MANAGEMENT", false;
    /// Static IPs.
    StaticIpManagement = "TMC_STATIC_IP_MANAGEMENT", false;
    /// External log export.
    ExportLogsManagement = "TMC_EXPORT_LOGS_MANAGEMENT", false;
    /// Cloud configurations.
    CloudConfigurationManagement = "TMC_CLOUD_CONFIGURATION_MANAGEMENT", false;
    /// Audit log API.
    AuditLogsView = "AUDIT_LOGS_VIEW", true;
    /// Delete the log of a run.
    ExecutionLogsDelete = "EXECUTION_LOGS_DELETE", true;
    /// Read one Dynamic Engine.
    DynamicEngineRead = "DYN_ENGINE_READ", true;
}

/// What kind of principal acts or holds rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PrincipalKind {
    /// A person.
    #[serde(rename = "HUMAN")]
    Human,
    /// A service account.
    #[serde(rename = "SERVICE")]
    Service,
}

impl PrincipalKind {
    /// `HUMAN` or `SERVICE`, as in bodies and tables.
    pub fn id(self) -> &'static str {
        match self {
            Self::Human => "HUMAN",
            Self::Service => "SERVICE",
        }
    }

    /// Reads what [`PrincipalKind::id`] wrote.
    pub fn from_id(id: &str) -> Option<Self> {
        match id {
            "HUMAN" => Some(Self::Human),
            "SERVICE" => Some(Self::Service),
            _ => None,
        }
    }
}

/// A right on one workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// Create, change, delete tasks and plans.
    Author,
    /// Run, stop, pause, resume; run configuration; attach schedules.
    Execute,
    /// See tasks, plans, runs and logs.
    View,
    /// Older right for artifacts, connections and resources.
    Manage,
    /// Publish artifacts into the workspace.
    Publish,
}

impl Right {
    /// All rights in the order of the published enumeration.
    pub const ALL: [Right; 5] = [Right::Author, Right::Execute, Right::View, Right::Manage, Right::Publish];

    /// The published id, for example `EXECUTE`.
    pub fn id(self) -> &'static str {
        match self {
            Right::Author => "AUTHOR",
            Right::Execute => "EXECUTE",
            Right::View => "VIEW",
            Right::Manage => "MANAGE",
            Right::Publish => "PUBLISH",
        }
    }

    /// The right with this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.id() == id)
    }

    fn bit(self) -> i64 {
        1 << (self as i64)
    }
}

/// A set of rights on one workspace; stored as a bit mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Rights(i64);

impl Rights {
    /// Every right: what the owner of a workspace gets (source: inferred).
    pub fn all() -> Self {
        Right::ALL.into_iter().collect()
    }

    /// The stored mask.
    pub fn mask(self) -> i64 {
        self.0
    }

    /// Reads a stored mask; unknown bits are dropped.
    pub fn from_mask(mask: i64) -> Self {
        Self(mask & Self::all().0)
    }

    /// Whether `right` is in the set.
    pub fn has(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }

    /// Whether any of `rights` is in the set.
    pub fn has_any(self, rights: Rights) -> bool {
        self.0 & rights.0 != 0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The ids in the order of the published enumeration.
    pub fn ids(self) -> Vec<&'static str> {
        Right::ALL.into_iter().filter(|r| self.has(*r)).map(Right::id).collect()
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<T: IntoIterator<Item = Right>>(iter: T) -> Self {
        Self(iter.into_iter().fold(0, |mask, right| mask | right.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_id(permission.id()), Some(*permission));
        }
        assert_eq!(Permission::from_id("TMC_EVERYTHING"), None);
        for right in Right::ALL {
            assert_eq!(Right::from_id(right.id()), Some(right));
        }
    }

    #[test]
    fn rights_keep_their_members_over_the_mask() {
        let rights: Rights = [Right::Execute, Right::View].into_iter().collect();
        let back = Rights::from_mask(rights.mask());
        assert_eq!(back.ids(), ["EXECUTE", "VIEW"]);
        assert!(!back.has(Right::Author));
        assert_eq!(Rights::from_mask(-1), Rights::all());
    }
}
