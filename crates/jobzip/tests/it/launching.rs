//! Command lines.

use std::io::Cursor;
use std::path::Path;

use stoker_jobzip::{CommandLine, LaunchRequest, Limits, Manifest, command_line, inspect};

use crate::rawzip::{files, job_zip};

fn manifest(zip: Cursor<Vec<u8>>) -> Manifest {
    inspect(zip, &Limits::default()).unwrap()
}

fn request(root: &str) -> LaunchRequest<'_> {
    LaunchRequest {
        java: Path::new("/opt/jdk/bin/java"),
        root: Path::new(root),
        context: Some("Prod"),
        log_level: Some("INFO"),
        jvm_args: None,
        pid: "abc123",
        stat_port: Some(4711),
        plain_params: &[],
        context_file: None,
    }
}

fn args(command: &CommandLine) -> Vec<&str> {
    command.args.iter().map(|arg| arg.to_str().unwrap()).collect()
}

#[test]
fn a_java_job() {
    let params = [("rows".to_owned(), "5".to_owned())];
    let request = LaunchRequest { plain_params: &params, ..request("/run/ü 1") };
    let command = command_line(&manifest(job_zip(|_| {})), &request);
    assert_eq!(command.program, Path::new("/opt/jdk/bin/java"));
    assert_eq!(command.working_dir, Path::new("/run/ü 1/RowsDemo"));
    assert_eq!(command.env, []);
    let expected = [
        "-Xms256M",
        "-Xmx1024M",
        "--add-opens=java.base/java.lang=ALL-UNNAMED",
        "-Dfile.encoding=UTF-8",
        "-Dstdout.encoding=UTF-8",
        "-Dstderr.encoding=UTF-8",
        "-Dtalend.component.manager.m2.repository=/run/ü 1/lib",
        "-cp",
        "/run/ü 1/RowsDemo:/run/ü 1/lib/routines.jar:/run/ü 1/RowsDemo/rowsdemo_0_1.jar:/run/ü 1/RowsDemo/child_0_1.jar",
        "acme.rowsdemo_0_1.RowsDemo",
        "--context=Prod",
        "--log4jLevel=INFO",
        "--pid=abc123",
        "--stat_port=4711",
        "--client_host=127.0.0.1",
    ];
    assert_eq!(args(&command), expected);
}

#[test]
fn a_run_profile_replaces_the_arguments_but_modules_stay_open() {
    let profile = ["-Xmx9M".to_owned(), "-Dfile.encoding=ISO-8859-1".to_owned()];
    let request = LaunchRequest { jvm_args: Some(&profile), ..request("/r") };
    let command = command_line(&manifest(job_zip(|_| {})), &request);
    let all = args(&command);
    let expected = ["--add-opens=java.base/java.lang=ALL-UNNAMED", "-Xmx9M", "-Dfile.encoding=ISO-8859-1"];
    assert_eq!(all[..3], expected);
    assert!(!all.contains(&"-Dfile.encoding=UTF-8") && !all.contains(&"-Xmx1024M"));
}

#[test]
fn a_colon_in_the_root_does_not_split_the_class_path() {
    let command = command_line(&manifest(job_zip(|_| {})), &request("/r:1"));
    let all = args(&command);
    let path = all[all.iter().position(|arg| *arg == "-cp").unwrap() + 1];
    assert_eq!(path, "../RowsDemo:../lib/routines.jar:../RowsDemo/rowsdemo_0_1.jar:../RowsDemo/child_0_1.jar");
}

#[test]
fn scripts_and_jars_take_values_as_arguments_and_as_a_file() {
    let params = [("a b".to_owned(), "1 = ü".to_owned())];
    let file = Path::new("/r/.stoker-context.properties");
    let request = LaunchRequest { plain_params: &params, context_file: Some(file), ..request("/r") };
    let values = ["--context=Prod", "--context_param", "a b=1 = ü"];

    let script = command_line(&manifest(Cursor::new(files(&[("my run.sh", b"echo")]))), &request);
    assert_eq!(script.program, Path::new("/bin/sh"));
    assert_eq!(args(&script), [&["/r/my run.sh"], &values[..]].concat());
    assert_eq!(script.working_dir, Path::new("/r"));
    assert_eq!(script.env, [("STOKER_CONTEXT_FILE".to_owned(), file.into())]);

    let python = command_line(&manifest(Cursor::new(files(&[("run.sh", b"#!/usr/bin/env python3")]))), &request);
    assert_eq!(python.program, Path::new("/usr/bin/env"));
    assert_eq!(args(&python)[..2], ["python3", "/r/run.sh"]);

    let inner = files(&[("META-INF/MANIFEST.MF", b"Main-Class: a.B\n")]);
    let jar = command_line(&manifest(Cursor::new(files(&[("a.jar", &inner)]))), &request);
    let encodings = ["-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-Dstderr.encoding=UTF-8"];
    assert_eq!(args(&jar), [&encodings[..], &["-jar", "/r/a.jar"], &values].concat());
    assert_eq!(jar.program, Path::new("/opt/jdk/bin/java"));
    assert_eq!(jar.env.len(), 1);
}
