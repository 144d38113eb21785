//! What a principal sees: everything in the workspaces on which it has a right of a mask.

use crate::db::record::Conditions;
use crate::{StoreError, Tx, Value};
use stoker_domain::ids::{EnvironmentId, WorkspaceId};

/// Id of the principal, and the rights of which it needs one.
pub(crate) type Viewer = (String, i64);

/// Most tasks and most workspaces whose runs are looked for one by one.
pub(crate) const LISTED: usize = 5_000;

/// Adds the condition that the workspace which `expression` gives is seen.
pub(crate) fn seen(conditions: &mut Conditions, expression: &str, viewer: &Viewer) {
    conditions.and(
        &format!(
            "{expression} IN (SELECT workspace_id FROM workspace_rights WHERE principal_id = ? AND rights & ? <> 0)"
        ),
        [Value::from(&viewer.0), Value::Int(viewer.1)],
    );
}

/// The workspaces that are seen and left by what is asked for.
pub(crate) struct Sight {
    workspaces: Vec<String>,
    viewer: Viewer,
    environment: Option<EnvironmentId>,
}

impl Sight {
    /// Those that lie in the environment, or are the one that is asked for.
    pub(crate) fn of(
        tx: &mut Tx<'_>,
        viewer: &Viewer,
        environment: Option<&EnvironmentId>,
        workspace: Option<&WorkspaceId>,
    ) -> Result<Self, StoreError> {
        let mut conditions = Conditions::default();
        conditions.and("principal_id = ?", [Value::from(&viewer.0)]);
        conditions.and("rights & ? <> 0", [viewer.1.into()]);
        if let Some(id) = workspace {
            conditions.and("workspace_id = ?", [id.into()]);
        }
        if let Some(id) = environment {
            conditions.and("workspace_id IN (SELECT id FROM workspaces WHERE environment_id = ?)", [id.into()]);
        }
        let sql =
            format!("SELECT workspace_id FROM workspace_rights {} ORDER BY workspace_id {{bytes}}", conditions.text());
        let workspaces =
            tx.query(&sql, conditions.values())?.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
        Ok(Self { workspaces, viewer: viewer.clone(), environment: environment.cloned() })
    }

    /// Leaves those for which it is true; the caller still asks for it where there are very many.
    pub(crate) fn retain(&mut self, wanted: impl FnMut(&String) -> bool) {
        self.workspaces.retain(wanted);
    }

    /// Whether nothing can be found.
    pub(crate) fn is_empty(&self) -> bool {
        self.workspaces.is_empty()
    }

    /// Adds the condition that the workspace which `expression` gives is one of them.
    pub(crate) fn inside(&self, conditions: &mut Conditions, expression: &str) {
        if self.workspaces.len() <= LISTED {
            return conditions.among(expression, self.workspaces.clone());
        }
        seen(conditions, expression, &self.viewer);
        if let Some(id) = &self.environment {
            let inside = "SELECT id FROM workspaces WHERE environment_id = ?";
            conditions.and(&format!("{expression} IN ({inside})"), [id.into()]);
        }
    }

    /// The ids that `from` gives under the conditions and inside, when they are at most [`LISTED`].
    pub(crate) fn listed(
        &self,
        tx: &mut Tx<'_>,
        from: &str,
        mut conditions: Conditions,
    ) -> Result<Option<Vec<String>>, StoreError> {
        self.inside(&mut conditions, "workspace_id");
        let most = i64::try_from(LISTED + 1).unwrap_or(i64::MAX);
        let (page, values) = conditions.paged(most, 0);
        let sql = format!("SELECT {from} {} {page}", conditions.text());
        let found = tx.query(&sql, &values)?.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
        Ok((found.len() <= LISTED).then_some(found))
    }
}
