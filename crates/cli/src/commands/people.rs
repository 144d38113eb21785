//! `stoker users`, `stoker groups` and `stoker roles`.

use super::{App, yes};
use crate::exit::Result;
use crate::names;
use crate::secret_input::{ask, from_file};
use std::path::PathBuf;
use stoker_client::{Client, Role, User, UserRequest};

#[derive(clap::Subcommand)]
pub(crate) enum UsersCommand {
    /// List the users
    List,
    /// Make a user and print its id; the first password is asked for, or read from standard input
    Create {
        /// What the person signs in with
        login: String,
        /// Mail address
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// First name
        #[arg(long, value_name = "NAME")]
        first_name: String,
        /// Last name
        #[arg(long, value_name = "NAME")]
        last_name: String,
        /// Role, for example Operator; may be given several times. Nobody can sign in without one
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// Set no password, for people who sign in elsewhere
        #[arg(long, conflicts_with = "password_file")]
        no_password: bool,
        /// File that holds the first password
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Let a user in no more: sessions and tokens stop within a second, nothing is removed
    Block {
        /// The user, by login or id
        user: String,
    },
    /// Let a blocked user in again
    Unblock {
        /// The user, by login or id
        user: String,
    },
    /// Remove a user with its tokens and rights; what it did stays under its login
    Delete {
        /// The user, by login or id
        user: String,
    },
    /// Set another password, which is asked for or read from standard input; the user's sessions end
    Reset {
        /// The user, by login or id
        user: String,
        /// File that holds the password
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Take the second factor away instead, for somebody who lost it; the password stays
        #[arg(long, conflicts_with = "password_file")]
        second_factor: bool,
    },
    /// Give a user a role
    Give {
        /// The user, by login or id
        user: String,
        /// The role; may be given several times
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<String>,
    },
    /// Take a role from a user
    Take {
        /// The user, by login or id
        user: String,
        /// The role
        #[arg(long, value_name = "ROLE")]
        role: String,
    },
}

#[derive(clap::Subcommand)]
pub(crate) enum GroupsCommand {
    /// List the groups
    List,
    /// Make a group and print its id
    Create {
        /// Name
        name: String,
        /// Member, by login or id; may be given several times
        #[arg(long = "user", value_name = "USER")]
        users: Vec<String>,
    },
    /// Put users into a group
    Add {
        /// The group
        group: String,
        /// Member, by login or id; may be given several times
        #[arg(long = "user", value_name = "USER", required = true)]
        users: Vec<String>,
    },
    /// Take a user out of a group
    Remove {
        /// The group
        group: String,
        /// Member, by login or id
        #[arg(long, value_name = "USER")]
        user: String,
    },
    /// Remove a group; its members stay
    Delete {
        /// The group
        group: String,
    },
}

#[derive(clap::Subcommand)]
pub(crate) enum RolesCommand {
    /// List the roles, the predefined ones among them
    List,
    /// Make a role and print its id
    Create {
        /// Name
        name: String,
        /// Permission, for example TMC_OPERATOR; may be given several times
        #[arg(long = "permission", value_name = "PERMISSION", required = true)]
        permissions: Vec<String>,
    },
    /// Remove a role that nobody holds
    Delete {
        /// The role
        role: String,
    },
}

/// A password that is set: from a file, or asked for.
fn password(app: &App, login: &str, file: Option<&PathBuf>) -> Result<String> {
    match file {
        Some(path) => from_file(path),
        None => ask(&format!("the new password of {login}"), app.around.stdin_is_terminal),
    }
}

async fn role_ids(client: &Client, wanted: &[String]) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for one in wanted {
        ids.push(names::role(client, one).await?.id);
    }
    Ok(ids)
}

async fn user_ids(client: &Client, wanted: &[String]) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for one in wanted {
        ids.push(names::user(client, one).await?.id);
    }
    Ok(ids)
}

fn role_names(roles: &[Role]) -> String {
    roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Prints what is so now: in words, or as the object.
fn told(app: &App, user: &User, words: &str) -> Result<()> {
    app.out.note(words);
    if app.out.wants_json() { app.out.json(user) } else { Ok(()) }
}

pub(crate) async fn users(app: &App, command: UsersCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        UsersCommand::List => {
            let all = client.users().await?;
            app.out.list(&all, "users", &["ID", "LOGIN", "NAME", "EMAIL", "ACTIVE", "ROLES"], |item| {
                let name = format!("{} {}", item.first_name, item.last_name);
                let roles = role_names(&item.roles);
                vec![item.id.clone(), item.login.clone(), name, item.email.clone(), yes(item.active), roles]
            })
        }
        UsersCommand::Create { login, email, first_name, last_name, roles, no_password, password_file } => {
            // Asked for first, so that a mistake there leaves no half user.
            let secret = if no_password { None } else { Some(password(app, &login, password_file.as_ref())?) };
            let role_ids = Some(role_ids(&client, &roles).await?);
            let request =
                UserRequest { login, email, first_name, last_name, active: None, role_ids, phone: None, title: None };
            create(app, &client, &request, secret).await
        }
        UsersCommand::Block { user } => block(app, &client, &user, true).await,
        UsersCommand::Unblock { user } => block(app, &client, &user, false).await,
        UsersCommand::Delete { user } => {
            let user = names::user(&client, &user).await?;
            client.delete_user(&user.id).await?;
            app.out.note(&format!("removed user `{}`", user.login));
            Ok(())
        }
        UsersCommand::Reset { user, second_factor: true, .. } => {
            let user = names::user(&client, &user).await?;
            client.remove_second_factor(&user.id).await?;
            told(app, &user, &format!("`{}` signs in without a second factor", user.login))
        }
        UsersCommand::Reset { user, password_file, .. } => {
            let user = names::user(&client, &user).await?;
            let secret = password(app, &user.login, password_file.as_ref())?;
            client.set_user_password(&user.id, &secret).await?;
            told(app, &user, &format!("`{}` has a new password; its sessions are over", user.login))
        }
        UsersCommand::Give { user, roles } => {
            let (user, roles) = (names::user(&client, &user).await?, role_ids(&client, &roles).await?);
            client.give_roles(&user.id, &roles).await?;
            let user = names::user(&client, &user.id).await?;
            told(app, &user, &format!("`{}` has {}", user.login, role_names(&user.roles)))
        }
        UsersCommand::Take { user, role } => {
            let (user, role) = (names::user(&client, &user).await?, names::role(&client, &role).await?);
            client.take_role(&user.id, &role.id).await?;
            let user = names::user(&client, &user.id).await?;
            told(app, &user, &format!("took {} from `{}`", role.name, user.login))
        }
    }
}

/// Makes a user and sets its password; a password that is refused takes the user along.
async fn create(app: &App, client: &Client, request: &UserRequest, secret: Option<String>) -> Result<()> {
    let made = client.create_user(request).await?;
    if let Some(secret) = secret
        && let Err(refused) = client.set_user_password(&made.id, &secret).await
    {
        if client.delete_user(&made.id).await.is_err() {
            app.out.note(&format!("the user `{}` was made and has no password", made.login));
        }
        return Err(refused.into());
    }
    if made.roles.is_empty() {
        app.out.note(&format!("nobody can sign in without a role: stoker users give {} --role ROLE", made.login));
    }
    app.out.created(&made.id, &made)
}

async fn block(app: &App, client: &Client, user: &str, blocked: bool) -> Result<()> {
    let user = names::user(client, user).await?;
    let request = UserRequest { active: Some(!blocked), ..UserRequest::from(&user) };
    let changed = client.update_user(&user.id, &request).await?;
    let word = if changed.active { "may get in" } else { "is blocked" };
    told(app, &changed, &format!("`{}` {word}", changed.login))
}

pub(crate) async fn groups(app: &App, command: GroupsCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        GroupsCommand::List => {
            let all = client.groups().await?;
            app.out.list(&all, "groups", &["ID", "NAME", "MEMBERS"], |item| {
                vec![item.id.clone(), item.name.clone(), item.user_ids.len().to_string()]
            })
        }
        GroupsCommand::Create { name, users } => {
            let users = user_ids(&client, &users).await?;
            let made = client.create_group(&name, &users).await?;
            app.out.created(&made.id, &made)
        }
        GroupsCommand::Add { group, users } => {
            let (group, users) = (names::group(&client, &group).await?, user_ids(&client, &users).await?);
            client.add_to_group(&group.id, &users).await?;
            app.out.note(&format!("`{}` has {} more", group.name, users.len()));
            Ok(())
        }
        GroupsCommand::Remove { group, user } => {
            let (group, user) = (names::group(&client, &group).await?, names::user(&client, &user).await?);
            client.remove_from_group(&group.id, &user.id).await?;
            app.out.note(&format!("`{}` is not in `{}` any more", user.login, group.name));
            Ok(())
        }
        GroupsCommand::Delete { group } => {
            let group = names::group(&client, &group).await?;
            client.delete_group(&group.id).await?;
            app.out.note(&format!("removed group `{}`", group.name));
            Ok(())
        }
    }
}

pub(crate) async fn roles(app: &App, command: RolesCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        RolesCommand::List => {
            let all = client.roles().await?;
            app.out.list(&all, "roles", &["ID", "NAME", "PERMISSIONS"], |item| {
                vec![item.id.clone(), item.name.clone(), item.permissions.join(" ")]
            })
        }
        RolesCommand::Create { name, permissions } => {
            let made = client.create_role(&name, &permissions).await?;
            app.out.created(&made.id, &made)
        }
        RolesCommand::Delete { role } => {
            let role = names::role(&client, &role).await?;
            client.delete_role(&role.id).await?;
            app.out.note(&format!("removed role `{}`", role.name));
            Ok(())
        }
    }
}
