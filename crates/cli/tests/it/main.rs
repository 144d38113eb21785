//! The program as people meet it: help, usage, exit codes, saved contexts. No server takes part.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod api_tests;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program in a home folder of its own, without any setting of the machine.
fn stoker(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stoker"));
    command.args(args).env_clear().env("HOME", home).env("TZ", "UTC").current_dir(home).stdin(Stdio::null());
    command
}

fn run(home: &Path, args: &[&str]) -> Output {
    stoker(home, args).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A URL where nobody listens.
fn closed_url() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Saves contexts the way `login` does.
fn save(home: &Path, text: &str) {
    let folder = home.join(".config/stoker");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.json"), text).unwrap();
}

const TWO: &str = r#"{"version":1,"current":"test","contexts":{
  "prod":{"url":"https://stoker.example.com","token":"eyJprod"},"test":{"url":"http://127.0.0.1:1","token":"eyJtest"}}}"#;

#[test]
fn help_lists_the_commands_on_standard_output() {
    let home = home();
    let output = run(home.path(), &["--help"]);
    assert_eq!(code(&output), 0);
    for word in ["run", "logs", "why", "artifacts", "engines", "login", "dev", "STOKER_URL", "STOKER_TOKEN"] {
        assert!(stdout(&output).contains(word), "{word} is missing in\n{}", stdout(&output));
    }
    assert_eq!(stderr(&output), "");
}

#[test]
fn every_command_explains_itself() {
    let home = home();
    for command in [
        &["run"][..],
        &["logs"],
        &["why"],
        &["runs", "list"],
        &["tasks", "create"],
        &["tasks", "set-runtime"],
        &["plans", "create"],
        &["plans", "set-trigger"],
        &["plans", "run"],
        &["plans", "rerun"],
        &["schedules", "create"],
        &["schedules", "link"],
        &["next"],
        &["artifacts", "publish"],
        &["engines", "create"],
        &["engines", "drain"],
        &["clusters", "create"],
        &["workspaces", "create"],
        &["service-accounts", "grant"],
        &["tokens", "create"],
        &["users", "create"],
        &["users", "reset"],
        &["groups", "add"],
        &["roles", "create"],
        &["environments", "list"],
        &["login"],
        &["context", "use"],
        &["dev"],
    ] {
        let output = run(home.path(), &[command, &["--help"]].concat());
        assert_eq!(code(&output), 0, "{command:?}");
        assert!(stdout(&output).contains("Usage: stoker"), "{command:?}");
    }
}

#[test]
fn nothing_typed_shows_the_help_as_a_usage_error() {
    let home = home();
    let output = run(home.path(), &[]);
    assert_eq!(code(&output), 2);
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains("Usage: stoker"));
}

#[test]
fn exit_codes_are_documented() {
    let home = home();
    for args in [&["help", "exit-codes"][..], &["exit-codes"]] {
        let output = run(home.path(), args);
        assert_eq!(code(&output), 0);
        for number in ["0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "130 "] {
            assert!(stdout(&output).lines().any(|line| line.trim_start().starts_with(number)), "{number}{args:?}");
        }
    }
}

#[test]
fn the_documentation_lists_the_same_exit_codes() {
    let home = home();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md")).unwrap();
    for line in stdout(&run(home.path(), &["exit-codes"])).lines() {
        let (number, meaning) = line.trim().split_once("  ").unwrap();
        assert!(page.contains(&format!("| {number} | {meaning} |")), "docs/cli.md lacks: | {number} | {meaning} |");
    }
}

#[test]
fn usage_errors_end_with_two_and_leave_standard_output_alone() {
    let home = home();
    for args in [
        &["fly"][..],
        &["run"],
        &["run", "t", "-p", "novalue"],
        &["run", "t", "--timeout", "0"],
        &["run", "t", "--log-level", "loud"],
        &["run", "t", "--raw"],
        &["tasks", "set-runtime", "t"],
        &["tasks", "set-runtime", "t", "--engine", "e", "--cluster", "c"],
        &["tasks", "list", "--token", "eyJsecret"],
        &["service-accounts", "create", "n"],
        &["tokens", "revoke"],
        &["users", "create", "ada"],
        &["users", "create", "a", "--email", "a@b", "--first-name", "A", "--last-name", "B", "--password", "x"],
        &["users", "reset", "ada", "--second-factor", "--password-file", "x"],
        &["users", "give", "ada"],
        &["roles", "create", "r"],
        &["tokens", "create", "n", "--expires", "tomorrow"],
        &["runs", "list", "--last-days", "61"],
        &["login"],
    ] {
        let output = run(home.path(), args);
        assert_eq!(code(&output), 2, "{args:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{args:?}");
        assert!(stderr(&output).contains("error:"), "{args:?}");
    }
}

#[test]
fn a_value_given_twice_is_a_usage_error_before_any_call() {
    let home = home();
    let output = run(home.path(), &["run", "t", "-p", "a=1", "--secret", "a"]);
    assert_eq!(code(&output), 2);
    assert_eq!(stderr(&output), "error: a value for `a` is given twice\n");
}

#[test]
fn without_a_server_the_first_step_is_told() {
    let home = home();
    let output = run(home.path(), &["tasks", "list"]);
    assert_eq!(code(&output), 7);
    assert_eq!(
        stderr(&output),
        "error: no server is given\n\nhint: log in with `stoker login URL`, or set STOKER_URL and STOKER_TOKEN\n"
    );
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let (home, url) = (home(), closed_url());
    let output = stoker(home.path(), &["tasks", "list"]).env("STOKER_URL", &url).env("STOKER_TOKEN", "eyJx").output();
    let output = output.unwrap();
    assert_eq!(code(&output), 7);
    assert_eq!(stdout(&output), "");
    let text = stderr(&output);
    assert!(text.starts_with(&format!("error: GET /orchestration/executables/tasks: no answer from {url}")), "{text}");
    assert!(text.ends_with(&format!("\n\nhint: is the server running at {url}?\n")), "{text}");
    assert!(!text.contains("eyJx"));
}

#[test]
fn a_run_that_cannot_reach_its_server_is_no_failed_run() {
    let (home, url) = (home(), closed_url());
    let output =
        stoker(home.path(), &["run", "hello", "--wait", "--server", &url]).env("STOKER_TOKEN", "eyJx").output();
    assert_eq!(code(&output.unwrap()), 7);
}

#[test]
fn a_wrong_url_is_a_usage_error() {
    let home = home();
    let output = run(home.path(), &["login", "stoker.example.com"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("hint: give it like https://"), "{}", stderr(&output));
}

#[test]
fn contexts_are_listed_without_their_tokens() {
    let home = home();
    save(home.path(), TWO);
    let output = run(home.path(), &["context", "list"]);
    assert_eq!(code(&output), 0);
    assert_eq!(
        stdout(&output),
        "NAME  URL                         CURRENT\n\
         prod  https://stoker.example.com\n\
         test  http://127.0.0.1:1          yes\n"
    );
    let output = run(home.path(), &["context", "list", "--json"]);
    assert!(!stdout(&output).contains("eyJ"));
    assert!(stdout(&output).contains(r#""name": "prod""#));
}

#[test]
fn another_context_can_be_chosen_and_one_forgotten() {
    let home = home();
    save(home.path(), TWO);
    assert_eq!(code(&run(home.path(), &["context", "use", "prod"])), 0);
    assert!(stdout(&run(home.path(), &["context", "list"])).contains("stoker.example.com  yes"));
    assert_eq!(code(&run(home.path(), &["-q", "context", "remove", "prod"])), 0);
    let path = home.path().join(".config/stoker/config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("eyJprod") && text.contains("eyJtest") && !text.contains("current"), "{text}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_unknown_context_is_a_usage_error_with_the_known_ones() {
    let home = home();
    save(home.path(), TWO);
    for args in [&["context", "use", "x"][..], &["--context", "x", "tasks", "list"], &["context", "remove", "x"]] {
        let output = run(home.path(), args);
        assert_eq!(code(&output), 2);
        assert_eq!(stderr(&output), "error: there is no context `x`\n\nhint: there are `prod`, `test`\n");
    }
}

#[test]
fn a_saved_token_does_not_go_to_another_server() {
    let (home, url) = (home(), closed_url());
    save(home.path(), TWO);
    let output = run(home.path(), &["--server", &url, "tasks", "list"]);
    assert_eq!(code(&output), 7);
    assert!(stderr(&output).starts_with(&format!("error: there is no token for {url}\n")), "{}", stderr(&output));
}

#[test]
fn the_configuration_folder_can_be_moved() {
    let home = home();
    let elsewhere = home.path().join("elsewhere");
    std::fs::create_dir_all(elsewhere.join("stoker")).unwrap();
    std::fs::write(elsewhere.join("stoker/config.json"), TWO).unwrap();
    let output = stoker(home.path(), &["context", "list"]).env("XDG_CONFIG_HOME", &elsewhere).output().unwrap();
    assert!(stdout(&output).contains("prod"));
}

#[test]
fn a_login_that_cannot_be_checked_saves_nothing() {
    let (home, url) = (home(), closed_url());
    let token = home.path().join("token");
    std::fs::write(&token, "eyJx\n").unwrap();
    let output = run(home.path(), &["login", &url, "--token-file", token.to_str().unwrap()]);
    assert_eq!(code(&output), 7);
    assert!(!home.path().join(".config/stoker/config.json").exists());
}

#[test]
fn completions_are_made_for_the_usual_shells() {
    let home = home();
    for shell in ["bash", "zsh", "fish"] {
        let output = run(home.path(), &["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("set-runtime"), "{shell}");
    }
}

#[test]
fn a_reader_that_had_enough_is_no_error() {
    let home = home();
    let mut child = stoker(home.path(), &["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    // Nobody reads: the pipe is closed before the program writes, or while it does.
    drop(child.as_mut().unwrap().stdout.take());
    let output = child.unwrap().wait_with_output().unwrap();
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
}

#[test]
fn dev_says_when_it_cannot_find_the_server_program() {
    let home = home();
    let output = run(home.path(), &["dev", "--server-program", "/no/such/stoker-server"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("cannot start the server `/no/such/stoker-server`"), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint: "), "{}", stderr(&output));
}

/// What a new user types wrong is answered with what to do.
#[test]
fn wrong_paths_of_test_run_say_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| {
        let file = home.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write("empty/readme.txt", "nothing");
    write("api.yaml", "openapi: 3.1.0");
    write("bad.json", "{\"version\":6,\"entities\":[x]}");
    write(
        "p/drive.toml",
        "format = 1\n[[request]]\nid = \"r\"\nname = \"One\"\nmethod = \"GET\"\nurl = \"http://127.0.0.1:1/\"\n",
    );
    for (args, part) in [
        (&["nowhere"][..], "cannot read nowhere"),
        (&["empty"], "stoker test import"),
        (&["api.yaml"], "stoker test import"),
        (&["bad.json"], "line 1, column 26"),
        (&["p", "--env", "dev"], "no environment `dev`"),
        (&["p", "--only", "Onee"], "did you mean `One`"),
        (&["p", "--only", "Nothing/of it"], "stoker test list p"),
    ] {
        let output = run(home.path(), &[&["test", "run"], args].concat());
        let told = stderr(&output);
        assert!(code(&output) == 2 && told.contains(part), "{args:?}: {told}");
    }
}
