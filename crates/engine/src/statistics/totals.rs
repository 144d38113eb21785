//! From the lines of the statistics channel to row counts (source: recorded). Pure.

use std::collections::BTreeMap;

use stoker_jobzip::Flow;
use stoker_wire::Components;
use stoker_wire::components::{ComponentName, JobProcess, LinkRows};

/// Most jobs of one run that are counted.
const JOBS: usize = 500;
/// Most links of one run that are counted.
const LINKS: usize = 2_000;
/// Most parallel or iterated parts of one link that are pending at once.
const PARTS: usize = 256;
/// Longest name or id, in bytes; a line with a longer one is passed over.
const NAME: usize = 255;

/// What the lines said so far.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    jobs: Vec<JobProcess>,
    links: Vec<LinkTotal>,
    /// Job and name of a link to its place in `links`.
    places: BTreeMap<(usize, String), usize>,
    /// Something changed since [`Totals::take_changed`].
    changed: bool,
}

#[derive(Debug)]
struct LinkTotal {
    job: usize,
    name: String,
    first_ms: i64,
    /// Rows and milliseconds of what is complete.
    done: Count,
    /// What still counts, by what follows the dot in the name; each says its own total.
    parts: BTreeMap<String, Count>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    rows: i64,
    millis: i64,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.rows = self.rows.saturating_add(other.rows);
        self.millis = self.millis.saturating_add(other.millis);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    Going,
    Stop,
    Clear,
}

impl Totals {
    /// Takes one line without its end. Lines of unknown shape are passed over: other builds may say more.
    pub(crate) fn line(&mut self, machine: i64, line: &[u8], now_ms: i64) {
        let Ok(text) = std::str::from_utf8(line) else { return };
        let fields: Vec<&str> = text.trim_end_matches('\r').splitn(10, '|').collect();
        let [kind, root, father, pid, name, rest @ ..] = fields.as_slice() else { return };
        if name.is_empty() || [root, father, pid, name].iter().any(|text| text.len() > NAME) {
            return;
        }
        match (*kind, rest) {
            ("0", ["start job", ..]) => {
                let ids = [*root, *father, *pid];
                self.job(machine, ids, Some(name));
            }
            ("1", ["clear"]) => self.rows(machine, [root, father, pid], name, Count::default(), Stage::Clear, now_ms),
            ("1", [rows, millis, stage @ ..]) => {
                let (Ok(rows), Ok(millis)) = (rows.parse::<i64>(), millis.parse::<i64>()) else { return };
                let stage = match stage {
                    [] => Stage::Going,
                    ["start"] => Stage::Start,
                    ["stop"] => Stage::Stop,
                    _ => return,
                };
                if rows >= 0 && millis >= 0 {
                    self.rows(machine, [root, father, pid], name, Count { rows, millis }, stage, now_ms);
                }
            }
            // Triggers and iterations carry no rows.
            _ => {}
        }
    }

    fn job(&mut self, machine: i64, [root, father, pid]: [&str; 3], name: Option<&str>) -> Option<usize> {
        let known = self.jobs.iter().position(|job| job.machine == machine && job.pid == pid);
        let place = match known {
            Some(place) => place,
            None if self.jobs.len() >= JOBS => return None,
            None => {
                self.jobs.push(JobProcess {
                    machine,
                    job: String::new(),
                    pid: pid.to_owned(),
                    father_pid: father.to_owned(),
                    root_pid: root.to_owned(),
                });
                self.changed = true;
                self.jobs.len() - 1
            }
        };
        if let Some(name) = name {
            name.clone_into(&mut self.jobs[place].job);
        }
        Some(place)
    }

    fn rows(&mut self, machine: i64, ids: [&str; 3], name: &str, count: Count, stage: Stage, now_ms: i64) {
        let Some(job) = self.job(machine, ids, None) else { return };
        let (name, part) = name.split_once('.').unwrap_or((name, ""));
        let place = match self.places.get(&(job, name.to_owned())) {
            Some(place) => *place,
            None if self.links.len() >= LINKS => return,
            None => {
                self.places.insert((job, name.to_owned()), self.links.len());
                self.links.push(LinkTotal {
                    job,
                    name: name.to_owned(),
                    first_ms: now_ms,
                    done: Count::default(),
                    parts: BTreeMap::new(),
                });
                self.links.len() - 1
            }
        };
        self.changed = true;
        self.links[place].take(part, count, stage);
    }

    /// Whether anything changed since the last call.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The counts with the names of the designs.
    pub(crate) fn components(&self, flows: &BTreeMap<String, Flow>) -> Components {
        let links = self.links.iter().enumerate().map(|(number, link)| self.named(number, link, flows));
        let links: Vec<LinkRows> = links.collect();
        let (mut processed, mut rejected) = (0i64, 0i64);
        for (place, job) in self.jobs.iter().enumerate() {
            let (given, refused) = job_rows(flows.get(&job.job), links.iter().filter(|link| link.job == place));
            processed = processed.saturating_add(given);
            rejected = rejected.saturating_add(refused);
        }
        let some = !links.is_empty();
        Components {
            jobs: self.jobs.clone(),
            links,
            processed: some.then_some(processed),
            rejected: some.then_some(rejected),
        }
    }

    fn named(&self, number: usize, link: &LinkTotal, flows: &BTreeMap<String, Flow>) -> LinkRows {
        let flow = flows.get(&self.jobs[link.job].job);
        let design = flow.and_then(|flow| flow.links.get(&link.name));
        let component = |id: &String| {
            let known = flow.and_then(|flow| flow.components.get(id));
            ComponentName {
                id: id.clone(),
                kind: known.map_or_else(|| kind_of(id).to_owned(), |component| component.kind.clone()),
                label: known.map_or_else(|| id.clone(), |component| component.label.clone()),
            }
        };
        let count = link.count();
        LinkRows {
            number: number as i64,
            job: link.job,
            name: link.name.clone(),
            connector: design.map(|design| design.connector.clone()),
            source: design.map(|design| component(&design.source)),
            target: design.map(|design| component(&design.target)),
            started_ms: link.first_ms,
            rows: count.rows,
            millis: count.millis,
        }
    }
}

impl LinkTotal {
    /// Takes a running total. It restarts in a loop, so a lower one belongs to the next round.
    fn take(&mut self, part: &str, count: Count, stage: Stage) {
        let before = self.parts.get(part).copied().unwrap_or_default();
        if matches!(stage, Stage::Start | Stage::Clear) || count.rows < before.rows {
            self.done.add(before);
            self.parts.remove(part);
        }
        match stage {
            Stage::Clear => {}
            Stage::Stop => {
                self.parts.remove(part);
                self.done.add(count);
            }
            Stage::Start | Stage::Going => {
                if self.parts.contains_key(part) || self.parts.len() < PARTS {
                    self.parts.insert(part.to_owned(), count);
                }
            }
        }
    }

    fn count(&self) -> Count {
        let mut count = self.done;
        // Parallel parts share their time.
        let longest = self.parts.values().map(|part| part.millis).max().unwrap_or_default();
        count.add(Count { rows: self.parts.values().map(|part| part.rows).sum(), millis: longest });
        count
    }
}

/// Kind of a component by its id: `tLogRow` of `tLogRow_1` (source: inferred).
fn kind_of(id: &str) -> &str {
    match id.rsplit_once('_') {
        Some((kind, number)) if number.bytes().all(|b| b.is_ascii_digit()) => kind,
        _ => id,
    }
}

/// Rows that the sources of a job gave, and rows that went over reject links (source: inferred). Without a design the
/// largest link stands for the first number.
fn job_rows<'l>(flow: Option<&Flow>, links: impl Iterator<Item = &'l LinkRows>) -> (i64, i64) {
    let (mut given, mut refused, mut largest) = (0i64, 0i64, 0i64);
    for link in links {
        let design = flow.and_then(|flow| flow.links.get(&link.name));
        let rejects = match design {
            Some(design) => design.rejects(),
            None => link.name.to_ascii_lowercase().starts_with("reject"),
        };
        if rejects {
            refused = refused.saturating_add(link.rows);
        }
        match (flow, design) {
            (Some(flow), Some(design)) if design.carries_rows() => {
                let fed = flow.links.values().any(|other| other.carries_rows() && other.target == design.source);
                given = given.saturating_add(if fed { 0 } else { link.rows });
            }
            _ => largest = largest.max(link.rows),
        }
    }
    (if given > 0 { given } else { largest }, refused)
}

#[cfg(test)]
#[path = "totals_tests.rs"]
mod tests;
