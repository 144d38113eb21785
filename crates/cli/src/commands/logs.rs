//! `stoker logs`.

use super::App;
use crate::exit::Result;
use crate::follow::{self, LogStyle};
use crate::{names, times};
use stoker_client::LogQuery;

#[derive(clap::Args)]
pub(crate) struct LogsArgs {
    /// Id of the run, or a task for its newest run
    run: String,
    /// Go on until the run is over
    #[arg(short, long)]
    follow: bool,
    /// Only lines since then, for example `10m`, `2h` or `2026-02-03T09:30`
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// The lines of the job alone, without time and severity
    #[arg(long)]
    raw: bool,
}

pub(crate) async fn run(app: &App, args: LogsArgs) -> Result<()> {
    let start_time = match &args.since {
        Some(text) => Some(times::api_second(times::since(text, (app.around.now)(), &app.around.zone)?)),
        None => None,
    };
    let client = app.client()?;
    let id = names::run(&client, &args.run).await?;
    let query = LogQuery { start_time, ..LogQuery::default() };
    let style = LogStyle { raw: args.raw };
    if args.follow {
        let run = follow::log(app, &client, &id, query, style).await?;
        app.out.note(&super::run::outcome(&run));
    } else if follow::log_so_far(app, &client, &id, query, style).await? == 0 {
        app.out.note("no lines");
    }
    Ok(())
}
