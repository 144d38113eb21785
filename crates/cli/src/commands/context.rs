//! `stoker context`.

use super::{App, yes};
use crate::exit::Result;
use serde::Serialize;

#[derive(clap::Subcommand)]
pub(crate) enum ContextCommand {
    /// List the saved contexts
    List,
    /// Choose the context that counts when none is named
    Use {
        /// Name of the context
        name: String,
    },
    /// Forget a context and its token
    Remove {
        /// Name of the context
        name: String,
    },
}

/// A context without its token.
#[derive(Serialize)]
struct Shown {
    name: String,
    url: String,
    current: bool,
}

pub(crate) fn run(app: &App, command: ContextCommand) -> Result<()> {
    let mut config = app.config()?;
    let file = app.around.config_file.as_deref();
    match command {
        ContextCommand::List => {
            let is_current = |name: &str| config.current.as_deref() == Some(name);
            let shown = config.contexts.iter().map(|(name, context)| Shown {
                name: name.clone(),
                url: context.url.clone(),
                current: is_current(name),
            });
            app.out.list(&shown.collect::<Vec<_>>(), "contexts", &["NAME", "URL", "CURRENT"], |item| {
                vec![item.name.clone(), item.url.clone(), yes(item.current)]
            })
        }
        ContextCommand::Use { name } => {
            let url = config.named(&name)?.url.clone();
            config.current = Some(name.clone());
            config.save(file)?;
            app.out.note(&format!("context `{name}` ({url}) is now the current one"));
            Ok(())
        }
        ContextCommand::Remove { name } => {
            config.named(&name)?;
            config.contexts.remove(&name);
            config.current = config.current.filter(|current| *current != name);
            config.save(file)?;
            app.out.note(&format!("removed context `{name}`; its token is still valid on the server"));
            Ok(())
        }
    }
}
