//! What is read from good archives, and which archives are not complete.

use std::io::Cursor;

use stoker_jobzip::{ArtifactType, JobZipError, Kind, Limits, Manifest, describe, inspect};

use crate::rawzip::{files, job_zip};

fn read(zip: Cursor<Vec<u8>>) -> Result<Manifest, JobZipError> {
    inspect(zip, &Limits::default())
}

fn set(all: &mut [(String, Vec<u8>)], name: &str, content: &str) {
    all.iter_mut().find(|(known, _)| known == name).unwrap().1 = content.into();
}

#[test]
fn everything_about_a_complete_job() {
    let manifest = read(job_zip(|_| {})).unwrap();
    assert_eq!((manifest.kind, manifest.job.as_str()), (Kind::Java, "RowsDemo"));
    assert_eq!(manifest.version.as_deref(), Some("0.1"));
    assert_eq!(manifest.artifact_type, ArtifactType::Standard);
    assert_eq!((manifest.compliance, manifest.add_opens), (Some(17), true));
    assert_eq!(manifest.default_context.as_deref(), Some("Default"));
    assert_eq!(manifest.git.as_ref().unwrap().commit_date_ms, Some(1_700_000_000_000));
    assert_eq!(manifest.purpose.as_deref(), Some("shows rows"));
    assert_eq!(manifest.description.as_deref(), Some("a demo"));
    assert_eq!(manifest.info["branch"], "main");
    assert_eq!(manifest.warnings, Vec::<String>::new());

    let launch = &manifest.launch;
    assert_eq!(launch.working_dir, "RowsDemo");
    assert_eq!(launch.main_class.as_deref(), Some("acme.rowsdemo_0_1.RowsDemo"));
    let path = ["RowsDemo", "lib/routines.jar", "RowsDemo/rowsdemo_0_1.jar", "RowsDemo/child_0_1.jar"];
    assert_eq!(launch.class_path, path);
    assert_eq!(launch.jvm_args, ["-Xms256M", "-Xmx1024M", "--add-opens=java.base/java.lang=ALL-UNNAMED"]);
    assert!(launch.context_file_support && launch.statistics);
    let packages: Vec<_> = launch.context_files.iter().map(|f| (f.package.as_str(), f.context.as_str())).collect();
    let expected = [("acme.child_0_1", "Default"), ("acme.rowsdemo_0_1", "Default"), ("acme.rowsdemo_0_1", "Prod")];
    assert_eq!(packages, expected);

    let json = serde_json::to_string(&manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
    assert!(!json.contains("enc:"), "an encrypted password is in the manifest");
}

#[test]
fn parameters_take_types_from_the_design_and_values_from_the_files() {
    let manifest = read(job_zip(|_| {})).unwrap();
    let shown: Vec<_> = manifest
        .parameters
        .iter()
        .map(|p| (p.name.as_str(), p.type_name.as_str(), p.default.as_deref(), p.required, p.secret))
        .collect();
    let expected = [
        ("rows", "Integer", Some("10"), true, false),
        ("token", "Password", None, false, true),
        ("folder", "Directory", Some("C:\\xé"), false, false),
        ("extra", "String", None, false, false),
    ];
    assert_eq!(shown, expected);
    assert_eq!(manifest.parameters[0].comment.as_deref(), Some("how many"));
    assert_eq!(manifest.contexts["Prod"]["rows"], "99");
    assert!(!manifest.contexts["Default"].contains_key("token"));
}

#[test]
fn without_a_design_all_are_strings_but_encrypted_values_stay_secret() {
    let manifest = read(job_zip(|all| all.retain(|(name, _)| !name.contains("/items/")))).unwrap();
    let token = manifest.parameters.iter().find(|p| p.name == "token").unwrap();
    assert!(token.secret && token.default.is_none());
    assert!(manifest.parameters.iter().filter(|p| p.name != "token").all(|p| p.type_name == "String" && !p.secret));
}

#[test]
fn a_broken_design_is_a_warning_and_a_hostile_one_an_error() {
    let item = "RowsDemo/items/acme/process/demo/RowsDemo_0.1.item";
    let manifest = read(job_zip(|all| set(all, item, "<a><b></a>"))).unwrap();
    assert!(manifest.warnings[0].contains("RowsDemo_0.1.item"), "{:?}", manifest.warnings);
    let deep = "<a>".repeat(10_000);
    let bomb = r#"<!DOCTYPE a [<!ENTITY b "bbbb">]><a name="&b;"/>"#;
    for text in [deep.as_str(), bomb] {
        assert!(matches!(read(job_zip(|all| set(all, item, text))), Err(JobZipError::Metadata { .. })));
    }
}

#[test]
fn without_job_info_the_launcher_tells() {
    let manifest = read(job_zip(|all| all.retain(|(name, _)| name != "jobInfo.properties"))).unwrap();
    assert_eq!((manifest.kind, manifest.job.as_str()), (Kind::Java, "RowsDemo"));
    assert_eq!(manifest.launch.main_class.as_deref(), Some("acme.rowsdemo_0_1.RowsDemo"));
    assert_eq!(manifest.default_context.as_deref(), Some("Default"));
    assert_eq!(manifest.parameters[0].type_name, "Integer", "the design is found without the version");
}

#[test]
fn missing_jars_are_listed() {
    let error =
        read(job_zip(|all| all.retain(|(name, _)| !name.contains("routines") && !name.contains("child_0_1.jar"))))
            .unwrap_err();
    let JobZipError::MissingFiles { missing } = &error else { panic!("{error:?}") };
    assert_eq!(missing, &["lib/routines.jar", "RowsDemo/child_0_1.jar"]);
    assert!(error.to_string().contains("lib/routines.jar, RowsDemo/child_0_1.jar"), "{error}");
}

#[test]
fn jars_outside_of_the_archive_are_missing() {
    for path in ["/opt/x.jar", "../../x.jar"] {
        let text = crate::rawzip::LAUNCHER.replace("$ROOT_PATH/../lib/routines.jar", path);
        assert!(matches!(
            read(job_zip(|all| set(all, "RowsDemo/RowsDemo_run.sh", &text))),
            Err(JobZipError::MissingFiles { .. })
        ));
    }
}

#[test]
fn the_main_class_must_be_in_a_jar_of_the_job() {
    let empty = files(&[("x.txt", b"")]);
    let spoil = |all: &mut Vec<(String, Vec<u8>)>| {
        all.iter_mut().find(|(name, _)| name == "RowsDemo/rowsdemo_0_1.jar").unwrap().1 = empty.clone();
    };
    let error = read(job_zip(spoil)).unwrap_err();
    let JobZipError::MainClassMissing { class, searched } = error else { panic!("{error:?}") };
    assert_eq!(class, "acme.rowsdemo_0_1.RowsDemo");
    assert_eq!(searched.len(), 2);
}

#[test]
fn placeholder_scripts_fall_back_to_the_computed_class_path() {
    let text = "java -Xmx77M -cp '${talend.job.sh.classpath}' ${talend.job.class} \"$@\"\n";
    for text in [text, "echo nothing here\n"] {
        let manifest = read(job_zip(|all| {
            set(all, "RowsDemo/RowsDemo_run.sh", text);
            all.push(("lib/a.jar".into(), b"PK".to_vec()));
        }))
        .unwrap();
        let path = ["RowsDemo", "lib/routines.jar", "lib/a.jar", "RowsDemo/rowsdemo_0_1.jar", "RowsDemo/child_0_1.jar"];
        assert_eq!(manifest.launch.class_path, path);
        assert_eq!(manifest.launch.main_class.as_deref(), Some("acme.rowsdemo_0_1.RowsDemo"));
        assert!(manifest.launch.jvm_args.iter().any(|arg| arg.starts_with("--add-opens")));
        assert_eq!(manifest.warnings.len(), 1);
    }
}

#[test]
fn a_base_folder_is_stripped_but_a_lone_job_folder_is_not() {
    let plain = read(job_zip(|_| {})).unwrap();
    let wrapped = read(job_zip(|all| {
        all.iter_mut().for_each(|(name, _)| *name = format!("My Job 1/{name}"));
        all.push(("__MACOSX/._x".into(), b"litter".to_vec()));
    }))
    .unwrap();
    assert_eq!(plain, wrapped);
    // One folder holds all, but it is the job itself.
    let alone = read(job_zip(|all| {
        all.retain(|(name, _)| name.starts_with("RowsDemo/"));
        let text = crate::rawzip::LAUNCHER.replace("$ROOT_PATH/../lib/routines.jar:", "");
        set(all, "RowsDemo/RowsDemo_run.sh", &text);
    }))
    .unwrap();
    assert_eq!(alone.launch.working_dir, "RowsDemo");
}

#[test]
fn names_with_odd_letters_and_high_versions() {
    let jar = files(&[("p/wéird_job__1_10/Wéird_Job_.class", b"x")]);
    let all: [(&str, &[u8]); 4] = [
        ("jobInfo.properties", b"job=W\\u00e9ird_Job_\njobVersion=1.10\nproject=P\njobType=Route"),
        ("lib/routines.jar", b"PK"),
        ("Wéird_Job_/wéird_job__1_10.jar", &jar),
        ("Wéird_Job_/p/wéird_job__1_10/contexts/default.properties", b"a=1"),
    ];
    let manifest = read(Cursor::new(files(&all))).unwrap();
    assert_eq!(manifest.launch.main_class.as_deref(), Some("p.wéird_job__1_10.Wéird_Job_"));
    assert_eq!(manifest.artifact_type, ArtifactType::Route);
    assert_eq!(manifest.default_context.as_deref(), Some("default"));
    assert_eq!(manifest.parameters[0].default.as_deref(), Some("1"));
}

#[test]
fn contexts_inside_the_jar_are_used_when_there_are_no_others() {
    let jar = files(&[
        ("acme/rowsdemo_0_1/RowsDemo.class", b"x"),
        ("acme/rowsdemo_0_1/contexts/Default.properties", b"old=5"),
    ]);
    let manifest = read(job_zip(|all| {
        all.retain(|(name, _)| !name.contains("/contexts/") && !name.contains("/items/"));
        all.iter_mut().find(|(name, _)| name == "RowsDemo/rowsdemo_0_1.jar").unwrap().1 = jar.clone();
    }))
    .unwrap();
    assert_eq!(manifest.contexts["Default"]["old"], "5");
}

#[test]
fn scripts_are_found_by_name_or_by_being_alone() {
    let kind = |all: &[(&str, &[u8])]| read(Cursor::new(files(all))).map(|m| (m.kind, m.launch.entry.unwrap(), m.job));
    let script = |entry: &str, job: &str| (Kind::Script, entry.to_owned(), job.to_owned());
    assert_eq!(kind(&[("run.sh", b""), ("other.sh", b""), ("x.txt", b"")]).unwrap(), script("run.sh", "run"));
    assert_eq!(kind(&[("deploy it.sh", b""), ("sub/y.sh", b"")]).unwrap(), script("deploy it.sh", "deploy it"));
    assert_eq!(kind(&[("tool/main.sh", b""), ("tool/x", b"")]).unwrap(), script("main.sh", "tool"));
    assert_eq!(kind(&[("run.sh", b""), ("lib/x.jar", b"PK")]).unwrap(), script("run.sh", "run"));
    for nothing in [&[("a.sh", b"".as_slice()), ("b.sh", b"")][..], &[("x/y.txt", b"")], &[("x.jar", b"PK")], &[]] {
        let error = kind(nothing).unwrap_err();
        assert!(error.to_string().contains("run.sh, main.sh, start.sh"), "{error}");
    }
}

#[test]
fn scripts_know_their_interpreter_and_contexts() {
    let all: [(&str, &[u8]); 2] =
        [("run.sh", b"#!/usr/bin/env python3\nprint()"), ("contexts/Prod.properties", b"a=1\nb=enc:x")];
    let manifest = read(Cursor::new(files(&all))).unwrap();
    assert_eq!(manifest.launch.interpreter, ["/usr/bin/env", "python3"]);
    assert_eq!(manifest.default_context.as_deref(), Some("Prod"));
    assert_eq!(manifest.parameters.iter().map(|p| p.secret).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn one_executable_jar_is_started() {
    let runs = files(&[("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\nMain-Class: a.B\r\n")]);
    let library = files(&[("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n")]);
    let entry = |all: &[(&str, &[u8])]| read(Cursor::new(files(all))).map(|m| (m.kind, m.launch.entry.unwrap()));
    assert_eq!(entry(&[("a.jar", &runs), ("b.jar", &library)]).unwrap(), (Kind::Jar, "a.jar".into()));
    assert_eq!(entry(&[("x.txt", b""), ("sub/a.jar", &runs)]).unwrap(), (Kind::Jar, "sub/a.jar".into()));
    assert!(entry(&[("a.jar", &runs), ("b.jar", &runs)]).is_err());
    let service = b"job=R\njobVersion=0.1\nismicroservice=true\njobType=Route";
    let found = read(Cursor::new(files(&[("jobInfo.properties", service), ("r.jar", &runs)]))).unwrap();
    assert_eq!((found.kind, found.artifact_type, found.job.as_str()), (Kind::Jar, ArtifactType::Route, "R"));
}

#[test]
fn describe_agrees_with_inspect() {
    assert_eq!(describe(job_zip(|_| {}), &Limits::default()).unwrap(), read(job_zip(|_| {})).unwrap());
}

#[test]
fn job_types_map_to_the_types_of_the_api() {
    for (text, expected) in [
        ("Standard", "STANDARD"),
        ("", "STANDARD"),
        ("Big Data Batch", "BIG_DATA_BATCH"),
        ("Spark Streaming", "BIG_DATA_STREAMING"),
        ("Route", "ROUTE"),
        ("REST Service", "DATA_SERVICE"),
    ] {
        let found = ArtifactType::from_job_type(text);
        assert_eq!(found.as_str(), expected, "{text}");
        assert_eq!(serde_json::to_value(found).unwrap(), expected);
    }
}
