//! `stoker schedules` and `stoker next`.

use super::App;
use crate::exit::Result;
use crate::pages;
use crate::{names, times};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use stoker_client::{Client, Linked, Schedule, Trigger, UpcomingStart};

#[derive(clap::Subcommand)]
pub(crate) enum SchedulesCommand {
    /// List the schedules
    List {
        /// Only of this environment
        #[arg(long, value_name = "ENVIRONMENT")]
        environment: Option<String>,
    },
    /// Show a schedule and its triggers
    Get {
        /// The schedule: its id or exact description
        schedule: String,
    },
    /// Make a schedule with a first trigger and print its id
    Create {
        /// What people call it
        description: String,
        /// The environment
        #[arg(long, value_name = "ENVIRONMENT")]
        environment: String,
        #[command(flatten)]
        trigger: TriggerArgs,
    },
    /// Add a trigger to a schedule
    Add {
        /// The schedule: its id or exact description
        schedule: String,
        #[command(flatten)]
        trigger: TriggerArgs,
    },
    /// Remove a trigger from a schedule
    Remove {
        /// The schedule: its id or exact description
        schedule: String,
        /// Name of the trigger
        trigger: String,
    },
    /// Remove a schedule that starts nothing
    Delete {
        /// The schedule: its id or exact description
        schedule: String,
    },
    /// Let a schedule start a task or plan, in place of what started it before
    Link {
        /// The schedule: its id or exact description
        schedule: String,
        #[command(flatten)]
        what: What,
    },
    /// Take the schedule from a task or plan; the schedule stays
    Unlink {
        #[command(flatten)]
        what: What,
    },
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct What {
    /// The task
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// The plan
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct TriggerArgs {
    /// Minute, hour, day of month, month, day of week
    #[arg(long, value_name = "EXPRESSION")]
    cron: String,
    /// Time zone of the expression
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
    /// Name of the trigger, unique in the schedule
    #[arg(long = "trigger", value_name = "NAME", default_value = "first")]
    name: String,
}

impl TriggerArgs {
    fn trigger(&self) -> Trigger {
        Trigger::cron(&self.name, &self.cron, &self.time_zone)
    }
}

#[derive(clap::Args)]
pub(crate) struct NextArgs {
    /// How far ahead to look
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
    hours: u32,
    /// The environment; else all
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Option<String>,
    /// Most starts to list
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u32,
}

impl What {
    async fn found(&self, client: &Client) -> Result<(Linked, String)> {
        if let Some(task) = &self.task {
            let (id, name) = names::task(client, task).await?;
            return Ok((Linked::Task(id), format!("task `{name}`")));
        }
        let (id, name) = names::plan(client, self.plan.as_deref().unwrap_or_default()).await?;
        Ok((Linked::Plan(id), format!("plan `{name}`")))
    }
}

pub(crate) async fn run(app: &App, command: SchedulesCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        SchedulesCommand::List { environment } => list(app, &client, environment).await,
        SchedulesCommand::Get { schedule } => get(app, &client, &schedule).await,
        SchedulesCommand::Create { description, environment, trigger } => {
            let environment = names::environment(&client, &environment).await?.id;
            let made = client.create_schedule(&environment, &description, &trigger.trigger()).await?;
            app.out.created(&made.id, &made)
        }
        SchedulesCommand::Add { schedule, trigger } => {
            let schedule = names::schedule(&client, &schedule).await?;
            client.add_trigger(&schedule.id, &trigger.trigger()).await?;
            app.out.note(&format!("added trigger `{}`", trigger.name));
            Ok(())
        }
        SchedulesCommand::Remove { schedule, trigger } => {
            let schedule = names::schedule(&client, &schedule).await?;
            client.remove_trigger(&schedule.id, &trigger).await?;
            app.out.note(&format!("removed trigger `{trigger}`"));
            Ok(())
        }
        SchedulesCommand::Delete { schedule } => {
            let schedule = names::schedule(&client, &schedule).await?;
            client.delete_schedule(&schedule.id).await?;
            app.out.note(&format!("removed schedule `{}`", schedule.description));
            Ok(())
        }
        SchedulesCommand::Link { schedule, what } => {
            let schedule = names::schedule(&client, &schedule).await?;
            let (linked, name) = what.found(&client).await?;
            client.link_schedule(&schedule.id, &linked).await?;
            app.out.note(&format!("schedule `{}` starts {name}", schedule.description));
            Ok(())
        }
        SchedulesCommand::Unlink { what } => {
            let (linked, name) = what.found(&client).await?;
            client.unlink_schedule(&linked).await?;
            app.out.note(&format!("no schedule starts {name} any more"));
            Ok(())
        }
    }
}

/// What a schedule starts: `task 66f0...`.
fn starts(schedule: &Schedule) -> String {
    match (&schedule.executable_type, &schedule.executable_id) {
        (Some(kind), Some(id)) => format!("{} {id}", kind.to_lowercase()),
        _ => String::new(),
    }
}

async fn list(app: &App, client: &Client, environment: Option<String>) -> Result<()> {
    let environment = match &environment {
        Some(wanted) => Some(names::environment(client, wanted).await?.id),
        None => None,
    };
    let page = async |offset| client.schedules(environment.as_deref(), offset).await;
    let all = pages::all(usize::MAX, page).await?;
    app.out.list(&all, "schedules", &["ID", "DESCRIPTION", "TRIGGERS", "STARTS"], |item| {
        vec![item.id.clone(), item.description.clone(), item.triggers.len().to_string(), starts(item)]
    })
}

async fn get(app: &App, client: &Client, wanted: &str) -> Result<()> {
    let schedule = client.schedule(&names::schedule(client, wanted).await?.id).await?;
    let mut fields =
        vec![("id", schedule.id.clone()), ("description", schedule.description.clone()), ("starts", starts(&schedule))];
    fields.extend(schedule.triggers.iter().map(|trigger| {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let (kind, cron, zone) =
            (trigger.kind.to_lowercase(), text(&trigger.cron_expression), text(&trigger.time_zone));
        let words = [trigger.name.as_str(), &kind, &cron, &zone];
        ("trigger", words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("  "))
    }));
    app.out.record(&schedule, &fields)
}

/// `stoker next`: what will start in the next hours.
pub(crate) async fn next(app: &App, args: NextArgs) -> Result<()> {
    let client = app.client()?;
    let environments = match &args.environment {
        Some(wanted) => vec![names::environment(&client, wanted).await?.id],
        None => client.environments().await?.into_iter().map(|environment| environment.id).collect(),
    };
    let until = (app.around.now)().as_millisecond() + i64::from(args.hours) * 60 * 60 * 1000;
    let most = args.limit as usize;
    let mut all = Vec::new();
    for environment in &environments {
        let page = async |offset| client.upcoming_starts(environment, until, offset).await;
        all.extend(pages::all(most, page).await?);
    }
    all.sort_by(|a, b| (&a.date, &a.id).cmp(&(&b.date, &b.id)));
    all.truncate(most);
    let known = if app.out.wants_json() { BTreeMap::new() } else { names_of(&client, &all).await };
    app.out.list(&all, "starts", &["WHEN", "KIND", "NAME", "TRIGGER"], |item| {
        let id = item.id.clone().unwrap_or_default();
        vec![
            times::local(Some(&item.date), &app.around.zone),
            item.kind.clone().unwrap_or_default().to_lowercase(),
            known.get(&id).cloned().unwrap_or(id),
            item.source_trigger_name.clone().unwrap_or_default(),
        ]
    })
}

/// Names of what starts; those that cannot be read are left out.
async fn names_of(client: &Client, all: &[UpcomingStart]) -> BTreeMap<String, String> {
    let of = |kind: &str| -> BTreeSet<&str> {
        let wanted = all.iter().filter(|item| item.kind.as_deref() == Some(kind));
        wanted.filter_map(|item| item.id.as_deref()).collect()
    };
    let tasks = join_all(of("TASK").into_iter().map(|id| client.task(id))).await;
    let plans = join_all(of("PLAN").into_iter().map(|id| client.plan(id))).await;
    let mut known: BTreeMap<_, _> = tasks.into_iter().flatten().map(|task| (task.id, task.name)).collect();
    known.extend(plans.into_iter().flatten().map(|plan| (plan.executable, plan.name)));
    known
}
