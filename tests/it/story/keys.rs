//! The engine's keys and its pairing.

use std::fs;
use std::path::Path;
use std::process::Command;

use stoker_testkit::programs::{EngineFolder, EngineProcess};

use crate::support::{Backend, SOON, Stage, StageOptions, until};

const VARIABLE: &str = "ORG_TALEND_IPAAS_RT_KEYPAIR_MANAGER_KEYPAIR_KEYSTORE_PASSWORD";

fn keytool(store: &Path, password: &str) -> String {
    // The password goes by environment: command lines are public.
    let mut command = Command::new("keytool");
    command.args(["-J-Duser.language=en", "-list", "-storetype", "PKCS12", "-storepass:env", "PASS", "-keystore"]);
    let output = command.arg(store).env("PASS", password).env("LC_ALL", "C.UTF-8").output().expect("run keytool");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Starts an engine that must give up; answers its exit code and what it wrote.
fn gives_up(folder: &EngineFolder) -> (Option<i32>, String) {
    let mut process = EngineProcess::start(&folder.path());
    let status = process.wait_end(60).unwrap_or_else(|| panic!("it goes on: {}", process.log()));
    (status.code(), process.log())
}

fn contains(folder: &Path, needle: &[u8]) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| {
        if path.is_dir() {
            return contains(&path, needle);
        }
        fs::read(&path).is_ok_and(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
    })
}

/// The key store opens with the usual tool and the password beside it; no file but that holds a private key in plain.
#[tokio::test]
async fn the_key_store_is_standard_and_encrypted_and_a_key_works_once() {
    let mut stage = Stage::start(Backend::Sqlite, StageOptions::default()).await;
    let home = stage.engine_path();
    let stores = home.join("etc/keystores");
    let password = fs::read_to_string(stores.join(".password")).expect("read the password");
    let listed = keytool(&stores.join("engine.p12"), password.trim());
    assert!(listed.contains("signing") && listed.contains("sealing"), "{listed}");
    for file in ["engine.p12", ".password"] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(stores.join(file)).expect(file).permissions());
        assert_eq!(mode & 0o077, 0, "{file} is open to others");
    }
    // The head of a PKCS#8 file of a P-256 key, which encryption would hide.
    let plain = [
        0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
        0x03, 0x01, 0x07, 0x04,
    ];
    for part in ["etc", "data"] {
        assert!(!contains(&home.join(part), &plain), "a private key lies in {part} in plain");
        assert!(!contains(&home.join(part), b"PRIVATE KEY"), "a private key lies in {part} in plain");
    }

    // A restart with the used key in the file pairs nothing again.
    let before = fs::read(stores.join("identity.json")).expect("read the identity");
    stage.engine().restart();
    until(SOON, "the engine is connected again", async || {
        (stage.engine().log().matches("connected server").count() >= 4).then_some(())
    })
    .await;
    assert_eq!(fs::read(stores.join("identity.json")).expect("read the identity"), before);
    assert_eq!(stage.server.log().matches("an engine was paired").count(), 1, "{}", stage.server.log());

    // The same key elsewhere, and a key that nobody gave out.
    let used = fs::read_to_string(home.join("etc/preauthorized.key.cfg")).expect("read the key file");
    let used = used.split_once('=').expect("a line with a key").1.trim().to_owned();
    for (key, why) in [(used.as_str(), "used"), ("0123456789abcdefghij", "unknown")] {
        let folder = stage.engine_folder().await;
        folder.pair(stage.url(), key);
        let (code, log) = gives_up(&folder);
        assert_eq!(code, Some(2), "{why}: {log}");
        assert!(log.contains("cannot pair with ") && log.to_lowercase().contains("key"), "{why}: {log}");
        assert!(!log.contains("0123456789abcdefghij") && !log.contains(&used), "the key is in the log: {log}");
    }

    // Unpaired while it runs.
    let id = stage.engine_id();
    let _ = stage.http.delete(&format!("/processing/runtimes/remote-engines/{id}/pairing")).await.expect(200);
    let engine = stage.engine();
    let code = engine.wait_end(60).unwrap_or_else(|| panic!("it goes on: {}", engine.log())).code();
    assert_eq!(code, Some(3), "{}", stage.engine().log());
    assert!(stage.engine().log().contains("not paired any more"), "{}", stage.engine().log());
}

/// The documented way to an own password: stop, unpair, delete the key stores, set the keys, start, pair.
#[tokio::test]
async fn an_own_password_lies_in_no_file() {
    let mut stage = Stage::start(Backend::Sqlite, StageOptions::default()).await;
    let (id, home) = (stage.engine_id(), stage.engine_path());
    stage.engine().stop();
    let path = format!("/processing/runtimes/remote-engines/{id}");
    let _ = stage.http.delete(&format!("{path}/pairing")).await.expect(200);
    let shown = stage.http.get(&path).await.expect(200).json();
    let key = shown["preAuthorizedKey"].as_str().unwrap_or_else(|| panic!("no new key: {shown:#}")).to_owned();
    let stores = home.join("etc/keystores");
    fs::remove_dir_all(&stores).expect("delete the key stores");
    let settings = format!(
        "keypair.use.keystore=true\nkeypair.keystore.type=PKCS12\nkeypair.keystore.password=${{env:{VARIABLE}}}\n"
    );
    fs::write(home.join("etc/org.talend.ipaas.rt.keypair.manager.cfg"), settings).expect("write the settings");
    stage.engines[0].folder.pair(stage.url(), &key);
    // Java's own tool knows no other than ASCII passwords in such a file.
    let password = "own p4ssword: $unlikely\"";
    stage.engine().set_env(vec![(VARIABLE.into(), password.into())]);
    stage.engine().restart();
    stage.wait_available(0).await;
    assert!(keytool(&stores.join("engine.p12"), password).contains("signing"));
    assert!(!stores.join(".password").exists(), "the engine has made a password file");
    assert!(!contains(&home.join("etc"), password.as_bytes()) && !contains(&home.join("data"), password.as_bytes()));

    stage.engine().stop();
    stage.engine().set_env(Vec::new());
    stage.engine().restart();
    let engine = stage.engine();
    let code = engine.wait_end(60).unwrap_or_else(|| panic!("it goes on: {}", engine.log())).code();
    assert_eq!(code, Some(2), "{}", stage.engine().log());
    let log = stage.engine().log();
    assert!(log.contains("cannot use the key store") && log.contains("password"), "{log}");

    // With the password it goes on, without a new pairing.
    stage.engine().set_env(vec![(VARIABLE.into(), password.into())]);
    stage.engine().restart();
    stage.wait_available(0).await;
    assert_eq!(stage.server.log().matches("an engine was paired").count(), 2);
}
