//! `stoker promotions`.

use super::App;
use crate::exit::{Exit, Failure, Result};
use crate::names;
use serde_json::Value;
use stoker_client::{Client, NewPromotion, PromotedPart, PromotionReport, StartPromotion};

#[derive(clap::Subcommand)]
pub(crate) enum PromotionsCommand {
    /// List the promotions
    List,
    /// Make a promotion and print its id
    Create {
        /// Environment to copy from
        #[arg(long, value_name = "ENVIRONMENT")]
        from: String,
        /// Environment to copy to
        #[arg(long, value_name = "ENVIRONMENT")]
        to: String,
        /// Free text
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Tell what a promotion would do now; nothing is changed
    Analyze {
        /// The promotion
        promotion: String,
    },
    /// Run a promotion and tell what it did
    Run(RunArgs),
    /// Show the report of a promotion's run
    Report {
        /// Id of the run
        run: String,
    },
    /// Remove a promotion; reports of its runs stay
    Delete {
        /// The promotion
        promotion: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    /// The promotion
    promotion: String,
    /// Leave connections and resources of the target as they are
    #[arg(long)]
    keep_resources: bool,
    /// Leave run profiles of the target as they are
    #[arg(long)]
    keep_run_profiles: bool,
    /// Only this object with all it needs; else everything
    #[arg(long, value_name = "KIND=ID", value_parser = part)]
    only: Option<PromotedPart>,
}

/// Reads `task=ID` and its like.
fn part(text: &str) -> std::result::Result<PromotedPart, String> {
    let (kind, id) = text.split_once('=').ok_or("write it as KIND=ID, for example task=5f1a...")?;
    let kind = match kind.to_lowercase().as_str() {
        "workspace" => "WORKSPACE",
        "plan" => "PLAN",
        "task" => "FLOW",
        "artifact" => "ACTION",
        _ => return Err("the kind is workspace, plan, task or artifact".to_owned()),
    };
    Ok(PromotedPart { artifact_id: id.to_owned(), artifact_type: kind.to_owned() })
}

pub(crate) async fn run(app: &App, command: PromotionsCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        PromotionsCommand::List => {
            let all = client.promotions().await?;
            app.out.list(&all, "promotions", &["ID", "NAME", "FROM", "TO"], |item| {
                let (from, to) = (item.source_environment.name.clone(), item.target_environment.name.clone());
                vec![item.executable.clone(), item.name.clone(), from, to]
            })
        }
        PromotionsCommand::Create { from, to, description } => {
            let (from, to) = (names::environment(&client, &from).await?, names::environment(&client, &to).await?);
            let new = NewPromotion { source_environment_id: from.id, target_environment_id: to.id, description };
            let made = client.create_promotion(&new).await?;
            app.out.created(&made.executable, &made)
        }
        PromotionsCommand::Analyze { promotion } => {
            let found = names::promotion(&client, &promotion).await?;
            show(app, &client.analyze_promotion(&found.executable).await?)
        }
        PromotionsCommand::Run(args) => start(app, &client, args).await,
        PromotionsCommand::Report { run } => show(app, &client.promotion_report(&run).await?),
        PromotionsCommand::Delete { promotion } => {
            let found = names::promotion(&client, &promotion).await?;
            client.delete_promotion(&found.executable).await?;
            app.out.note(&format!("removed promotion `{}`", found.name));
            Ok(())
        }
    }
}

async fn start(app: &App, client: &Client, args: RunArgs) -> Result<()> {
    let found = names::promotion(client, &args.promotion).await?;
    let start = StartPromotion {
        executable: found.executable,
        keep_target_resources: args.keep_resources.then_some(true),
        keep_target_run_profiles: args.keep_run_profiles.then_some(true),
        advanced: args.only,
    };
    match client.start_promotion(&start).await? {
        Some(report) => show(app, &report),
        None => {
            app.out.note("the promotion goes on; the audit trail and the console show its end");
            Ok(())
        }
    }
}

/// The report with one line for each object; fails when the promotion did.
fn show(app: &App, report: &PromotionReport) -> Result<()> {
    if app.out.wants_json() {
        app.out.json(report)?;
    } else {
        let mut lines = Vec::new();
        for workspace in &report.workspaces {
            collect(workspace, "", &mut lines);
        }
        app.out.list(&lines, "objects in the report", &["KIND", "NAME", "WHAT", "WHY"], Clone::clone)?;
        app.out.note(&report.status.to_lowercase().replace('_', " ").replace("analized", "analyzed"));
    }
    if report.is_done() || report.is_running() {
        return Ok(());
    }
    let why = report.status_message.clone().unwrap_or_else(|| "the promotion failed".to_owned());
    Err(Failure::new(Exit::Failed, why))
}

/// The lists of the report in which objects stand, and what they are called here.
const LISTS: [(&str, &str); 8] = [
    ("actions", "artifact"),
    ("connections", "connection"),
    ("resources", "resource"),
    ("flows", "task"),
    ("plans", "plan"),
    ("engines", "engine"),
    ("clusters", "cluster"),
    ("versions", "version"),
];

fn collect(object: &Value, kind: &str, lines: &mut Vec<Vec<String>>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let report =
        ["promotionReport", "analyzeReport"].iter().map(|name| &object[*name]).find(|report| report.is_object());
    let report = report.unwrap_or(&Value::Null);
    let why: Vec<String> =
        report["messages"].as_array().into_iter().flatten().map(|message| text(&message["info"])).collect();
    let kind = if kind.is_empty() { "workspace" } else { kind };
    lines.push(vec![kind.to_owned(), text(&object["name"]), text(&report["status"]).to_lowercase(), why.join("; ")]);
    for (list, kind) in LISTS {
        for inner in object[list].as_array().into_iter().flatten() {
            collect(inner, kind, lines);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_object_is_named_by_kind_and_id() {
        let read = part("task=abc").unwrap();
        assert_eq!((read.artifact_id.as_str(), read.artifact_type.as_str()), ("abc", "FLOW"));
        assert!(part("abc").is_err() && part("engine=1").is_err());
    }

    #[test]
    fn every_object_of_a_report_has_its_line() {
        let report = json!({ "name": "Sales", "analyzeReport": { "status": "REUSED" }, "flows": [
            { "name": "load", "promotionReport": { "status": "FAILED", "messages": [{ "info": "no artifact" }] } }
        ] });
        let mut lines = Vec::new();
        collect(&report, "", &mut lines);
        assert_eq!(lines, [["workspace", "Sales", "reused", ""], ["task", "load", "failed", "no artifact"]]);
    }
}
