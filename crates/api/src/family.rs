//! Families of paths: each has its own error body (source: spec, see the table in `docs/compatibility.md`).

/// Which error dialect and which version of a body an answer uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `/orchestration`, `/processing`, `/security/workspaces`, `/security/permissions`, `/account/subscription`, logs.
    Core,
    /// `/account/service-accounts`: `detail` instead of `message`.
    ServiceAccounts,
    /// `/monitoring/observability`: no `detail`.
    Observability,
    /// Users, groups, roles, allowlist, role mappings, audit, token: no body is published; this shape is inferred.
    Identity,
    /// `/processing/runtimes/dynamic-engines`, `/processing/runtimes/dynamic-engine-versions`.
    DynamicEngines,
    /// `/connections` (of datasets).
    Datasets,
    /// `/scim/v2` (RFC 7644).
    Scim,
    /// `/tmc/vX.Y`.
    Tmc(TmcVersion),
    /// Our own `/stoker/v1`, downloads and health.
    Stoker,
    /// `/engine/v1`: the engine link.
    Engine,
}

/// A version of the older, path-versioned generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TmcVersion {
    /// First number.
    pub major: u8,
    /// Second number.
    pub minor: u8,
}

/// Versions that are served; all with the shapes of 2.6, as far as an older one does not differ (source: inferred).
pub const TMC_VERSIONS: &[TmcVersion] = &[
    TmcVersion { major: 1, minor: 1 },
    TmcVersion { major: 1, minor: 2 },
    TmcVersion { major: 1, minor: 3 },
    TmcVersion { major: 2, minor: 0 },
    TmcVersion { major: 2, minor: 1 },
    TmcVersion { major: 2, minor: 2 },
    TmcVersion { major: 2, minor: 3 },
    TmcVersion { major: 2, minor: 4 },
    TmcVersion { major: 2, minor: 5 },
    TmcVersion { major: 2, minor: 6 },
];

impl TmcVersion {
    /// Reads `v2.6`.
    pub fn parse(segment: &str) -> Option<Self> {
        let (major, minor) = segment.strip_prefix('v')?.split_once('.')?;
        let version = Self { major: major.parse().ok()?, minor: minor.parse().ok()? };
        TMC_VERSIONS.contains(&version).then_some(version)
    }
}

impl Family {
    /// The family of a path of the version-agnostic generation or of our own.
    pub fn of(path: &str) -> Self {
        let starts =
            |prefix: &str| path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
        if starts("/engine/v1") {
            Family::Engine
        } else if starts("/account/service-accounts") {
            Family::ServiceAccounts
        } else if starts("/monitoring/observability") {
            Family::Observability
        } else if starts("/processing/runtimes/dynamic-engines")
            || starts("/processing/runtimes/dynamic-engine-versions")
        {
            Family::DynamicEngines
        } else if starts("/connections") {
            Family::Datasets
        } else if starts("/scim/v2") {
            Family::Scim
        } else if starts("/account/subscription") || starts("/security/workspaces") || starts("/security/permissions") {
            Family::Core
        } else if starts("/account") || starts("/security") {
            Family::Identity
        } else if starts("/orchestration") || starts("/processing") || starts("/monitoring") {
            Family::Core
        } else {
            Family::Stoker
        }
    }

    /// Whether it belongs to the older generation.
    pub fn is_tmc(self) -> bool {
        matches!(self, Family::Tmc(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_family() {
        assert_eq!(Family::of("/account/service-accounts/x"), Family::ServiceAccounts);
        assert_eq!(Family::of("/account/service-accountsx"), Family::Identity);
        assert_eq!(Family::of("/security/oauth/token"), Family::Identity);
        assert_eq!(Family::of("/processing/executions"), Family::Core);
        assert_eq!(Family::of("/processing/runtimes/dynamic-engine-versions"), Family::DynamicEngines);
        assert_eq!(Family::of("/stoker/v1/artifacts"), Family::Stoker);
        assert_eq!(TmcVersion::parse("v2.6"), Some(TmcVersion { major: 2, minor: 6 }));
        assert_eq!(TmcVersion::parse("v2.7"), None);
        assert_eq!(TmcVersion::parse("2.6"), None);
    }
}
