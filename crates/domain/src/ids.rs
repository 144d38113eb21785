//! Identifiers, each kind its own type, so that a workspace id cannot stand where an environment id is wanted.
//!
//! Shapes (source: spec and client): environment, workspace, task, artifact, engine, cluster and run-profile ids are
//! 24 hexadecimal characters, and so are those of connections, resources and projects; runs, users, groups and the
//! account have UUIDs; a service account has 32 letters and digits.

use crate::random::Random;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} ID is not valid id")]
pub struct InvalidId {
    /// The kind in words, for example `Workspace`.
    pub kind: &'static str,
}

fn is_object_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether the text has the shape of a UUID in lower case.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        })
}

fn is_alphanumeric_32(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn object_id(now_ms: i64, random: &dyn Random) -> String {
    let mut tail = [0u8; 8];
    random.fill(&mut tail);
    let seconds = (now_ms / 1000) as u32;
    format!("{seconds:08x}{:016x}", u64::from_be_bytes(tail))
}

/// A new random UUID (version 4).
pub fn uuid(random: &dyn Random) -> String {
    let mut bytes = [0u8; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// A new UUID that sorts by its time (version 7): rows of many runs are then written side by side.
pub fn uuid_by_time(now_ms: i64, random: &dyn Random) -> String {
    let mut bytes = [0u8; 10];
    random.fill(&mut bytes);
    uuid::Builder::from_unix_timestamp_millis(now_ms.max(0).cast_unsigned(), &bytes).into_uuid().to_string()
}

/// The smallest id that [`uuid_by_time`] makes at this instant, as a bound; it is no id itself.
pub fn uuid_bound(ms: i64) -> String {
    let hex = format!("{:012x}", ms.clamp(0, (1 << 48) - 1));
    format!("{}-{}", &hex[..8], &hex[8..])
}

/// 32 random letters and digits.
pub fn alphanumeric(length: usize, random: &dyn Random) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut byte = [0u8; 1];
        random.fill(&mut byte);
        // 248 is the largest multiple of 62 in a byte: values above it would favour the first letters.
        if byte[0] < 248 {
            text.push(char::from(ALPHABET[usize::from(byte[0]) % 62]));
        }
    }
    text
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:ident, $make:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks the shape of `text`; the error names the kind.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if $check(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId { kind: $kind }) }
            }

            /// Takes a value that this program wrote itself, for example out of its own database.
            pub fn trusted(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// A new identifier.
            pub fn generate(now_ms: i64, random: &dyn Random) -> Self {
                let make: fn(i64, &dyn Random) -> String = $make;
                Self(make(now_ms, random))
            }

            /// The text form, as it stands in URLs and bodies.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

id!(
    /// The one account of this installation.
    AccountId, "Account", is_uuid, |_, r| uuid(r));
id!(
    /// A person.
    UserId, "User", is_uuid, |_, r| uuid(r));
id!(
    /// A role.
    RoleId, "Role", is_uuid, |_, r| uuid(r));
id!(
    /// A group of users.
    GroupId, "Group", is_uuid, |_, r| uuid(r));
id!(
    /// A service account; also its OAuth client id.
    ServiceAccountId, "Service account", is_alphanumeric_32, |_, r| alphanumeric(32, r));
id!(
    /// An environment.
    EnvironmentId, "Environment", is_object_id, object_id);
id!(
    /// A workspace.
    WorkspaceId, "Workspace", is_object_id, object_id);
id!(
    /// An artifact (all its versions together).
    ArtifactId, "Artifact", is_object_id, object_id);
id!(
    /// A task.
    TaskId, "Task", is_object_id, object_id);
id!(
    /// An engine entity.
    EngineId, "Engine", is_object_id, object_id);
id!(
    /// A cluster.
    ClusterId, "Cluster", is_object_id, object_id);
id!(
    /// A Gen2 engine.
    PipelineEngineId, "Engine", is_object_id, object_id);
id!(
    /// A project of API tests in the console.
    TestProjectId, "Test project", is_object_id, object_id);
id!(
    /// A run of API tests.
    TestRunId, "Test run", is_uuid, uuid_by_time);
id!(
    /// A Dynamic Engine (source: spec, an opaque text; the shape is that of other engines).
    DynamicEngineId, "Dynamic Engine", is_object_id, object_id);
id!(
    /// A run profile.
    RunProfileId, "Run profile", is_object_id, object_id);
id!(
    /// A schedule (source: spec, an opaque text; the shape is ours).
    ScheduleId, "Schedule", is_object_id, object_id);
id!(
    /// A trigger of a schedule; never in a body.
    TriggerId, "Trigger", is_object_id, object_id);
id!(
    /// A run (*execution* in API paths).
    RunId, "Task execution", is_uuid, uuid_by_time);

id!(
    /// A connection.
    ConnectionId, "Connection", is_object_id, object_id);
id!(
    /// A resource.
    ResourceId, "Resource", is_object_id, object_id);
id!(
    /// A project.
    ProjectId, "Project", is_object_id, object_id);

id!(
    /// A plan.
    PlanId, "Plan", is_uuid, |_, r| uuid(r));
id!(
    /// A step of a plan.
    StepId, "Step", is_uuid, |_, r| uuid(r));
id!(
    /// A plan run (*plan execution* in API paths).
    PlanRunId, "Plan execution", is_uuid, |_, r| uuid(r));
id!(
    /// A step run (*step execution* in API paths).
    StepRunId, "Step execution", is_uuid, |_, r| uuid(r));

id!(
    /// A promotion.
    PromotionId, "Promotion", is_object_id, object_id);
id!(
    /// A promotion run (*promotion execution* in API paths).
    PromotionRunId, "Promotion execution", is_uuid, uuid_by_time);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn generated_ids_have_the_published_shapes() {
        let random = SeededRandom::new(7);
        for _ in 0..200 {
            let task = TaskId::generate(1_790_000_000_000, &random);
            assert_eq!(TaskId::parse(task.as_str()).as_ref(), Ok(&task));
            let run = RunId::generate(0, &random);
            assert_eq!(RunId::parse(run.as_str()).as_ref(), Ok(&run));
            let request = uuid(&random);
            assert!(is_uuid(&request), "{request}");
            let account = ServiceAccountId::generate(0, &random);
            assert_eq!(ServiceAccountId::parse(account.as_str()).as_ref(), Ok(&account));
        }
    }

    #[test]
    fn ids_by_time_lie_between_the_bounds_of_their_instant() {
        let random = SeededRandom::new(7);
        for ms in [0, 1, 1_770_109_200_000, 1_770_109_200_001] {
            let id = uuid_by_time(ms, &random);
            assert!(uuid_bound(ms) <= id && id < uuid_bound(ms + 1), "{id}");
        }
    }

    #[test]
    fn wrong_shapes_are_refused_with_the_kind() {
        for bad in [
            "",
            "x",
            "66f0a1b2c3d4e5f60123000",
            "66f0a1b2c3d4e5f60123000G",
            "66F0A1B2C3D4E5F60123000A",
            "../../etc/passwd",
        ] {
            assert_eq!(
                WorkspaceId::parse(bad).map_err(|e| e.to_string()),
                Err("Workspace ID is not valid id".to_owned())
            );
            assert!(RunId::parse(bad).is_err());
        }
    }
}
