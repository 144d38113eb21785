//! Connections, resources and projects.

use super::List;
use crate::handlers::{connections, projects, resources};
use crate::operations::Support;

/// The lines of these resources.
pub(super) fn fill(list: &mut List) {
    use Support::Complete;
    let connection = ("/orchestration/connections/{connectionId}", "/connections/{id}");
    list.both("GET", "/orchestration/connections", "/connections", Complete, connections::list);
    list.both("POST", "/orchestration/connections", "/connections", Complete, connections::create);
    list.both("GET", connection.0, connection.1, Complete, connections::get);
    list.both("PUT", connection.0, connection.1, Complete, connections::update);
    list.both("DELETE", connection.0, connection.1, Complete, connections::delete);
    let target = "/orchestration/connections/{connectionId}/move/{targetWorkspaceId}";
    list.newer("PUT", target, Complete, connections::relocate);

    let resource = ("/orchestration/resources/{resourceId}", "/resources/{id}");
    let upload = ("/orchestration/resources/{resourceId}/upload", "/resources/{id}/upload");
    list.both("GET", "/orchestration/resources", "/resources", Complete, resources::list);
    list.both("POST", "/orchestration/resources", "/resources", Complete, resources::create);
    list.both("GET", resource.0, resource.1, Complete, resources::get);
    list.newer("PATCH", resource.0, Complete, resources::update);
    list.older("PUT", resource.1, Complete, resources::update);
    list.both("DELETE", resource.0, resource.1, Complete, resources::delete);
    list.both("PUT", upload.0, upload.1, Complete, resources::upload);
    let target = "/orchestration/resources/{resourceId}/move/{targetWorkspaceId}";
    list.newer("PUT", target, Complete, resources::relocate);

    let project = ("/orchestration/projects/{projectId}", "/projects/{projectId}");
    let users = ("/orchestration/projects/{projectId}/users", "/projects/{projectId}/users");
    let groups = ("/orchestration/projects/{projectId}/groups", "/projects/{id}/groups");
    let user = ("/orchestration/projects/{projectId}/users/{userId}", "/projects/{projectId}/users/{userId}");
    let group = ("/orchestration/projects/{projectId}/groups/{groupId}", "/projects/{projectId}/groups/{groupId}");
    list.both("GET", "/orchestration/projects", "/projects", Complete, projects::list);
    list.both("POST", "/orchestration/projects", "/projects", Complete, projects::create);
    list.both("GET", project.0, project.1, Complete, projects::get);
    list.both("PUT", project.0, project.1, Complete, projects::update);
    list.both("DELETE", project.0, project.1, Complete, projects::delete);
    list.both("GET", users.0, users.1, Complete, projects::users);
    list.both("PUT", user.0, user.1, Complete, projects::add_user);
    list.both("DELETE", user.0, user.1, Complete, projects::remove_user);
    list.both("GET", groups.0, groups.1, Complete, projects::groups);
    list.both("PUT", group.0, group.1, Complete, projects::add_group);
    list.both("DELETE", group.0, group.1, Complete, projects::remove_group);
}
