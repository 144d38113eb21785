use super::*;

struct Etc(tempfile::TempDir);

impl Etc {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn load(&self, environment: &[(&str, &str)]) -> Result<Config, EngineError> {
        let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Config::load(self.0.path(), &environment)
    }
}

#[test]
fn an_empty_folder_means_the_documented_defaults() {
    let config = Etc::new(&[]).load(&[]).unwrap();
    assert_eq!((config.max_runs, config.max_artifacts), (3, 200));
    assert_eq!((config.pairing_key, config.server, config.keystore_password), (None, None, None));
    assert!(config.ignored.is_empty());
}

#[test]
fn the_documented_one_line_files_are_enough() {
    let config = Etc::new(&[
        (PAIRING_KEY_FILE, "remote.engine.pre.authorized.key = 0123ABCD\n"),
        (PAIRING_CLIENT_FILE, "pairing.service.url=https://stoker.example.com:8443/base/\r\n"),
    ])
    .load(&[])
    .unwrap();
    assert_eq!(config.pairing_key.as_deref(), Some("0123ABCD"));
    assert_eq!(config.server.as_deref(), Some("https://stoker.example.com:8443/base"));
}

#[test]
fn the_password_comes_from_the_file_or_the_variable_alone() {
    let line = format!("keypair.use.keystore=true\nkeypair.keystore.password=${{env:{PASSWORD_VARIABLE}}}\n");
    let by_file = Etc::new(&[(KEYPAIR_FILE, &line)]);
    let given = [(PASSWORD_VARIABLE, "pass ${env:HOME}")];
    assert_eq!(by_file.load(&given).unwrap().keystore_password.as_deref(), Some("pass ${env:HOME}"));
    assert_eq!(by_file.load(&[]).unwrap().keystore_password, None);
    assert_eq!(Etc::new(&[]).load(&given).unwrap().keystore_password.as_deref(), Some("pass ${env:HOME}"));
    let direct = Etc::new(&[(KEYPAIR_FILE, "keypair.keystore.password=own\n")]);
    assert_eq!(direct.load(&given).unwrap().keystore_password.as_deref(), Some("own"));
}

#[test]
fn limits_java_folders_and_proxies_are_read() {
    let system = "org.talend.execution.JAVA_8_PATH=/opt/8/bin\norg.talend.execution.JAVA_17_PATH = /opt/17/bin\n\
                  org.talend.execution.JAVA_11_PATH=\nhttps.proxyHost=proxy\nhttps.proxyPort=3128\n\
                  https.proxyUser=u\nhttps.proxyPassword=p\nhttp.nonProxyHosts=127.0.0.1|localhost\n";
    let config = Etc::new(&[(DEPLOYMENT_FILE, "max.deployed.flows=0\n"), (SYSTEM_FILE, system)]).load(&[]).unwrap();
    assert_eq!(config.max_runs, 0);
    assert_eq!(config.java_folders.keys().copied().collect::<Vec<_>>(), [8, 17]);
    let proxy = config.https_proxy.unwrap();
    assert_eq!((proxy.url.as_str(), proxy.direct.len()), ("http://proxy:3128", 2));
    assert_eq!(proxy.login, Some(("u".into(), "p".into())));
    assert_eq!(config.http_proxy, None);
}

#[test]
fn unknown_keys_are_listed_and_bad_values_refused_by_name() {
    let odd = Etc::new(&[(DEPLOYMENT_FILE, "account.id=7\nmax.deployed.flows=5\n")]).load(&[]).unwrap();
    assert_eq!(odd.ignored, [format!("{DEPLOYMENT_FILE}: account.id")]);
    let refused = Etc::new(&[(DEPLOYMENT_FILE, "max.deployed.flows=three\n")]).load(&[]).unwrap_err();
    assert!(refused.to_string().contains("`max.deployed.flows` is `three`"), "{refused}");
    assert_eq!(refused.exit_code(), 2);
    let refused = Etc::new(&[(PAIRING_CLIENT_FILE, "pairing.service.url=stoker.example.com\n")]).load(&[]).unwrap_err();
    assert!(refused.to_string().contains("pairing.service.url"), "{refused}");
}

#[test]
fn settings_without_effect_are_named() {
    let keys = "keypair.use.keystore=false\nkeypair.keystore.type=JCEKS\nkeypair.keystore.password=pässword\n";
    let odd = Etc::new(&[(KEYPAIR_FILE, keys), (HEARTBEAT_FILE, "heartbeat.interval=5\n")]).load(&[]).unwrap();
    let named = ["keypair.keystore.type=JCEKS", "keypair.use.keystore=false", "heartbeat.interval=5", "keytool"];
    assert_eq!(odd.warnings.len(), named.len(), "{:?}", odd.warnings);
    for (warning, name) in odd.warnings.iter().zip(named) {
        assert!(warning.contains(name) && !warning.contains("pässword"), "{warning}");
    }
    let keys = "keypair.use.keystore=TRUE\nkeypair.keystore.type=pkcs12\nkeypair.keystore.password=plain\n";
    let usual = Etc::new(&[(KEYPAIR_FILE, keys), (HEARTBEAT_FILE, "heartbeat.interval=60\n")]).load(&[]).unwrap();
    assert_eq!((usual.warnings, usual.ignored), (Vec::new(), Vec::new()));
}

#[test]
fn the_cache_and_the_trusted_certificates_have_settings() {
    let plain = Etc::new(&[]).load(&[]).unwrap();
    assert_eq!((plain.max_artifact_bytes, plain.ca_file), (10_000_000_000, None));
    let set = Etc::new(&[
        (JOBSERVER_FILE, "stoker.artifacts.max.megabytes=3\n"),
        (SYSTEM_FILE, "stoker.server.ca.file=/etc/ca.pem\n"),
    ]);
    let set = set.load(&[]).unwrap();
    assert_eq!((set.max_artifact_bytes, set.ca_file), (3_000_000, Some("/etc/ca.pem".into())));
    assert_eq!(set.ignored, [""; 0]);
}

#[test]
fn test_runs_have_settings() {
    let load = |text: &str| Etc::new(&[(SYSTEM_FILE, text)]).load(&[]);
    let plain = load("").unwrap();
    assert_eq!((plain.tests_max, plain.tests_networks.len()), (2, 0));
    let set = load("stoker.tests.max=0\nstoker.tests.networks=127.0.0.0/8, ::1,\n").unwrap();
    assert_eq!((set.tests_max, set.tests_networks.len()), (0, 2));
    assert_eq!(set.ignored, [""; 0]);
    for bad in ["-1", "21", "many"] {
        let refused = load(&format!("stoker.tests.max={bad}\n")).unwrap_err();
        assert!(refused.to_string().contains("stoker.tests.max") && refused.exit_code() == 2, "{refused}");
    }
    let refused = load("stoker.tests.networks=localhost\n").unwrap_err().to_string();
    assert!(refused.contains("stoker.tests.networks") && refused.contains("localhost"), "{refused}");
}
