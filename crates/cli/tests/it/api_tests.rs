//! `stoker test` without a server of ours: mistakes, what is shown of scenarios, watching.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::{code, home, run, stderr, stdout, stoker};

/// Longest wait for something that has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers every request with 200, except below `/never`; tells the path of each.
fn server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, tell) = (stream.unwrap(), tell.clone());
            std::thread::spawn(move || answer(stream, &tell));
        }
    });
    (base, told)
}

fn answer(mut stream: TcpStream, tell: &std::sync::mpsc::Sender<String>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    while let Some(Ok(first)) = lines.next() {
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let path = first.split(' ').nth(1).unwrap_or("").to_owned();
        let never = path.starts_with("/never");
        if tell.send(path).is_err() || never {
            // The other side gives up.
            let _ = stream.read(&mut [0]);
            return;
        }
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A scenario with one request for each path.
fn project(folder: &Path, more: &str, paths: &[&str]) {
    write(folder, "drive.toml", "format = 1\n");
    let mut text = format!("id = \"s\"\nname = \"Visits\"\n{more}");
    for path in paths {
        text.push_str(&format!(
            "\n[[request]]\nid = \"{path}\"\nname = \"{path}\"\nmethod = \"GET\"\nurl = \"${{base}}{path}\"\n"
        ));
    }
    write(folder, "visits.scenario.toml", &text);
    write(
        folder,
        "environments/dev.toml",
        "id = \"e\"\nname = \"dev\"\n\n[[variable]]\nid = \"v\"\nname = \"base\"\nvalue = \"unset\"\n",
    );
}

#[test]
fn check_finds_circles_and_other_mistakes_without_sending() {
    let home = home();
    let other = |id: &str| format!("${{getEntityById(\\\"{id}\\\").\\\"response\\\".\\\"body\\\"}}");
    let (a, b) = (format!("/a{}", other("B")), format!("/b{}", other("A")));
    let text = format!(
        "id = \"s\"\nname = \"S\"\n\n[[request]]\nid = \"A\"\nname = \"A\"\nmethod = \"GET\"\nurl = \"http://h{a}\"\n\
         \n[[request]]\nid = \"B\"\nname = \"B\"\nmethod = \"GET\"\nurl = \"http://h{b}?${{x}}\"\n"
    );
    write(home.path(), "p/drive.toml", "format = 1\n");
    write(home.path(), "p/s.scenario.toml", &text);
    let output = run(home.path(), &["test", "check", "p"]);
    let shown = stdout(&output);
    assert_eq!(code(&output), 2, "{shown}{}", stderr(&output));
    for part in [
        "p/s.scenario.toml:5: wrong: S / A: requests use each other in a circle",
        "`S / A` (p/s.scenario.toml:5) uses `S / B` in path at line 1, column",
        "`S / B` (p/s.scenario.toml:11) uses `S / A` in path at line 1, column",
        "p/s.scenario.toml:11: remark: S / B: ",
        "`x` is a variable of no environment",
    ] {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
    let told: serde_json::Value =
        serde_json::from_slice(&run(home.path(), &["--json", "test", "check", "p"]).stdout).unwrap();
    assert_eq!(told.as_array().unwrap().iter().filter(|one| one["wrong"] == true).count(), 1);
    write(home.path(), "p/s.scenario.toml", &text.replace(&other("A"), "").replace("?${x}", ""));
    let output = run(home.path(), &["test", "check", "p"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (0, ""), "{}", stderr(&output));
}

#[test]
fn a_scenario_that_cannot_begin_says_why() {
    let home = home();
    project(&home.path().join("p"), "\n[more]\ndata = { file = \"gone.csv\" }\n", &["/a"]);
    let output = run(home.path(), &["test", "run", "p"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("Visits: data: the file `gone.csv` cannot be read"), "{}", stderr(&output));
    assert!(stdout(&output).contains("1 skipped; 1 scenario did not come to an end"), "{}", stdout(&output));
}

#[test]
fn a_first_project_is_made_checked_and_run() {
    let ((base, visits), home) = (server(), home());
    let made = run(home.path(), &["test", "init", "p", "--url", &base]);
    assert_eq!(code(&made), 0, "{}", stderr(&made));
    assert!(stderr(&made).contains("run it with `stoker test run p --env local`"), "{}", stderr(&made));
    let checked = run(home.path(), &["test", "check", "p"]);
    assert_eq!((code(&checked), stdout(&checked).as_str()), (0, ""));
    let output = run(home.path(), &["test", "run", "p", "--env", "local"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).starts_with("Ok: 2 requests"), "{}", stdout(&output));
    assert_eq!(visits.try_iter().count(), 2);
    assert_eq!(code(&run(home.path(), &["test", "init", "p"])), 2);
}

#[test]
fn an_import_says_what_was_left_out_and_how_to_go_on() {
    let home = home();
    let file = r#"{"info": {"name": "Shop"}, "variable": [{"key": "pin", "value": "1", "type": "secret"}],
        "item": [{"name": "a", "request": {"url": "http://h/", "auth": {"type": "hawk"}}}]}"#;
    write(home.path(), "shop.json", file);
    write(home.path(), "what.txt", "name,id");
    let output = run(home.path(), &["test", "import", "shop.json", "--into", "p"]);
    let said = stderr(&output);
    for part in [
        "warning: `a`: the authorization `hawk` is not carried over",
        "p now holds 1 request; 1 warning above",
        "run it with `stoker test run p --env 'Shop' --secrets-file FILE`, where FILE says pin=…",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let output = run(home.path(), &["test", "import", "what.txt", "--into", "p"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("not recognized") && stderr(&output).contains("--from"), "{}", stderr(&output));
}

#[test]
fn a_program_has_the_values_that_are_made_before_its_request() {
    let home = home();
    write(home.path(), "c.txt", "curl -u \"$NAME:pw\" http://h/x");
    assert_eq!(code(&run(home.path(), &["test", "import", "c.txt", "--into", "p"])), 0);
    let output = run(home.path(), &["test", "code", "p", "GET //x", "--var", "NAME=ann"]);
    assert!(stdout(&output).contains("Basic YW5uOnB3"), "{}{}", stdout(&output), stderr(&output));
    // A name that stands for nothing is told, not sent as if it were meant.
    let output = run(home.path(), &["test", "import", "c.txt", "--into", "q"]);
    assert_eq!(code(&output), 0);
    let bare =
        std::fs::read_to_string(home.path().join("q/drive.toml")).unwrap().replace("http://h/x", "http://h/${gone}");
    write(home.path(), "q/drive.toml", &bare);
    let output = run(home.path(), &["test", "code", "q", "GET //x", "--var", "NAME=ann"]);
    assert!(stderr(&output).contains("`gone` is neither a variable nor an entity"), "{}", stderr(&output));
}

/// `stoker test run --watch` and what it says.
struct Watching {
    child: Child,
    said: Receiver<String>,
}

impl Watching {
    fn start(home: &Path, args: &[&str]) -> Self {
        let mut child = stoker(home, args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (tell, said) = channel();
        let errors = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            BufReader::new(errors).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
        });
        Self { child, said }
    }

    /// The lines up to one with this text.
    fn until(&self, part: &str) -> String {
        let mut all = String::new();
        loop {
            let line =
                self.said.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{error}: no `{part}` in\n{all}"));
            all.push_str(&line);
            all.push('\n');
            if line.contains(part) {
                return all;
            }
        }
    }

    /// Presses Ctrl-C and answers the exit code.
    fn interrupt(mut self) -> Option<i32> {
        let id = nix::unistd::Pid::from_raw(self.child.id().try_into().unwrap());
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const WAITING: &str = "waiting for changes";

#[test]
fn watching_runs_again_after_each_kind_of_change_and_only_then() {
    let (base, visits) = server();
    let (home, var) = (home(), format!("base={base}"));
    let folder = home.path().join("p");
    project(&folder, "\n[more]\ndata = { file = \"rows.csv\" }\n", &["/${n}"]);
    write(&folder, "rows.csv", "n\n1\n");
    // The report lies in the watched folder: a run must not be the reason for the next one.
    let args = [
        "test",
        "run",
        "p",
        "--env",
        "dev",
        "--var",
        &var,
        "--watch",
        "--report",
        "html=p/report.html",
        "--secrets-file",
        "s.env",
    ];
    write(home.path(), "s.env", "A=1\n");
    let watching = Watching::start(home.path(), &args);
    watching.until(WAITING);
    assert_eq!(visits.recv_timeout(PATIENCE).unwrap(), "/1");

    let again = |change: &dyn Fn(), said: &str, path: Option<&str>| {
        change();
        let told = watching.until(WAITING);
        assert!(told.contains(said), "{said}: {told}");
        assert_eq!(told.matches(" changed").count(), 1, "{told}");
        // Exactly the visits of one run, neither of none nor of two.
        assert_eq!(visits.try_iter().collect::<Vec<_>>(), path.into_iter().collect::<Vec<_>>(), "{said}");
    };
    let scenario = folder.join("visits.scenario.toml");
    let good = std::fs::read_to_string(&scenario).unwrap();
    again(&|| write(&folder, "rows.csv", "n\n22\n"), "p/rows.csv changed", Some("/22"));
    again(
        &|| std::fs::write(&scenario, good.replace("/${n}\"\n", "/b${n}\"\n")).unwrap(),
        "visits.scenario.toml changed",
        Some("/b22"),
    );
    again(&|| std::fs::write(&scenario, "id = ").unwrap(), "error: p: visits.scenario.toml: line 1", None);
    again(&|| std::fs::write(&scenario, &good).unwrap(), "visits.scenario.toml changed", Some("/22"));
    again(
        &|| std::fs::rename(&scenario, folder.join("other.scenario.toml")).unwrap(),
        "p/other.scenario.toml changed",
        Some("/22"),
    );
    again(&|| std::fs::remove_file(folder.join("rows.csv")).unwrap(), "`rows.csv` cannot be read", None);
    again(&|| write(&folder, "rows.csv", "n\n4\n"), "p/rows.csv changed", Some("/4"));
    let local = std::fs::read_to_string(folder.join("environments/dev.toml")).unwrap();
    again(
        &|| write(&folder, "environments/dev.toml", &local.replace("unset", "unused")),
        "environments/dev.toml changed",
        Some("/4"),
    );
    again(&|| write(home.path(), "s.env", "A=12345\n"), "s.env changed", Some("/4"));
    again(
        &|| {
            write(&folder, ".git/index", "not looked at");
            write(&folder, "rows.csv", "n\n5\n");
        },
        "p/rows.csv changed",
        Some("/5"),
    );
    assert_eq!(watching.interrupt(), Some(130));
}

#[test]
fn watching_ends_with_ctrl_c_in_the_middle_of_a_run_too() {
    for parallel in ["1", "2"] {
        let (base, visits) = server();
        let (home, var) = (home(), format!("base={base}"));
        project(&home.path().join("p"), "", &["/never"]);
        let args = ["test", "run", "p", "--var", &var, "--watch", "--parallel", parallel];
        let watching = Watching::start(home.path(), &args);
        assert_eq!(visits.recv_timeout(PATIENCE).unwrap(), "/never");
        assert_eq!(watching.interrupt(), Some(130));
    }
}

#[test]
fn files_named_in_an_exported_file_are_watched() {
    let (base, visits) = server();
    let (home, var) = (home(), format!("base={base}"));
    project(&home.path().join("p"), "\n[more]\ndata = { file = \"rows.csv\" }\n", &["/${n}"]);
    assert_eq!(code(&run(home.path(), &["test", "export", "p", "--output", "all.json"])), 0);
    write(home.path(), "rows.csv", "n\n1\n");
    let watching = Watching::start(home.path(), &["test", "run", "all.json", "--var", &var, "--watch"]);
    watching.until(WAITING);
    write(home.path(), "rows.csv", "n\n23\n");
    watching.until(WAITING);
    assert_eq!(visits.try_iter().collect::<Vec<_>>(), ["/1", "/23"]);
    assert_eq!(watching.interrupt(), Some(130));
}
