//! What a job finds when it starts, and what is said when it cannot.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use stoker_engine::process::{ProcessError, Recipe, ShimHost, StartErrorKind};

use super::support::*;

#[tokio::test]
async fn output_goes_to_private_files_and_is_appended() {
    let job = Run::script("umask; echo out; echo err >&2");
    std::fs::write(job.dir.join("stdout"), "before\n").unwrap();
    let exit = run(&host(), &job).await;
    assert_eq!(exit.code, Some(0));
    assert!(exit.ended_ms >= exit.started_ms && exit.started_ms > 1_600_000_000_000);
    let inherited = job.read("stdout");
    assert!(inherited.starts_with("before\n0") && inherited.ends_with("out\n"), "{inherited}");
    assert_eq!(job.read("stderr"), "err\n");
    for name in ["stderr", "records.jsonl"] {
        let mode = std::fs::metadata(job.dir.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn environment_is_the_recipes_and_nothing_else() {
    let mut recipe = Recipe::new("env");
    recipe.env.insert("PATH".into(), "/usr/bin:/bin".into());
    recipe.env.insert("TÄG".into(), "two words".into());
    let job = Run::with(recipe);
    assert_eq!(run(&host(), &job).await.code, Some(0));
    let seen = job.read("stdout");
    let mut lines: Vec<&str> = seen.lines().collect();
    lines.sort_unstable();
    let marker = format!("STOKER_RUN_DIR={}", job.dir.display());
    assert_eq!(lines, ["PATH=/usr/bin:/bin", &marker, "TÄG=two words"]);
}

#[tokio::test]
async fn job_has_three_descriptors_and_fresh_signals() {
    let job =
        Run::script("ls /proc/$$/fd; readlink /proc/$$/fd/0; grep -E 'Sig(Blk|Ign)' /proc/self/status; ulimit -c");
    assert_eq!(run(&host(), &job).await.code, Some(0));
    let none = "0000000000000000";
    assert_eq!(job.read("stdout"), format!("0\n1\n2\n/dev/null\nSigBlk:\t{none}\nSigIgn:\t{none}\n0\n"));
}

#[tokio::test]
async fn job_lives_in_the_shims_session_in_a_group_of_its_own() {
    let mut recipe = shell("umask; pwd; echo x > ../ready; read x < ../go; cut -d' ' -f1,5,6 /proc/$$/stat");
    recipe.umask = Some(0o27);
    recipe.cwd = "work".into();
    let job = Run::with(recipe);
    std::fs::create_dir(job.dir.join("work")).unwrap();
    let (mut ears, go) = (job.ears(), job.pipe("go"));
    let handle = within(host().spawn(&job.dir)).await.unwrap();
    within(ears.line()).await;
    let shim = handle.pid();
    assert_eq!(std::fs::read_to_string(format!("/proc/{shim}/comm")).unwrap(), "stoker-shim\n");
    let_go(&go);
    assert_eq!(exited(&handle).await.code, Some(0));
    let said = job.read("stdout");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[..2], ["0027", job.dir.join("work").to_str().unwrap()]);
    let numbers: Vec<i32> = lines[2].split(' ').map(|number| number.parse().unwrap()).collect();
    assert_eq!(numbers[1..], [numbers[0], shim], "group and session");
}

#[tokio::test]
async fn job_that_cannot_start_says_why() {
    let host = host();
    let program = |program: &str| Recipe::new(program);
    let file = |job: &Run, text: &str, mode| {
        let path = job.dir.join("launcher");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let with = |change: fn(&mut Recipe)| {
        let mut recipe = shell("exit 0");
        change(&mut recipe);
        recipe
    };
    use StartErrorKind as Kind;
    let cases = [
        (program("/no/such/program"), Kind::NotFound, "no such file"),
        (program("no-such-program"), Kind::NotFound, "on the path"),
        (program(""), Kind::BadRecipe, "empty"),
        (program("./folder"), Kind::PermissionDenied, "may not be executed"),
        (program("./noexec"), Kind::PermissionDenied, "may not be executed"),
        (program("./rubbish"), Kind::NotExecutable, "#!/bin/sh"),
        (program("./orphan"), Kind::NotFound, "interpreter"),
        (with(|recipe| recipe.cwd = "/no/such/folder".into()), Kind::BadWorkingDirectory, "/no/such/folder"),
        (with(|recipe| recipe.stdout = "no/such/folder".into()), Kind::BadOutput, "output file"),
        (with(|recipe| recipe.args.push("a\0b".into())), Kind::BadRecipe, "zero byte"),
        (with(|recipe| drop(recipe.env.insert("A=B".into(), String::new()))), Kind::BadRecipe, "variable"),
        (with(|recipe| recipe.args.push("x".repeat(3 << 20))), Kind::BadRecipe, "too long"),
    ];
    for (recipe, kind, text) in cases {
        let job = Run::with(recipe.clone());
        std::fs::create_dir(job.dir.join("folder")).unwrap();
        for (name, content, mode) in
            [("noexec", "#!/bin/sh\n", 0o600), ("rubbish", "\u{1}\u{2}\n", 0o700), ("orphan", "#!/no/sh\n", 0o700)]
        {
            file(&job, content, mode);
            std::fs::rename(job.dir.join("launcher"), job.dir.join(name)).unwrap();
        }
        let exit = run(&host, &job).await;
        assert_eq!((exit.code, exit.signal), (None, None), "{recipe:?}");
        let error = exit.error.unwrap();
        assert_eq!(error.kind, kind, "{recipe:?}: {}", error.message);
        assert!(error.message.contains(text), "{recipe:?}: {}", error.message);
    }
}

#[tokio::test]
async fn missing_and_damaged_recipes_are_told() {
    let host = host();
    let none = Run::new();
    let damaged = Run::new();
    std::fs::write(damaged.dir.join("recipe.json"), "{\"program\":").unwrap();
    for (job, text) in [(&none, "holds no recipe"), (&damaged, "cannot understand the record")] {
        let error = run(&host, job).await.error.unwrap();
        assert_eq!(error.kind, StartErrorKind::BadRecipe);
        assert!(error.message.contains(text), "{}", error.message);
    }
}

#[tokio::test]
async fn missing_folder_and_missing_host_program_are_errors_of_the_start() {
    let nowhere = std::path::Path::new("/no/such/run");
    assert!(matches!(within(host().spawn(nowhere)).await, Err(ProcessError::Refused { .. })));
    let job = Run::script("exit 0");
    let broken = ShimHost::new("/no/such/stoker-engine");
    assert!(matches!(within(broken.spawn(&job.dir)).await, Err(ProcessError::HostStart { .. })));
    // A program that is no host: it ends at once, twice.
    let wrong = ShimHost::new("/bin/true");
    assert!(matches!(within(wrong.spawn(&job.dir)).await, Err(ProcessError::HostUnavailable)));
    // Nothing of that used the folder up.
    assert_eq!(run(&host(), &job).await.code, Some(0));
}

#[test]
fn host_started_by_hand_explains_itself() {
    let output = Command::new(PROGRAM).arg("shim-host").stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("started by the engine"));
}

/// Prints how long starts take; run it alone with `--ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn measure_starts() {
    let host = host();
    run(&host, &Run::script("exit 0")).await;
    let (mut bare, mut asked, mut first, mut whole) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..200 {
        let job = Run::new();
        let mut ears = job.ears();
        let begin = Instant::now();
        let mut child =
            Command::new("/bin/sh").args(["-c", "echo first > ready"]).current_dir(&job.dir).spawn().unwrap();
        ears.line().await;
        bare.push(begin.elapsed());
        child.wait().unwrap();
    }
    for _ in 0..200 {
        // The shell opens the pipe itself, as its very first act.
        let job = Run::script("echo first > ready");
        let mut ears = job.ears();
        let begin = Instant::now();
        let handle = host.spawn(&job.dir).await.unwrap();
        asked.push(begin.elapsed());
        ears.line().await;
        first.push(begin.elapsed());
        exited(&handle).await;
        whole.push(begin.elapsed());
    }
    let tables = [
        ("first act without a shim", &mut bare),
        ("spawn answered", &mut asked),
        ("job's first act", &mut first),
        ("end known", &mut whole),
    ];
    for (what, times) in tables {
        times.sort_unstable();
        println!("{what}: median {:?}, 90th percentile {:?}", times[100], times[180]);
    }
}
