//! `stoker environments`.

use super::{App, yes};
use crate::exit::Result;

#[derive(clap::Subcommand)]
pub(crate) enum EnvironmentsCommand {
    /// List the environments
    List,
}

pub(crate) async fn run(app: &App, command: EnvironmentsCommand) -> Result<()> {
    let EnvironmentsCommand::List = command;
    let all = app.client()?.environments().await?;
    app.out.list(&all, "environments", &["ID", "NAME", "DEFAULT"], |item| {
        vec![item.id.clone(), item.name.clone(), yes(item.default == Some(true))]
    })
}
