//! Run profiles of Gen2 engines: five kinds, each with settings of its own (source: spec for fields and enumerations).
//!
//! Ranges are not published. Refused is only what no cluster could mean: negative sizes, zero cores or threads, a
//! smallest number above the largest (source: inferred).

use crate::text_enum::text_enum;
use crate::{limits, names};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

text_enum!(
    /// Kind of a run profile of a Gen2 engine, as it stands in paths and lists (source: spec).
    PipelineProfileKind {
        /// Spark on the engine itself.
        Standard = "standard",
        /// A Hadoop cluster.
        BigData = "big-data",
        /// Databricks.
        Databricks = "databricks",
        /// A definition as JSON.
        Advanced = "advanced",
        /// Jobs, with arguments of the Java machine.
        DataIntegration = "data-integration",
    }
);

text_enum!(
    /// How executors are counted (source: spec).
    YarnKind {
        /// Always the same number.
        Fixed = "Fixed",
        /// As many as are needed, within bounds.
        Dynamic = "Dynamic",
    }
);

text_enum!(
    /// Which Databricks cluster is used (source: spec).
    DatabricksClusterKind {
        /// One made for the run.
        New = "new",
        /// One that is there already.
        Old = "old",
    }
);

text_enum!(
    /// Who hosts Databricks (source: spec).
    CloudProvider {
        /// Amazon.
        Aws = "AWS",
        /// Microsoft.
        Azure = "Azure",
    }
);

/// A setting that cannot be taken; the message names the field and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {cure}")]
pub struct SettingError {
    /// The field of the request, with its path.
    pub field: &'static str,
    /// What would be right.
    pub cure: String,
}

type Checked = Result<(), SettingError>;

fn refuse(field: &'static str, cure: impl Into<String>) -> Checked {
    Err(SettingError { field, cure: cure.into() })
}

fn at_least(field: &'static str, number: Option<i32>, least: i32) -> Checked {
    match number {
        Some(number) if number < least => refuse(field, format!("must be from {least} to {}", i32::MAX)),
        _ => Ok(()),
    }
}

/// A text of one line that must hold something.
fn filled(field: &'static str, text: &str) -> Checked {
    match names::checked(field, text, limits::SETTING_CHARS) {
        Ok(_) => Ok(()),
        Err(names::NameError::Empty { .. }) => refuse(field, "must not be empty"),
        Err(names::NameError::TooLong { max, .. }) => refuse(field, format!("must have at most {max} characters")),
        Err(names::NameError::Control { .. }) => refuse(field, "must not hold control characters"),
        Err(names::NameError::Invisible { code, .. }) => {
            refuse(field, format!("must not hold the invisible character U+{code:04X}"))
        }
    }
}

fn line(field: &'static str, text: Option<&str>) -> Checked {
    text.filter(|text| !text.is_empty()).map_or(Ok(()), |text| filled(field, text))
}

fn parameters(field: &'static str, map: &BTreeMap<String, String>) -> Checked {
    if map.len() > limits::MAP_ENTRIES {
        return refuse(field, format!("at most {} are allowed", limits::MAP_ENTRIES));
    }
    for (name, value) in map {
        if name.trim().is_empty() || name.chars().count() > limits::NAME_CHARS {
            return refuse(field, format!("each name must have 1 to {} characters", limits::NAME_CHARS));
        }
        if value.chars().count() > limits::SETTING_CHARS {
            return refuse(field, format!("{name}: must have at most {} characters", limits::SETTING_CHARS));
        }
    }
    Ok(())
}

/// `Configuration` of a standard run profile (source: spec).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandardConfiguration {
    /// Spark parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Threads, from 1.
    pub number_of_threads: i32,
    /// Milliseconds, from 0.
    pub micro_batch_interval: i32,
}

/// Settings of kind `standard` (source: spec).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandardSettings {
    /// Threads and intervals.
    pub configuration: StandardConfiguration,
    /// What runs it, a text.
    pub execution_framework: String,
    /// Whether work is moved into the database.
    #[serde(default)]
    pub pushdown_preference_enabled: bool,
    /// The warehouse for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse_name: Option<String>,
}

/// `YarnStrategy` (source: spec).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct YarnStrategy {
    /// How executors are counted.
    pub r#type: YarnKind,
    /// Executors at the beginning, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_executors: Option<i32>,
    /// Fewest executors, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_executors: Option<i32>,
    /// Most executors, not below the fewest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_executors: Option<i32>,
    /// Cores of each, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores_per_executor: Option<i32>,
    /// Memory of each in MB, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executor_memory: Option<i32>,
    /// Number of executors of a fixed strategy, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executors_number: Option<i32>,
}

/// Settings of kind `big-data` (source: spec).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BigDataSettings {
    /// Hadoop distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<String>,
    /// What runs it, a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_framework: Option<String>,
    /// Milliseconds, from 0.
    pub micro_batch_interval: i32,
    /// Milliseconds, from 0.
    pub streaming_timeout: i32,
    /// Queue of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yarn_queue: Option<String>,
    /// Cores, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver_cores: Option<i32>,
    /// MB, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver_memory: Option<i32>,
    /// Where temporary files go.
    pub temporary_storage: String,
    /// Executors.
    pub yarn_strategy: YarnStrategy,
    /// MB, from 0.
    pub executor_memory_overhead: i32,
    /// Whether streams keep checkpoints.
    #[serde(default)]
    pub is_checkpointing_enabled: bool,
    /// Where; needed with checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_point_file_path: Option<String>,
    /// Spark parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// `DatabricksCluster` (source: spec).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabricksCluster {
    /// A new or an existing one.
    pub cluster: DatabricksClusterKind,
    /// The existing one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Spark of a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spark_version: Option<String>,
    /// Machines of a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_type_id: Option<String>,
    /// Where a new one writes its logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs_destination: Option<String>,
    /// Workers of a new one, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers_number: Option<i32>,
}

/// `Databrick` without its token, which is kept apart and encrypted (source: spec).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabricksAccess {
    /// URL of the workspace.
    pub endpoint: String,
    /// Where files are put for it.
    pub staging_location: String,
    /// The cluster.
    pub target: DatabricksCluster,
    /// Who hosts it.
    pub cloud_provider: CloudProvider,
}

/// Settings of kind `databricks` (source: spec).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabricksSettings {
    /// Milliseconds, from 0.
    pub micro_batch_interval: i32,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub databricks: Option<DatabricksAccess>,
    /// Spark parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// Settings of kind `advanced` (source: spec).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvancedSettings {
    /// A JSON document as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Whether work is moved into the database.
    #[serde(default)]
    pub pushdown_preference_enabled: bool,
    /// The warehouse for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse_name: Option<String>,
}

/// The settings of a run profile of a Gen2 engine, but for `data-integration`, which has only Java arguments.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum PipelineSettings {
    /// Spark on the engine itself.
    Standard(StandardSettings),
    /// A Hadoop cluster.
    BigData(BigDataSettings),
    /// Databricks.
    Databricks(DatabricksSettings),
    /// A definition as JSON.
    Advanced(AdvancedSettings),
}

impl PipelineSettings {
    /// Which kind they are of.
    pub fn kind(&self) -> PipelineProfileKind {
        match self {
            Self::Standard(_) => PipelineProfileKind::Standard,
            Self::BigData(_) => PipelineProfileKind::BigData,
            Self::Databricks(_) => PipelineProfileKind::Databricks,
            Self::Advanced(_) => PipelineProfileKind::Advanced,
        }
    }

    /// Checks ranges and what needs what. Whether a definition is JSON is for the caller, who can read it.
    pub fn check(&self) -> Result<(), SettingError> {
        match self {
            Self::Standard(settings) => settings.check(),
            Self::BigData(settings) => settings.check(),
            Self::Databricks(settings) => settings.check(),
            Self::Advanced(settings) => settings.check(),
        }
    }
}

impl StandardSettings {
    fn check(&self) -> Checked {
        at_least("configuration.numberOfThreads", Some(self.configuration.number_of_threads), 1)?;
        at_least("configuration.microBatchInterval", Some(self.configuration.micro_batch_interval), 0)?;
        parameters("configuration.parameters", &self.configuration.parameters)?;
        filled("executionFramework", &self.execution_framework)?;
        line("warehouseName", self.warehouse_name.as_deref())
    }
}

impl YarnStrategy {
    fn check(&self) -> Checked {
        at_least("yarnStrategy.initialExecutors", self.initial_executors, 0)?;
        at_least("yarnStrategy.minExecutors", self.min_executors, 0)?;
        at_least("yarnStrategy.maxExecutors", self.max_executors, 0)?;
        at_least("yarnStrategy.coresPerExecutor", self.cores_per_executor, 1)?;
        at_least("yarnStrategy.executorMemory", self.executor_memory, 1)?;
        at_least("yarnStrategy.executorsNumber", self.executors_number, 1)?;
        let (least, most) = (self.min_executors.unwrap_or(0), self.max_executors.unwrap_or(i32::MAX));
        if self.r#type != YarnKind::Dynamic {
            return Ok(());
        }
        if most < least {
            return refuse("yarnStrategy.maxExecutors", "must not be below minExecutors");
        }
        if self.initial_executors.is_some_and(|first| first < least || first > most) {
            return refuse("yarnStrategy.initialExecutors", "must be from minExecutors to maxExecutors");
        }
        Ok(())
    }
}

impl BigDataSettings {
    fn check(&self) -> Checked {
        line("distribution", self.distribution.as_deref())?;
        line("executionFramework", self.execution_framework.as_deref())?;
        at_least("microBatchInterval", Some(self.micro_batch_interval), 0)?;
        at_least("streamingTimeout", Some(self.streaming_timeout), 0)?;
        line("yarnQueue", self.yarn_queue.as_deref())?;
        at_least("driverCores", self.driver_cores, 1)?;
        at_least("driverMemory", self.driver_memory, 1)?;
        filled("temporaryStorage", &self.temporary_storage)?;
        self.yarn_strategy.check()?;
        at_least("executorMemoryOverhead", Some(self.executor_memory_overhead), 0)?;
        line("checkPointFilePath", self.check_point_file_path.as_deref())?;
        if self.is_checkpointing_enabled && self.check_point_file_path.as_deref().is_none_or(str::is_empty) {
            return refuse("checkPointFilePath", "is needed with isCheckpointingEnabled");
        }
        parameters("parameters", &self.parameters)
    }
}

impl DatabricksCluster {
    fn check(&self) -> Checked {
        let needed = |field: &'static str, text: &Option<String>| match text.as_deref() {
            None | Some("") => refuse(field, format!("is needed for the cluster {}", self.cluster.id())),
            Some(text) => filled(field, text),
        };
        if self.cluster == DatabricksClusterKind::Old {
            needed("databricks.target.id", &self.id)?;
        } else {
            needed("databricks.target.sparkVersion", &self.spark_version)?;
            needed("databricks.target.nodeTypeId", &self.node_type_id)?;
            needed("databricks.target.logsDestination", &self.logs_destination)?;
            if self.workers_number.is_none() {
                return refuse("databricks.target.workersNumber", "is needed for the cluster new");
            }
        }
        line("databricks.target.id", self.id.as_deref())?;
        line("databricks.target.sparkVersion", self.spark_version.as_deref())?;
        line("databricks.target.nodeTypeId", self.node_type_id.as_deref())?;
        line("databricks.target.logsDestination", self.logs_destination.as_deref())?;
        at_least("databricks.target.workersNumber", self.workers_number, 0)
    }
}

impl DatabricksSettings {
    fn check(&self) -> Checked {
        at_least("microBatchInterval", Some(self.micro_batch_interval), 0)?;
        parameters("parameters", &self.parameters)?;
        let Some(access) = &self.databricks else { return Ok(()) };
        filled("databricks.endpoint", &access.endpoint)?;
        filled("databricks.stagingLocation", &access.staging_location)?;
        access.target.check()
    }
}

impl AdvancedSettings {
    fn check(&self) -> Checked {
        line("warehouseName", self.warehouse_name.as_deref())?;
        match &self.definition {
            Some(text) if text.len() > limits::DEFINITION_BYTES => {
                refuse("definition", format!("must have at most {} bytes", limits::DEFINITION_BYTES))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yarn(kind: YarnKind) -> YarnStrategy {
        YarnStrategy {
            r#type: kind,
            initial_executors: None,
            min_executors: None,
            max_executors: None,
            cores_per_executor: None,
            executor_memory: None,
            executors_number: None,
        }
    }

    fn message(result: Checked) -> String {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn executors_of_a_dynamic_strategy_have_an_order() {
        let strategy = |first, least, most| YarnStrategy {
            initial_executors: first,
            min_executors: least,
            max_executors: most,
            ..yarn(YarnKind::Dynamic)
        };
        assert_eq!(strategy(Some(2), Some(1), Some(3)).check(), Ok(()));
        assert_eq!(strategy(None, None, Some(0)).check(), Ok(()));
        assert!(message(strategy(None, Some(4), Some(3)).check()).starts_with("yarnStrategy.maxExecutors"));
        assert!(message(strategy(Some(9), Some(1), Some(3)).check()).starts_with("yarnStrategy.initialExecutors"));
        assert!(message(strategy(Some(-1), None, None).check()).starts_with("yarnStrategy.initialExecutors"));
        // A fixed strategy does not look at the bounds.
        let fixed = YarnStrategy { min_executors: Some(4), max_executors: Some(3), ..yarn(YarnKind::Fixed) };
        assert_eq!(fixed.check(), Ok(()));
    }

    proptest::proptest! {
        #[test]
        fn bounds_hold_exactly_when_they_are_in_order(first in -2..6i32, least in -2..6i32, most in -2..6i32) {
            let strategy = YarnStrategy {
                initial_executors: Some(first),
                min_executors: Some(least),
                max_executors: Some(most),
                ..yarn(YarnKind::Dynamic)
            };
            let right = 0 <= least && least <= first && first <= most;
            proptest::prop_assert_eq!(strategy.check().is_ok(), right);
        }
    }

    #[test]
    fn a_cluster_names_what_it_needs() {
        let cluster = DatabricksCluster {
            cluster: DatabricksClusterKind::Old,
            id: None,
            spark_version: None,
            node_type_id: None,
            logs_destination: None,
            workers_number: None,
        };
        assert!(message(cluster.check()).starts_with("databricks.target.id: is needed"));
        let old = DatabricksCluster { id: Some("0123".to_owned()), ..cluster.clone() };
        assert_eq!(old.check(), Ok(()));
        let new = DatabricksCluster { cluster: DatabricksClusterKind::New, ..cluster };
        assert!(message(new.check()).starts_with("databricks.target.sparkVersion: is needed"));
    }
}
