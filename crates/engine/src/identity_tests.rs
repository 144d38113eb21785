use super::*;
use std::os::unix::fs::PermissionsExt;
use stoker_domain::SystemRandom;

struct Place {
    _folder: tempfile::TempDir,
    home: Home,
    files: IdentityFiles,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(folder.path()).unwrap();
    home.create().unwrap();
    let files = IdentityFiles::of(&home);
    Place { _folder: folder, home, files }
}

impl Place {
    fn standing(&self, key: Option<&str>, password: Option<&str>) -> Result<Standing, EngineError> {
        let mut config = Config::load(&self.home.etc(), &Default::default()).unwrap();
        config.pairing_key = key.map(str::to_owned);
        config.keystore_password = password.map(str::to_owned);
        self.files.standing(&config, &SystemRandom::new())
    }

    fn pair(&self, key: &str, password: Option<&str>) -> Keys {
        let Standing::ToPair { keys, .. } = self.standing(Some(key), password).unwrap() else { panic!("not to pair") };
        let answer = PairResponse {
            protocol: 1,
            engine_id: "e1".into(),
            runtime_id: "r1".into(),
            account_id: "a1".into(),
            name: "Engine".into(),
        };
        self.files.save(key, "http://s", answer).unwrap();
        keys
    }
}

#[test]
fn a_used_key_or_none_means_paired() {
    let place = place();
    assert!(matches!(place.standing(None, None).unwrap(), Standing::NoKey));
    let keys = place.pair("KEY1", None);
    for key in [Some("KEY1"), None] {
        let Standing::Paired(identity, found) = place.standing(key, None).unwrap() else { panic!("not paired") };
        assert_eq!((identity.engine_id.as_str(), identity.server.as_str()), ("e1", "http://s"));
        assert_eq!(found.signing_public(), keys.signing_public());
    }
    let text = std::fs::read_to_string(place.home.keystores().join("identity.json")).unwrap();
    assert!(!text.contains("KEY1"), "the pairing key is not kept");
}

#[test]
fn a_crash_before_the_answer_leaves_the_same_keys() {
    let place = place();
    let Standing::ToPair { keys: first, .. } = place.standing(Some("KEY1"), None).unwrap() else { panic!() };
    let Standing::ToPair { keys: second, replaced, .. } = place.standing(Some("KEY1"), None).unwrap() else { panic!() };
    assert_eq!(first.signing_public(), second.signing_public());
    assert!(!replaced);
}

#[test]
fn a_new_key_means_new_keys() {
    let place = place();
    let old = place.pair("KEY1", None);
    let Standing::ToPair { keys, replaced, .. } = place.standing(Some("KEY2"), None).unwrap() else { panic!() };
    assert!(replaced);
    assert_ne!(old.signing_public(), keys.signing_public());
}

#[test]
fn a_random_password_is_private_and_a_chosen_one_is_not_kept() {
    let random = place();
    random.pair("KEY1", None);
    let file = random.home.keystores().join(".password");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let chosen = place();
    chosen.pair("KEY1", Some("own password"));
    assert!(!chosen.home.keystores().join(".password").exists());
    assert!(matches!(chosen.standing(None, Some("own password")).unwrap(), Standing::Paired(..)));
    assert!(matches!(chosen.standing(None, Some("other")), Err(EngineError::KeyStore { .. })));
    assert!(matches!(chosen.standing(None, None), Err(EngineError::KeyStore { .. })));
}

/// Stop, unpair, delete the keys, set a password, start, pair.
#[test]
fn the_documented_way_to_an_own_password_works() {
    let place = place();
    place.pair("KEY1", None);
    for entry in std::fs::read_dir(place.home.keystores()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    place.pair("KEY2", Some("own password"));
    assert!(matches!(place.standing(Some("KEY2"), Some("own password")).unwrap(), Standing::Paired(..)));
    assert!(!place.home.keystores().join(".password").exists());
}
