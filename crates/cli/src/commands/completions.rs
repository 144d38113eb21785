//! `stoker completions`.

use super::App;
use crate::args::Cli;
use crate::exit::Result;
use clap::CommandFactory;

#[derive(clap::Args)]
#[command(after_help = "For bash: stoker completions bash > ~/.local/share/bash-completion/completions/stoker")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

pub(crate) fn run(app: &App, args: CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "stoker", &mut script);
    app.out.bytes(&script)
}
