//! What an archive holds, as the server stores it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How an archive is started.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A job built by the studio: class path and main class (`recorded`).
    Java,
    /// A shell or other script at the top of the archive; our own addition.
    Script,
    /// One executable jar, for example a route built as microservice (`doc`).
    Jar,
}

/// The artifact types of the compatible API (`spec`).
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ArtifactType {
    /// A data-integration job; also every script and plain jar.
    Standard,
    /// A big data batch job.
    BigDataBatch,
    /// A big data streaming job; ends only when stopped.
    BigDataStreaming,
    /// A route.
    Route,
    /// A data service.
    DataService,
    /// A pipeline; never found in a zip, listed because the API knows it.
    Pipeline,
}

impl ArtifactType {
    /// Maps the `jobType` of `jobInfo.properties`; unknown and missing types are standard (`inferred`).
    #[must_use]
    pub fn from_job_type(job_type: &str) -> Self {
        let text = job_type.to_ascii_lowercase();
        let has = |part: &str| text.contains(part);
        if has("streaming") || has("storm") {
            Self::BigDataStreaming
        } else if has("big data") || has("spark") || has("mapreduce") || has("batch") {
            Self::BigDataBatch
        } else if has("route") {
            Self::Route
        } else if has("service") || has("rest") {
            Self::DataService
        } else {
            Self::Standard
        }
    }

    /// The text of the compatible API, for example `BIG_DATA_BATCH` (`spec`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::BigDataBatch => "BIG_DATA_BATCH",
            Self::BigDataStreaming => "BIG_DATA_STREAMING",
            Self::Route => "ROUTE",
            Self::DataService => "DATA_SERVICE",
            Self::Pipeline => "PIPELINE",
        }
    }
}

/// Everything that is known about an archive without opening it again.
///
/// Holds no secret: values of password parameters are left out everywhere.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Manifest {
    /// How it is started.
    pub kind: Kind,
    /// Name of the job, in its own upper and lower case; for scripts and jars the base folder or the file's stem.
    pub job: String,
    /// Version of the job, for example `0.1` (`jobVersion`).
    pub version: Option<String>,
    /// Type for the compatible API.
    pub artifact_type: ArtifactType,
    /// Technical project label, upper case (`project`).
    pub project: Option<String>,
    /// Repository id of the job, the same over all its versions (`jobId`).
    pub job_id: Option<String>,
    /// Version of the program that built the job (`cmdLineVersion`).
    pub builder_version: Option<String>,
    /// Java level of the classes, for example 17 (`compliance`).
    pub compliance: Option<u32>,
    /// Whether the launcher opens modules of the Java runtime (`add-opens`, or seen in the launcher).
    pub add_opens: bool,
    /// Context that is used when a run names none.
    pub default_context: Option<String>,
    /// Default values by context and variable, as in the exploded `contexts/<name>.properties`; no passwords.
    pub contexts: BTreeMap<String, BTreeMap<String, String>>,
    /// All variables of all contexts, in the order of the design where it is known.
    pub parameters: Vec<Parameter>,
    /// Where the sources were, when the build noted it.
    pub git: Option<GitInfo>,
    /// Description written in the design.
    pub description: Option<String>,
    /// Purpose written in the design.
    pub purpose: Option<String>,
    /// All of `jobInfo.properties`.
    pub info: BTreeMap<String, String>,
    /// Things that are odd but no reason to refuse, in words for the publisher.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// How to start it.
    pub launch: Launch,
}

/// One context variable.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name as in the design.
    pub name: String,
    /// Type without the `id_` of the design: `String`, `Integer`, `Date`, `Password`, ... (`recorded`).
    pub type_name: String,
    /// Value in the default context; always `None` for secret ones.
    pub default: Option<String>,
    /// Comment of the design.
    pub comment: Option<String>,
    /// Whether the design asks for a value before each run (`promptNeeded`).
    pub required: bool,
    /// Whether the value must never be shown: type `Password`, or a value in encrypted form.
    pub secret: bool,
}

/// Where the sources of a job were committed (`recorded`: `gitAuthor`, `gitCommitId`, `gitCommitDate`, `branch`).
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
pub struct GitInfo {
    /// Author of the commit.
    pub author: Option<String>,
    /// Hash of the commit.
    pub commit_id: Option<String>,
    /// Instant of the commit, milliseconds since 1970 UTC.
    pub commit_date_ms: Option<i64>,
    /// Branch, as the builder wrote it.
    pub branch: Option<String>,
}

/// Enough to start the job without reading the zip again. All paths are relative to the root of the unpacked archive and
/// use `/`.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
pub struct Launch {
    /// Folder in which the program must be started, for example `RowsDemo`; empty for the root.
    pub working_dir: String,
    /// Class to start; Java jobs only.
    pub main_class: Option<String>,
    /// Jars and folders in search order, `.` and double entries resolved; Java jobs only. A last part `*` means all jars
    /// of that folder.
    pub class_path: Vec<String>,
    /// Arguments of the Java runtime from the launcher, without the component repository and the class path.
    pub jvm_args: Vec<String>,
    /// Context files of the job and of all its child jobs.
    pub context_files: Vec<ContextFile>,
    /// Script or jar to start; scripts and jars only.
    pub entry: Option<String>,
    /// Program and first arguments that read the script, from its first line; scripts only.
    #[serde(default)]
    pub interpreter: Vec<String>,
    /// Package of the main class, with dots; the folder of the job's own context files is derived from it.
    pub package: String,
    /// Whether the main class knows `--context_param` (`client`).
    #[serde(default)]
    pub context_param_support: bool,
    /// Whether the main class knows `--context_file` (newer builds only, `client`).
    #[serde(default)]
    pub context_file_support: bool,
    /// Whether statistics are compiled in, so that a statistics port is of use (`recorded`).
    #[serde(default)]
    pub statistics: bool,
}

/// One `contexts/<context>.properties` of the job or of a child job.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct ContextFile {
    /// Path from the root of the archive.
    pub path: String,
    /// Name of the context: the file's name without `.properties`.
    pub context: String,
    /// Package that the file belongs to, with dots; empty for scripts and jars.
    pub package: String,
}
