//! Bodies that go out, in the published shapes. Absent values are left out; instants have milliseconds and `Z`.

mod accounts;
mod artifacts;
mod audit;
mod audit_search;
mod catalog;
mod dynamic;
mod engines;
pub mod history;
mod ledger;
pub mod observability;
mod people;
mod pipeline;
mod plan_runs;
mod plans;
mod promotions;
mod runs;
mod schedules;
mod security;
mod sign_in;
mod tasks;
mod workspaces;

pub use accounts::ServiceAccountBody;
pub use artifacts::{ArtifactBody, ArtifactVersionBody};
pub use audit::AuditBody;
pub use audit_search::{AuditDifference, AuditEventBody, AuditFound};
pub use catalog::{ConnectionBody, ProjectBody, ResourceBody};
pub use dynamic::{DynamicEngineBody, DynamicEnvironmentBody, JobProfileBody, ProfileItem, ServicesStatusBody};
pub use engines::{ClusterBody, EngineBody, RunProfileBody, engine_services};
pub use people::{GroupBody, MeBody, RoleBody, UserBody};
pub use pipeline::{PipelineEngineBody, PipelineProfileItem, pipeline_profile};
pub use plan_runs::{PlanRunBody, StepRunBody, StepRunItem, plan_timeline};
pub use plans::{PlanBody, plan_details, plan_page, plan_run_config};
pub use promotions::{PromotionBody, promotion_run, promotion_run_line, promotion_users};
pub use runs::{RunBody, RunListItem, run_summary, timeline};
pub use schedules::{EventBody, FireBody, ScheduleBody};
pub use security::{AllowlistBody, IpEntryBody, RoleMappingBody, SubscriptionBody, TokenBody};
pub use sign_in::{SessionBody, TotpBody, UserSignInBody};
pub use tasks::{TaskBody, TaskExtract, de_run_config, run_config};
pub use workspaces::{EnvironmentInfo, WorkspaceBody, WorkspaceInfo};

use serde::Serialize;
use stoker_service::Page;

macro_rules! body {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($(#[$fdoc])* pub $field: $type,)* }
    };
}

use body;

body!(
    /// A page of the offset style.
    PageBody {
        /// The items.
        items: Vec<serde_json::Value>,
        /// The size asked for.
        limit: i64,
        /// The offset asked for, also past the end (source: client, a pager counts on it).
        offset: i64,
        /// All items.
        total: i64,
    }
);

impl PageBody {
    /// Packs a page with `each` item as a body.
    pub fn of<T, B: Serialize>(page: Page<T>, each: impl Fn(T) -> B) -> Self {
        let items = page.items.into_iter().map(|item| serde_json::to_value(each(item)).unwrap_or_default()).collect();
        Self { items, limit: page.limit, offset: page.offset, total: page.total }
    }
}
