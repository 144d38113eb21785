//! Which kinds of rows a transaction changed: a hint for those who show them, so that they look again.

use tokio::sync::watch;

/// A kind of rows somebody may be looking at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Runs and plan runs with all that belongs to them but their logs.
    Runs,
    /// Log lines.
    Logs,
    /// Engines, clusters and run profiles.
    Engines,
    /// Everything people edit: tasks, artifacts, plans, schedules, environments, workspaces, accounts.
    Objects,
    /// Settings of the server that were changed at run time.
    Settings,
}

impl Topic {
    /// All topics.
    pub const ALL: [Topic; 5] = [Topic::Runs, Topic::Logs, Topic::Engines, Topic::Objects, Topic::Settings];

    /// The word for it in events.
    pub fn id(self) -> &'static str {
        match self {
            Topic::Runs => "runs",
            Topic::Logs => "logs",
            Topic::Engines => "engines",
            Topic::Objects => "objects",
            Topic::Settings => "settings",
        }
    }

    /// The topic of a table; none for what nobody looks at.
    fn of_table(table: &str) -> Option<Topic> {
        match table {
            "runs" | "run_events" | "plan_runs" | "step_runs" | "step_items" => Some(Topic::Runs),
            "log_chunks" => Some(Topic::Logs),
            "engines" | "clusters" | "run_profiles" => Some(Topic::Engines),
            "server_settings" => Some(Topic::Settings),
            "settings" | "audit_events" | "console_sessions" | "data_keys" | "preferences" | "schema_migrations"
            | "tester_projects" | "tester_runs" | "tester_own" => None,
            _ => Some(Topic::Objects),
        }
    }
}

/// How often rows of each topic were changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; 5]);

impl Counts {
    /// The topics whose count differs.
    pub fn differing(&self, other: &Counts) -> Vec<Topic> {
        Topic::ALL.into_iter().filter(|topic| self.0[*topic as usize] != other.0[*topic as usize]).collect()
    }
}

/// The topics one transaction touched.
#[derive(Clone, Copy, Default)]
pub(super) struct Touched([bool; 5]);

impl Touched {
    /// Notes the table a statement changes.
    pub(super) fn note(&mut self, sql: &str) {
        let mut words = sql.split_ascii_whitespace();
        let table = match words.next() {
            Some("UPDATE") => words.next(),
            Some("INSERT" | "DELETE") => words.nth(1),
            _ => None,
        };
        if let Some(topic) = table.and_then(Topic::of_table) {
            self.0[topic as usize] = true;
        }
    }

    /// The topics as bits, the first in the lowest.
    pub(super) fn bits(self) -> u8 {
        self.0.iter().enumerate().map(|(place, touched)| u8::from(*touched) << place).sum()
    }

    /// The topics of [`Touched::bits`]; further bits are passed over.
    pub(super) fn from_bits(bits: u8) -> Self {
        Self(std::array::from_fn(|place| bits >> place & 1 == 1))
    }

    /// Tells those who wait.
    pub(super) fn announce(self, changes: &watch::Sender<Counts>) {
        if self.0.contains(&true) {
            changes.send_modify(|counts| {
                for (count, touched) in counts.0.iter_mut().zip(self.0) {
                    *count += u64::from(touched);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_name_their_topic() {
        let topics = |sql: &[&str]| {
            let mut touched = Touched::default();
            sql.iter().for_each(|sql| touched.note(sql));
            let sender = watch::Sender::new(Counts::default());
            touched.announce(&sender);
            sender.borrow().differing(&Counts::default())
        };
        assert_eq!(topics(&["UPDATE runs SET state = $1"]), [Topic::Runs]);
        assert_eq!(
            topics(&["INSERT INTO log_chunks (run_id) SELECT 1", "DELETE FROM tasks"]),
            [Topic::Logs, Topic::Objects]
        );
        assert_eq!(topics(&["UPDATE  engines\nSET seen_ms = 1"]), [Topic::Engines]);
        assert_eq!(topics(&["DELETE FROM settings", "UPDATE server_settings SET value = $1"]), [Topic::Settings]);
        assert_eq!(topics(&["SELECT 1", "UPDATE console_sessions SET seen_ms = 1"]), []);
    }

    #[test]
    fn topics_travel_as_bits() {
        for bits in 0..32 {
            assert_eq!(Touched::from_bits(bits).bits(), bits);
        }
        assert_eq!(Touched::from_bits(0b1111_0010).0, [false, true, false, false, true]);
    }
}
