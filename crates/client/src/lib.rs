//! Typed client for the HTTP interface of a Stoker server, and of any server that speaks the same published API.
//!
//! ```no_run
//! # async fn demo() -> Result<(), stoker_client::ClientError> {
//! use stoker_client::{Client, StartRun, Token};
//!
//! let client = Client::new("http://127.0.0.1:8080", Token::new("eyJ..."))?;
//! let run = client.start_run(&StartRun::of_task("66f0a1b2c3d4e5f60123000a")).await?;
//! let status = client.run(&run.execution_id).await?.status;
//! # let _ = status; Ok(()) }
//! ```
//!
//! One method per operation, named after what it does. Models keep fields they do not know in `extra`, so that reading an
//! object and writing it again loses nothing. Every failure is a [`ClientError`] that names the call and, where one is
//! known, the cure. The crate reads no clock and no file, and no environment variable except the usual ones that
//! name a proxy; it never retries by itself.

mod calls;
mod error;
mod model;
mod token;
mod transport;

pub use calls::access::Principal;
pub use calls::artifacts::ArtifactQuery;
pub use calls::engines::ProfilesOf;
pub use calls::executions::{LogQuery, RunQuery};
pub use calls::plans::Linked;
pub use calls::tasks::TaskQuery;
pub use error::ClientError;
pub use model::access::{AccessToken, NewServiceAccount, ServiceAccount, WorkspaceRights};
pub use model::artifacts::{Artifact, ArtifactParameter, ArtifactVersion, PublishTarget};
pub use model::catalog::{Connection, ConnectionParameter, NewConnection, NewResource, Resource};
pub use model::engines::{Cluster, Drain, Engine, EngineAtWork, NewCluster, NewEngine, NewRunProfile, RunProfile};
pub use model::executions::{
    LogEntry, LogPage, Run, RunExtract, RunStatus, StartRun, StartedRun, Timeline, TimelineEvent,
};
pub use model::people::{Group, Role, User, UserRequest};
pub use model::personal_tokens::{NewPersonalToken, PersonalToken};
pub use model::places::{Environment, NewEnvironment, NewProject, NewWorkspace, Project, Workspace};
pub use model::plans::{
    NewPlan, NewStep, Plan, PlanDetails, PlanRun, Schedule, StartPlan, StepRun, Trigger, UpcomingStart,
};
pub use model::promotions::{NewPromotion, PromotedPart, Promotion, PromotionReport, StartPromotion};
pub use model::settings::{ServerSetting, SettingValue, System, SystemDatabase, SystemDisk, SystemEngines, SystemRuns};
pub use model::tasks::{ArtifactRef, NewTask, Pause, RunConfig, Runtime, Task, TaskExtract, TaskUpdate};
pub use model::{Extra, Page};
pub use token::Token;
pub use transport::Client;
