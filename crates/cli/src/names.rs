//! From what people type, a name or an id, to the object.

use crate::exit::{Exit, Failure, Result};
use crate::pages::{self, PAGE};
use crate::text::{count, is_object_id, is_uuid, printable};
use stoker_client::{
    Artifact, ArtifactQuery, Client, Cluster, Connection, Engine, Environment, Group, PersonalToken, ProfilesOf,
    Project, Promotion, Resource, Role, RunProfile, RunQuery, Schedule, ServiceAccount, TaskQuery, User, Workspace,
};

/// A kind of object, for messages.
struct Kind {
    one: &'static str,
    /// The command that lists them.
    list: &'static str,
}

/// The object with that id, or else the only one with exactly that name. `place` tells objects of one name apart.
fn pick<T>(
    kind: &Kind,
    wanted: &str,
    mut items: Vec<T>,
    key: impl Fn(&T) -> (&str, &str),
    place: impl Fn(&T) -> String,
) -> Result<T> {
    if let Some(at) = items.iter().position(|item| key(item).0 == wanted) {
        return Ok(items.swap_remove(at));
    }
    items.retain(|item| key(item).1 == wanted);
    if items.len() > 1 {
        let lines = items.iter().map(|item| format!("  {}  {}", key(item).0, place(item)));
        let list = lines.map(|line| printable(&line)).collect::<Vec<_>>().join("\n");
        return Err(Failure::new(Exit::Failed, format!("`{wanted}` is the name of {}", count(items.len(), kind.one)))
            .hint(format!("give the id instead, one of\n{list}")));
    }
    items.pop().ok_or_else(|| {
        Failure::new(Exit::Failed, format!("there is no {} `{wanted}`, or you may not see it", kind.one))
            .hint(format!("look with `stoker {} list`", kind.list))
    })
}

/// `Sales (DEV)`.
pub(crate) fn place(workspace: &Workspace) -> String {
    match workspace.environment_name() {
        "" => workspace.name.clone(),
        environment => format!("{} ({environment})", workspace.name),
    }
}

pub(crate) async fn environment(client: &Client, wanted: &str) -> Result<Environment> {
    let kind = Kind { one: "environment", list: "environments" };
    pick(&kind, wanted, client.environments().await?, |item| (&item.id, &item.name), |_| String::new())
}

/// A workspace; `environment` (a name or id) narrows the search.
pub(crate) async fn workspace(client: &Client, wanted: &str, environment: Option<&str>) -> Result<Workspace> {
    let mut all = client.workspaces(None).await?;
    if let Some(environment) = environment {
        all.retain(|item| item.environment_id() == Some(environment) || item.environment_name() == environment);
    }
    let kind = Kind { one: "workspace", list: "workspaces" };
    pick(&kind, wanted, all, |item| (&item.id, &item.name), |item| item.environment_name().to_owned())
}

/// An artifact; `workspace_id` narrows the search.
pub(crate) async fn artifact(client: &Client, wanted: &str, workspace_id: Option<&str>) -> Result<Artifact> {
    if is_object_id(wanted) {
        return Ok(client.artifact(wanted).await?);
    }
    let query = ArtifactQuery {
        workspace_id: workspace_id.map(str::to_owned),
        name: Some(wanted.to_owned()),
        limit: Some(PAGE),
        ..ArtifactQuery::default()
    };
    let found =
        pages::all(usize::MAX, async |offset| client.artifacts(&ArtifactQuery { offset, ..query.clone() }).await);
    let kind = Kind { one: "artifact", list: "artifacts" };
    pick(&kind, wanted, found.await?, |item| (&item.id, &item.name), |item| place(&item.workspace))
}

/// Id and name of a task. An id is taken as it is, with the id as name.
pub(crate) async fn task(client: &Client, wanted: &str) -> Result<(String, String)> {
    if is_object_id(wanted) {
        return Ok((wanted.to_owned(), wanted.to_owned()));
    }
    let query = TaskQuery { name: Some(wanted.to_owned()), limit: Some(PAGE), ..TaskQuery::default() };
    let found = pages::all(usize::MAX, async |offset| client.tasks(&TaskQuery { offset, ..query.clone() }).await);
    let kind = Kind { one: "task", list: "tasks" };
    let place = |item: &stoker_client::TaskExtract| place(&item.workspace);
    let task = pick(&kind, wanted, found.await?, |item| (&item.executable, &item.name), place)?;
    Ok((task.executable, task.name))
}

/// Id and name of a plan. An id is taken as it is, with the id as name.
pub(crate) async fn plan(client: &Client, wanted: &str) -> Result<(String, String)> {
    if is_uuid(wanted) {
        return Ok((wanted.to_owned(), wanted.to_owned()));
    }
    let found = pages::all(usize::MAX, async |offset| client.plans(None, Some(wanted), offset).await);
    let kind = Kind { one: "plan", list: "plans" };
    let place = |item: &stoker_client::PlanDetails| place(&item.workspace);
    let plan = pick(&kind, wanted, found.await?, |item| (&item.executable, &item.name), place)?;
    Ok((plan.executable, plan.name))
}

pub(crate) async fn connection(client: &Client, wanted: &str) -> Result<Connection> {
    if is_object_id(wanted) {
        return Ok(client.connection(wanted).await?);
    }
    let found = pages::all(usize::MAX, async |offset| client.connections(None, Some(wanted), offset).await).await?;
    let kind = Kind { one: "connection", list: "connections" };
    pick(&kind, wanted, found, |item| (&item.id, &item.name), |item| place(&item.workspace))
}

pub(crate) async fn resource(client: &Client, wanted: &str) -> Result<Resource> {
    if is_object_id(wanted) {
        return Ok(client.resource(wanted).await?);
    }
    let found = pages::all(usize::MAX, async |offset| client.resources(None, Some(wanted), offset).await).await?;
    let kind = Kind { one: "resource", list: "resources" };
    pick(&kind, wanted, found, |item| (&item.id, &item.name), |item| place(&item.workspace_info))
}

pub(crate) async fn promotion(client: &Client, wanted: &str) -> Result<Promotion> {
    let kind = Kind { one: "promotion", list: "promotions" };
    let found = client.promotions().await?;
    pick(
        &kind,
        wanted,
        found,
        |item| (&item.executable, &item.name),
        |item| item.description.clone().unwrap_or_default(),
    )
}

/// A schedule, by its id or its exact description: it has no name.
pub(crate) async fn schedule(client: &Client, wanted: &str) -> Result<Schedule> {
    let found = pages::all(usize::MAX, async |offset| client.schedules(None, offset).await).await?;
    let kind = Kind { one: "schedule", list: "schedules" };
    let place = |item: &Schedule| item.executable_id.clone().unwrap_or_default();
    pick(&kind, wanted, found, |item| (&item.id, &item.description), place)
}

/// Id of a run. The name or id of a task means its newest run.
pub(crate) async fn run(client: &Client, wanted: &str) -> Result<String> {
    if is_uuid(wanted) {
        return Ok(wanted.to_owned());
    }
    let (task_id, name) = task(client, wanted).await?;
    let query = RunQuery { task_id: Some(task_id), limit: Some(1), ..RunQuery::default() };
    let newest = client.runs(&query).await?.items.into_iter().next();
    newest.map(|run| run.execution_id).ok_or_else(|| {
        Failure::new(Exit::Failed, format!("task `{name}` has no run in the last 60 days"))
            .hint(format!("start one with `stoker run {name}`"))
    })
}

pub(crate) async fn engine(client: &Client, wanted: &str) -> Result<Engine> {
    let kind = Kind { one: "engine", list: "engines" };
    let engine_place = |item: &Engine| item.workspace.as_ref().map(place).unwrap_or_default();
    pick(&kind, wanted, client.engines(None).await?, |item| (&item.id, &item.name), engine_place)
}

pub(crate) async fn cluster(client: &Client, wanted: &str) -> Result<Cluster> {
    let kind = Kind { one: "cluster", list: "clusters" };
    let cluster_place = |item: &Cluster| item.workspace.as_ref().map(place).unwrap_or_default();
    pick(&kind, wanted, client.clusters(None).await?, |item| (&item.id, &item.name), cluster_place)
}

/// A project by its id or its exact name.
pub(crate) async fn project(client: &Client, wanted: &str) -> Result<Project> {
    let name = (!is_object_id(wanted)).then_some(wanted);
    let found = pages::all(usize::MAX, async |offset| client.projects(name, offset).await).await?;
    let kind = Kind { one: "project", list: "projects" };
    pick(&kind, wanted, found, |item| (&item.id, &item.name), |_| String::new())
}

/// A run profile of an engine or cluster.
pub(crate) async fn run_profile(client: &Client, of: &ProfilesOf, wanted: &str) -> Result<RunProfile> {
    let kind = Kind { one: "run profile", list: "run-profiles" };
    pick(&kind, wanted, client.run_profiles(of).await?, |item| (&item.id, &item.name), |_| String::new())
}

pub(crate) async fn service_account(client: &Client, wanted: &str) -> Result<ServiceAccount> {
    let kind = Kind { one: "service account", list: "service-accounts" };
    pick(&kind, wanted, client.service_accounts().await?, |item| (&item.id, &item.name), |_| String::new())
}

/// A user, by login or id.
pub(crate) async fn user(client: &Client, wanted: &str) -> Result<User> {
    let kind = Kind { one: "user", list: "users" };
    pick(&kind, wanted, client.users().await?, |item| (&item.id, &item.login), |_| String::new())
}

pub(crate) async fn group(client: &Client, wanted: &str) -> Result<Group> {
    let kind = Kind { one: "group", list: "groups" };
    pick(&kind, wanted, client.groups().await?, |item| (&item.id, &item.name), |_| String::new())
}

pub(crate) async fn role(client: &Client, wanted: &str) -> Result<Role> {
    let kind = Kind { one: "role", list: "roles" };
    pick(&kind, wanted, client.roles().await?, |item| (&item.id, &item.name), |_| String::new())
}

/// One of the caller's own personal access tokens.
pub(crate) async fn personal_token(client: &Client, wanted: &str) -> Result<PersonalToken> {
    let kind = Kind { one: "personal access token", list: "tokens" };
    let made = |item: &PersonalToken| format!("made {}", item.created_at);
    pick(&kind, wanted, client.personal_tokens().await?, |item| (&item.id, &item.name), made)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind { one: "task", list: "tasks" };

    fn pick_of(items: &[(&str, &str, &str)], wanted: &str) -> Result<String> {
        let items: Vec<_> = items.to_vec();
        pick(&KIND, wanted, items, |item| (item.0, item.1), |item| item.2.to_owned()).map(|item| item.0.to_owned())
    }

    #[test]
    fn a_name_must_be_exact_and_alone() {
        let items = [("1", "load", "A"), ("2", "load orders", "A"), ("3", "Load", "A")];
        assert_eq!(pick_of(&items, "load").unwrap(), "1");
        assert_eq!(pick_of(&items, "3").unwrap(), "3");
    }

    #[test]
    fn an_id_beats_a_name() {
        assert_eq!(pick_of(&[("1", "2", "A"), ("2", "x", "A")], "2").unwrap(), "2");
    }

    #[test]
    fn an_ambiguous_name_lists_the_candidates() {
        let failure = pick_of(&[("1", "load", "Sales (DEV)"), ("2", "load", "Sales (PROD)")], "load").unwrap_err();
        assert_eq!(failure.message, "`load` is the name of 2 tasks");
        assert_eq!(failure.hint.unwrap(), "give the id instead, one of\n  1  Sales (DEV)\n  2  Sales (PROD)");
    }

    #[test]
    fn an_unknown_name_says_where_to_look() {
        let failure = pick_of(&[("1", "load", "")], "lod").unwrap_err();
        assert_eq!(failure.message, "there is no task `lod`, or you may not see it");
        assert_eq!(failure.hint.unwrap(), "look with `stoker tasks list`");
    }
}
