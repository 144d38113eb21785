//! Predefined roles, and which permission ids a role may hold.

use crate::permission::Permission;

/// A role that every installation has and nobody changes.
#[derive(Clone, Copy, Debug)]
pub struct PredefinedRole {
    /// Its key in the database; never shown.
    pub key: &'static str,
    /// Its name (source: doc, except [`ADMINISTRATOR`]).
    pub name: &'static str,
    /// What it gives.
    pub permissions: &'static [Permission],
}

/// The key of the role with every permission, which the first user holds. Not published: no published role has the
/// permissions that only live in custom roles, for example to remove logs (source: inferred).
pub const ADMINISTRATOR: &str = "ADMINISTRATOR";

/// Keys of the roles that `admin=true` gives to a new user: the published administrators (source: inferred).
pub const ADMINISTRATORS: &[&str] = &["SECURITY", "PROJECT", "ENVIRONMENT", "INFRASTRUCTURE"];

/// All of them. Those of the integration developer are not published; publishing needs the permission of an operator
/// here (source: inferred).
pub const PREDEFINED: &[PredefinedRole] = &[
    PredefinedRole { key: ADMINISTRATOR, name: "Administrator", permissions: Permission::ALL },
    PredefinedRole {
        key: "SECURITY",
        name: "Security Administrator",
        permissions: &[
            Permission::UserManagement,
            Permission::RoleManagement,
            Permission::GroupManagement,
            Permission::SubscriptionManagement,
            Permission::SsoManagement,
            Permission::ServiceAccountManagement,
            Permission::AuditLogsView,
        ],
    },
    PredefinedRole {
        key: "PROJECT",
        name: "Project Administrator",
        permissions: &[Permission::ProjectManagement, Permission::UserLibraries],
    },
    PredefinedRole {
        key: "ENVIRONMENT",
        name: "Environment Administrator",
        permissions: &[
            Permission::PipelineManagement,
            Permission::EnvironmentManagement,
            Permission::PromotionExecution,
        ],
    },
    PredefinedRole {
        key: "INFRASTRUCTURE",
        name: "Infrastructure Administrator",
        permissions: &[
            Permission::ClusterManagement,
            Permission::StaticIpManagement,
            Permission::ExportLogsManagement,
            Permission::CloudConfigurationManagement,
            Permission::RunProfileManagement,
        ],
    },
    PredefinedRole {
        key: "OPERATOR",
        name: "Operator",
        permissions: &[Permission::Operator, Permission::RunProfileManagement],
    },
    PredefinedRole { key: "ASSETS", name: "Assets Manager", permissions: &[Permission::ConnectionResourceEdit] },
    PredefinedRole { key: "DEVELOPER", name: "Integration Developer", permissions: &[Permission::Operator] },
];

/// How ids of other applications begin, which roles of real accounts hold too (source: client). They are kept and decide
/// nothing here.
const OTHER_APPLICATIONS: &[&str] = &[
    "CONNECTION_",
    "CRAWLING_",
    "CUSTOM_ATTRIBUTE_",
    "DATASET_",
    "RULE_",
    "STREAM_",
    "TAPID_",
    "TAPIT_",
    "TDP_",
    "TDQ_",
    "TDS_",
    "TMC_POLICY_PASSWORD",
];

/// Whether a role may hold this permission id.
pub fn may_hold(id: &str) -> bool {
    let plain = id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    Permission::from_id(id).is_some() || (plain && OTHER_APPLICATIONS.iter().any(|start| id.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_names_are_unique_and_administrators_exist() {
        for (n, role) in PREDEFINED.iter().enumerate() {
            assert!(!role.permissions.is_empty());
            assert!(PREDEFINED[..n].iter().all(|other| other.key != role.key && other.name != role.name));
        }
        assert!(ADMINISTRATORS.iter().all(|key| PREDEFINED.iter().any(|role| role.key == *key)));
    }

    #[test]
    fn unknown_permissions_are_refused() {
        assert!(may_hold("TMC_OPERATOR") && may_hold("TDS_CAMPAIGN_OWNER"));
        for bad in ["", "TMC_EVERYTHING", "tmc_operator", "TDS_ x", "OTHER_THING"] {
            assert!(!may_hold(bad), "{bad}");
        }
    }
}
