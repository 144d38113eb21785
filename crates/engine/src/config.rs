//! The configuration files in `etc/`, with the names and keys that installations in the field know (source: doc).
//!
//! Every file and every key is optional: the documented pairing procedure overwrites whole files with a single line.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use stoker_domain::ip::IpRange;
use stoker_domain::limits;
use stoker_jobzip::properties;

use crate::error::{EngineError, at};

/// Variables of the engine's own environment, as the program found them.
pub type Environment = BTreeMap<String, String>;

/// File of the pairing key (source: doc).
pub const PAIRING_KEY_FILE: &str = "preauthorized.key.cfg";
/// File of the server's address (source: doc).
pub const PAIRING_CLIENT_FILE: &str = "org.talend.ipaas.rt.pairing.client.cfg";
/// File of the key store's settings (source: doc).
pub const KEYPAIR_FILE: &str = "org.talend.ipaas.rt.keypair.manager.cfg";
/// File of the limit of concurrent runs (source: doc).
pub const DEPLOYMENT_FILE: &str = "org.talend.ipaas.rt.deployment.agent.cfg";
/// File of the run log settings (source: doc).
pub const JOBSERVER_CLIENT_FILE: &str = "org.talend.ipaas.rt.jobserver.client.cfg";
/// File of the clean-up settings (source: doc).
pub const JOBSERVER_FILE: &str = "org.talend.remote.jobserver.server.cfg";
/// File of Java choice and proxy (source: doc).
pub const SYSTEM_FILE: &str = "system.properties";
/// File of the heartbeat (source: doc).
pub const HEARTBEAT_FILE: &str = "org.talend.ipaas.rt.heartbeat.sender.cloud.cfg";

/// Variable that names the key store's password (source: doc).
pub const PASSWORD_VARIABLE: &str = "ORG_TALEND_IPAAS_RT_KEYPAIR_MANAGER_KEYPAIR_KEYSTORE_PASSWORD";
/// Runs at once if the configuration does not say (source: doc).
pub const DEFAULT_MAX_RUNS: i64 = 3;
/// Artifacts kept in the cache if the configuration does not say (source: doc).
pub const DEFAULT_MAX_ARTIFACTS: usize = 200;

/// Megabytes (of 1,000,000 bytes) of unpacked artifacts kept if the configuration does not say.
pub const DEFAULT_MAX_ARTIFACT_MEGABYTES: u64 = 10_000;
/// Seconds between two signs of life, as shipped (source: doc).
const SHIPPED_HEARTBEAT: &str = "60";

/// Most unpacked artifacts in megabytes; a setting of our own.
const MAX_MEGABYTES_KEY: &str = "stoker.artifacts.max.megabytes";
/// File of certificates that the server's may be signed with; a setting of our own.
const CA_FILE_KEY: &str = "stoker.server.ca.file";
/// Most test runs at once, 0 for none; a setting of our own.
const TESTS_MAX_KEY: &str = "stoker.tests.max";
/// Addresses that test runs may call although they are this machine's or its link's; a setting of our own.
pub(crate) const TESTS_NETWORKS_KEY: &str = "stoker.tests.networks";
const MAX_ARTIFACTS_KEY: &str = "org.talend.remote.jobserver.commons.config.JobServerConfiguration.MAX_OLD_JOBS";

/// Keys that are understood or, in `[inert]`, known to need nothing here.
const KNOWN: [(&str, &[&str]); 8] = [
    (PAIRING_KEY_FILE, &["remote.engine.pre.authorized.key", "remote.engine.name", "remote.engine.description"]),
    (PAIRING_CLIENT_FILE, &["pairing.service.url"]),
    (KEYPAIR_FILE, &["keypair.use.keystore", "keypair.keystore.type", "keypair.keystore.password"]),
    (DEPLOYMENT_FILE, &["max.deployed.flows", "job.deployment.direct", "flow.undeploy.after.completed"]),
    (JOBSERVER_CLIENT_FILE, &["job.log.level"]),
    (JOBSERVER_FILE, &[MAX_ARTIFACTS_KEY, MAX_MEGABYTES_KEY]),
    (
        SYSTEM_FILE,
        &[
            CA_FILE_KEY,
            TESTS_MAX_KEY,
            TESTS_NETWORKS_KEY,
            "http.proxyHost",
            "http.proxyPort",
            "http.proxyUser",
            "http.proxyPassword",
            "http.nonProxyHosts",
            "https.proxyHost",
            "https.proxyPort",
            "https.proxyUser",
            "https.proxyPassword",
            "https.nonProxyHosts",
            "jdk.http.auth.tunneling.disabledSchemes",
        ],
    ),
    (HEARTBEAT_FILE, &["heartbeat.interval"]),
];

/// An HTTP proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// `http://host:port`.
    pub url: String,
    /// Login and password.
    pub login: Option<(String, String)>,
    /// Hosts that are reached directly, in the form of the property: `127.0.0.1|localhost|*.example.com`.
    pub direct: Vec<String>,
}

/// The password is left out.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("url", &self.url).field("direct", &self.direct).finish_non_exhaustive()
    }
}

/// What the configuration files say.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// The pairing key, if one is given.
    pub pairing_key: Option<String>,
    /// Base URL of the server without a slash at the end, if one is given.
    pub server: Option<String>,
    /// Password of the key store, if one is given.
    pub keystore_password: Option<String>,
    /// Most runs at once; 0 or less is no limit (source: doc).
    pub max_runs: i64,
    /// Log level for runs that bring none (source: doc).
    pub log_level: Option<String>,
    /// Most artifacts kept in the cache; 0 keeps all (source: doc).
    pub max_artifacts: usize,
    /// Most bytes of unpacked artifacts kept in the cache; 0 keeps all.
    pub max_artifact_bytes: u64,
    /// File with certificates (PEM) that are trusted beside those of the machine, if one is given.
    pub ca_file: Option<PathBuf>,
    /// Most test runs at once; 0 takes none.
    pub tests_max: u32,
    /// Addresses that test runs may call although they are this machine's or its link's.
    pub tests_networks: Vec<IpRange>,
    /// Folders that hold a `java`, by Java version (source: doc).
    pub java_folders: BTreeMap<u32, PathBuf>,
    /// Proxy for `http` addresses.
    pub http_proxy: Option<Proxy>,
    /// Proxy for `https` addresses.
    pub https_proxy: Option<Proxy>,
    /// Keys that were found and mean nothing here, as `file: key`.
    pub ignored: Vec<String>,
    /// Settings that are known and do not have the effect one would expect, each in words for the engine's log.
    pub warnings: Vec<String>,
}

/// Secrets are left out.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("server", &self.server)
            .field("max_runs", &self.max_runs)
            .field("java_folders", &self.java_folders)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Reads the files of the folder `etc`. `${env:NAME}` in a value stands for a variable of `environment`, an unset
    /// one for nothing (source: doc).
    ///
    /// # Errors
    /// [`EngineError::File`] for an unreadable file, [`EngineError::Configuration`] for a value that cannot be used.
    pub fn load(etc: &Path, environment: &Environment) -> Result<Self, EngineError> {
        let files = Files::read(etc, environment)?;
        let proxy = |scheme: &str| files.proxy(scheme);
        let password = files.text(KEYPAIR_FILE, "keypair.keystore.password");
        let from_environment = || environment.get(PASSWORD_VARIABLE).filter(|text| !text.is_empty()).cloned();
        let keystore_password = password.or_else(from_environment);
        Ok(Self {
            warnings: files.warnings(keystore_password.as_deref()),
            pairing_key: files.text(PAIRING_KEY_FILE, "remote.engine.pre.authorized.key"),
            server: files.server()?,
            keystore_password,
            max_runs: files.number(DEPLOYMENT_FILE, "max.deployed.flows")?.unwrap_or(DEFAULT_MAX_RUNS),
            log_level: files.text(JOBSERVER_CLIENT_FILE, "job.log.level").map(|level| level.to_uppercase()),
            max_artifacts: files
                .number(JOBSERVER_FILE, MAX_ARTIFACTS_KEY)?
                .map_or(DEFAULT_MAX_ARTIFACTS, |count| usize::try_from(count).unwrap_or_default()),
            max_artifact_bytes: files
                .number(JOBSERVER_FILE, MAX_MEGABYTES_KEY)?
                .map_or(DEFAULT_MAX_ARTIFACT_MEGABYTES, |count| u64::try_from(count).unwrap_or_default())
                .saturating_mul(1_000_000),
            ca_file: files.text(SYSTEM_FILE, CA_FILE_KEY).map(PathBuf::from),
            tests_max: files.tests_max()?,
            tests_networks: files.tests_networks()?,
            java_folders: files.java_folders(),
            http_proxy: proxy("http")?,
            https_proxy: proxy("https")?,
            ignored: files.ignored(),
        })
    }
}

type Pairs = BTreeMap<String, String>;

/// The known files that exist, and where they lie.
struct Files<'a> {
    etc: &'a Path,
    files: BTreeMap<&'static str, Pairs>,
}

impl<'a> Files<'a> {
    fn read(etc: &'a Path, environment: &Environment) -> Result<Self, EngineError> {
        let mut files = BTreeMap::new();
        for (name, _) in KNOWN {
            let path = etc.join(name);
            let bytes = match std::fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(at(&path)(error)),
            };
            let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
            let pairs = properties::parse(bytes)
                .map_err(|error| EngineError::Configuration { path, problem: error.to_string() })?;
            let expanded = pairs.into_iter().map(|(key, value)| (key, expand(&value, environment).trim().to_owned()));
            files.insert(name, expanded.collect());
        }
        Ok(Self { etc, files })
    }

    fn text(&self, file: &str, key: &str) -> Option<String> {
        self.files.get(file)?.get(key).filter(|text| !text.is_empty()).cloned()
    }

    fn wrong(&self, file: &str, problem: String) -> EngineError {
        EngineError::Configuration { path: self.etc.join(file), problem }
    }

    fn number(&self, file: &str, key: &str) -> Result<Option<i64>, EngineError> {
        let Some(text) = self.text(file, key) else { return Ok(None) };
        let number =
            text.parse().map_err(|_| self.wrong(file, format!("`{key}` is `{text}`; write a whole number")))?;
        Ok(Some(number))
    }

    fn server(&self) -> Result<Option<String>, EngineError> {
        let Some(text) = self.text(PAIRING_CLIENT_FILE, "pairing.service.url") else { return Ok(None) };
        match reqwest::Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                Ok(Some(text.trim_end_matches('/').to_owned()))
            }
            _ => {
                let problem = format!(
                    "`pairing.service.url` is `{text}`; write the server's address, like https://stoker.example.com"
                );
                Err(self.wrong(PAIRING_CLIENT_FILE, problem))
            }
        }
    }

    fn tests_max(&self) -> Result<u32, EngineError> {
        let Some(count) = self.number(SYSTEM_FILE, TESTS_MAX_KEY)? else { return Ok(limits::TEST_RUNS_ON_ENGINE) };
        let most = limits::TEST_RUNS_ON_ENGINE_MOST;
        u32::try_from(count).ok().filter(|count| *count <= most).ok_or_else(|| {
            self.wrong(SYSTEM_FILE, format!("`{TESTS_MAX_KEY}` is `{count}`; write a number from 0 (none) to {most}"))
        })
    }

    fn tests_networks(&self) -> Result<Vec<IpRange>, EngineError> {
        let text = self.text(SYSTEM_FILE, TESTS_NETWORKS_KEY).unwrap_or_default();
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts
            .map(|part| {
                IpRange::parse(part).map_err(|error| {
                    self.wrong(SYSTEM_FILE, format!("`{TESTS_NETWORKS_KEY}`: {error}; separate several with commas"))
                })
            })
            .collect()
    }

    fn java_folders(&self) -> BTreeMap<u32, PathBuf> {
        let pairs = self.files.get(SYSTEM_FILE).into_iter().flatten();
        pairs
            .filter(|(_, folder)| !folder.is_empty())
            .filter_map(|(key, folder)| Some((java_key(key)?, folder.into())))
            .collect()
    }

    fn proxy(&self, scheme: &str) -> Result<Option<Proxy>, EngineError> {
        let key = |name: &str| format!("{scheme}.{name}");
        let text = |name: &str| self.text(SYSTEM_FILE, &key(name));
        let Some(host) = text("proxyHost") else { return Ok(None) };
        let default_port = if scheme == "https" { 443 } else { 80 };
        let port = self.number(SYSTEM_FILE, &key("proxyPort"))?.unwrap_or(default_port);
        // Java knows one list for both schemes (source: doc).
        let direct = text("nonProxyHosts").or_else(|| self.text(SYSTEM_FILE, "http.nonProxyHosts")).unwrap_or_default();
        Ok(Some(Proxy {
            url: format!("http://{host}:{port}"),
            login: text("proxyUser").map(|user| (user, text("proxyPassword").unwrap_or_default())),
            direct: direct.split('|').map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned).collect(),
        }))
    }

    fn warnings(&self, password: Option<&str>) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(kind) =
            self.text(KEYPAIR_FILE, "keypair.keystore.type").filter(|k| !k.eq_ignore_ascii_case("PKCS12"))
        {
            warnings.push(format!(
                "keypair.keystore.type={kind} in {KEYPAIR_FILE} is not supported: the key store is always PKCS12"
            ));
        }
        if let Some(used) = self.text(KEYPAIR_FILE, "keypair.use.keystore").filter(|u| !u.eq_ignore_ascii_case("true"))
        {
            warnings.push(format!(
                "keypair.use.keystore={used} in {KEYPAIR_FILE} is not supported: the keys always lie in the key store"
            ));
        }
        if let Some(pace) = self.text(HEARTBEAT_FILE, "heartbeat.interval").filter(|pace| pace != SHIPPED_HEARTBEAT) {
            warnings.push(format!(
                "heartbeat.interval={pace} in {HEARTBEAT_FILE} is not supported: the server sets the pace"
            ));
        }
        if password.is_some_and(|password| !password.is_ascii()) {
            warnings.push(
                "the password of the key store holds characters beyond ASCII: the engine opens the key store with it, \
                 keytool cannot; choose an ASCII password before pairing if other tools are to open it"
                    .to_owned(),
            );
        }
        warnings
    }

    fn ignored(&self) -> Vec<String> {
        let mut ignored = Vec::new();
        for (name, known) in KNOWN {
            let keys = self.files.get(name).into_iter().flat_map(BTreeMap::keys);
            let unknown = keys.filter(|key| !known.contains(&key.as_str()) && java_key(key).is_none());
            ignored.extend(unknown.map(|key| format!("{name}: {key}")));
        }
        ignored
    }
}

/// The Java version that `org.talend.execution.JAVA_17_PATH` speaks of.
fn java_key(key: &str) -> Option<u32> {
    key.strip_prefix("org.talend.execution.JAVA_")?.strip_suffix("_PATH")?.parse().ok()
}

fn expand(value: &str, environment: &Environment) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(start) = rest.find("${env:") {
        let Some(length) = rest[start..].find('}') else { break };
        text.push_str(&rest[..start]);
        let name = &rest[start + "${env:".len()..start + length];
        text.push_str(environment.get(name).map_or("", String::as_str));
        rest = &rest[start + length + 1..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
