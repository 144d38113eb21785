//! Row counts of the links between the components of a job.
//!
//! All numbers are totals since the start of the run, so a repeat or a newer report replaces an older one.

use serde::{Deserialize, Serialize};

/// What the statistics of a run say so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Components {
    /// The jobs of the run: the main one and its child jobs.
    pub jobs: Vec<JobProcess>,
    /// The links over which rows went.
    pub links: Vec<LinkRows>,
    /// Rows that the sources of the job gave; absent when no link was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed: Option<i64>,
    /// Rows that went over reject links; absent when no link was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<i64>,
}

/// A job as its statistics name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobProcess {
    /// Which Java machine of the run it is in, from 0.
    pub machine: i64,
    /// Name of the job.
    pub job: String,
    /// Its short id.
    pub pid: String,
    /// Id of the job that started it; its own when none did.
    pub father_pid: String,
    /// Id of the first job.
    pub root_pid: String,
}

/// Rows of one link of one job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LinkRows {
    /// Number of the link within the run, from 0; stays the same in later reports.
    pub number: i64,
    /// Place of its job in `jobs`.
    pub job: usize,
    /// Name of the link, for example `row1`.
    pub name: String,
    /// Kind of the link, for example `FLOW` or `REJECT`; absent when the design is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
    /// The component it leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<ComponentName>,
    /// The component it reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<ComponentName>,
    /// When it was first heard of, milliseconds by the engine's clock.
    pub started_ms: i64,
    /// Rows.
    pub rows: i64,
    /// How long they took, milliseconds.
    pub millis: i64,
}

/// One component of a design.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ComponentName {
    /// Id, for example `tRowGenerator_1`.
    pub id: String,
    /// Kind, for example `tRowGenerator`.
    pub kind: String,
    /// What the designer calls it.
    pub label: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Report;

    /// Yesterday's bytes.
    const GOLDEN: &str = r#"{"kind":"components","run":"r","epoch":1,"jobs":[{"machine":0,"job":"Load","pid":"a","fatherPid":"a","rootPid":"a"}],"links":[{"number":0,"job":0,"name":"row1","connector":"FLOW","source":{"id":"tRowGenerator_1","kind":"tRowGenerator","label":"rows"},"target":{"id":"tLogRow_1","kind":"tLogRow","label":"log"},"startedMs":5,"rows":10,"millis":3}],"processed":10,"rejected":0}"#;

    #[test]
    fn golden_report_reads_and_writes_as_before() {
        let report: Report = serde_json::from_str(GOLDEN).unwrap();
        let Report::Components { components, .. } = &report else { panic!("{report:?}") };
        assert_eq!((components.links[0].rows, components.processed), (10, Some(10)));
        assert_eq!(serde_json::to_string(&report).unwrap(), GOLDEN);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let report: Report = serde_json::from_str(r#"{"kind":"components","run":"r","epoch":2}"#).unwrap();
        let Report::Components { components, .. } = &report else { panic!("{report:?}") };
        assert_eq!(*components, Components::default());
    }
}
