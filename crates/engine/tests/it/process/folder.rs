//! What a run folder says when its shim is not there (any more), and that it serves one start only.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};

use stoker_engine::process::record::RECORDS_FILE;
use stoker_engine::process::{Adopted, Lost, LostReason, ProcessError, Recipe, ShimHandle, ShimRecord};

use super::support::*;

/// A harmless process in a session or group of its own, ended with the test.
struct Stranger(Child);

impl Stranger {
    fn new(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    fn pid(&self) -> i32 {
        self.0.id().try_into().unwrap()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn write_shim_record(dir: &Path, pid: i32, start_time: u64, boot_id: Option<&str>) {
    let own_boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let boot_id = boot_id.unwrap_or(own_boot.trim()).to_owned();
    let record = ShimRecord { pid, start_time, boot_id, run_dir: dir.to_str().unwrap().into() };
    let line = format!("{{\"v\":1,\"shim\":{}}}\n", serde_json::to_string(&record).unwrap());
    std::fs::write(dir.join(RECORDS_FILE), format!("{{\"v\":1}}\n{line}")).unwrap();
}

async fn adopt_gone(dir: &Path) -> Lost {
    match within(ShimHandle::adopt(dir)).await.unwrap() {
        Adopted::Gone(lost) => lost,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn recycled_number_is_not_the_shim_and_is_left_alone() {
    let stranger = Stranger::new(Command::new("sleep").arg("1000").process_group(0));
    let job = Run::new();
    write_shim_record(&job.dir, stranger.pid(), start_time(stranger.pid()) - 1, None);
    // The record of the job agrees with the stranger in all but the start time, too.
    let line = "{\"v\":1,\"job\":{\"pid\":PID,\"start_time\":1,\"pgid\":PID,\"started_ms\":1}}\n";
    let records = job.read(RECORDS_FILE) + &line.replace("PID", &stranger.pid().to_string());
    std::fs::write(job.dir.join(RECORDS_FILE), records).unwrap();
    assert_eq!(adopt_gone(&job.dir).await, Lost { reason: LostReason::Killed, killed: 0 });
    assert!(runs(stranger.pid()));
}

#[tokio::test]
async fn recycled_session_number_is_left_alone() {
    let stranger = Stranger::new(Command::new("setsid").args(["sleep", "1000"]));
    let job = Run::new();
    write_shim_record(&job.dir, stranger.pid(), start_time(stranger.pid()) - 1, None);
    assert_eq!(adopt_gone(&job.dir).await, Lost { reason: LostReason::Killed, killed: 0 });
    assert!(runs(stranger.pid()));
}

#[tokio::test]
async fn same_number_and_time_in_another_boot_is_not_the_shim() {
    let stranger = Stranger::new(Command::new("sleep").arg("1000").process_group(0));
    let job = Run::new();
    write_shim_record(&job.dir, stranger.pid(), start_time(stranger.pid()), Some("yesterday"));
    assert_eq!(adopt_gone(&job.dir).await, Lost { reason: LostReason::Rebooted, killed: 0 });
    assert!(runs(stranger.pid()));
}

#[tokio::test]
async fn shim_record_lost_in_a_power_cut_counts_as_reboot() {
    let job = Run::new();
    std::fs::write(job.dir.join(RECORDS_FILE), "{\"v\":1}\n\0\0\0\0\n").unwrap();
    assert_eq!(adopt_gone(&job.dir).await.reason, LostReason::Rebooted);
}

#[tokio::test]
async fn folder_serves_one_start_only() {
    let host = host();
    let job = Run::script("echo ran; exit 0");
    run(&host, &job).await;
    let again = within(host.spawn(&job.dir)).await;
    assert!(matches!(again, Err(ProcessError::AlreadyStarted { .. })), "{again:?}");
    assert_eq!(job.read("stdout"), "ran\n");
}

#[tokio::test]
async fn folder_given_up_before_the_start_stays_given_up() {
    let job = Run::script("echo ran");
    assert_eq!(adopt_gone(&job.dir).await.reason, LostReason::NeverStarted);
    let late = within(host().spawn(&job.dir)).await;
    assert!(matches!(late, Err(ProcessError::AlreadyStarted { .. })), "{late:?}");
    assert!(!job.dir.join("stdout").exists());
}

#[tokio::test]
async fn damaged_and_newer_records_are_errors_that_name_the_file() {
    let job = Run::new();
    write_shim_record(&job.dir, 4_000_000, 1, None);
    let records = job.read(RECORDS_FILE);
    std::fs::write(job.dir.join(RECORDS_FILE), records.clone() + "{\n").unwrap();
    let error = within(ShimHandle::adopt(&job.dir)).await.unwrap_err();
    assert!(error.to_string().contains(RECORDS_FILE), "{error}");
    std::fs::write(job.dir.join(RECORDS_FILE), records + "{\"v\":2}\n").unwrap();
    assert!(matches!(within(ShimHandle::adopt(&job.dir)).await, Err(ProcessError::Version { found: 2, .. })));
    assert!(matches!(within(ShimHandle::adopt(Path::new("/no/such/run"))).await, Err(ProcessError::File { .. })));
}

#[tokio::test]
async fn relative_run_folder_is_understood() {
    // The test's working directory is the package's folder; go up from there to the root and down again.
    let job = Run::with(Recipe::new("/bin/true"));
    let depth = std::env::current_dir().unwrap().components().count() - 1;
    let relative = Path::new(&"../".repeat(depth)).join(job.dir.strip_prefix("/").unwrap());
    let handle = within(host().spawn(&relative)).await.unwrap();
    assert!(handle.run_dir().is_absolute());
    assert_eq!(exited(&handle).await.code, Some(0));
}
