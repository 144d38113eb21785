//! The disk is full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::checks::{all_ended_once, fail, legal};
use super::stage::{Options, Stage, Wanted, eventually};

/// A small file system in memory; unmounted when dropped.
struct Small {
    place: PathBuf,
    _folder: tempfile::TempDir,
}

impl Small {
    /// Nothing when this may not mount.
    fn mount(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("small");
        fs::create_dir(&place).expect("a mount point");
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&place).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            println!("left out: a full disk cannot be made, because a tmpfs cannot be mounted here");
            return None;
        }
        Some(Self { place, _folder: folder })
    }

    /// Fills it to the last byte.
    fn fill(&self) -> PathBuf {
        let ballast = self.place.join("ballast");
        let block = vec![0; 4096];
        let mut file = fs::File::create(&ballast).expect("the ballast");
        while std::io::Write::write_all(&mut file, &block).is_ok() {}
        ballast
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.place).output();
    }
}

#[tokio::test]
async fn an_engine_with_a_full_disk_fails_runs_clearly_and_works_again_when_there_is_space() {
    let Some(small) = Small::mount(16) else { return };
    let mut stage = Stage::set(Options { engine_data: Some(small.place.join("data")), ..Options::default() }).await;
    let before = stage.burst(&[Wanted::default()]).await;
    all_ended_once(&stage, &before).await;
    eventually(30, "the folders of the ended runs to go, which would make room", async || {
        let gone =
            |name: &str| fs::read_dir(small.place.join("data").join(name)).is_ok_and(|mut left| left.next().is_none());
        (gone("runs") && gone("ended")).then_some(())
    })
    .await;
    let ballast = small.fill();
    let start = stage.start(Wanted::default()).await;
    let id = start.id.expect("a run");
    let over = super::stage::until(60, async || {
        let timeline = stage.timeline(&id).await;
        (!matches!(timeline["status"].as_str(), Some("dispatching" | "executing"))).then_some(timeline)
    });
    let Some(timeline) = over.await else { fail(&stage, &id, "it did not end while the disk was full").await };
    assert_ne!(timeline["status"], "execution_successful", "a run without a place to log was successful: {timeline:#}");
    assert!(timeline.to_string().contains("disk"), "the message does not name the disk: {timeline:#}");
    if let Err(problem) = legal(&timeline) {
        fail(&stage, &id, &problem).await;
    }
    assert!(stage.engine.is_running(), "the engine gave up: {}", stage.engine.log());
    fs::remove_file(&ballast).expect("make space");
    let after = stage.burst(&[Wanted::default(), Wanted { code: 5, ..Wanted::default() }]).await;
    all_ended_once(&stage, &after).await;
}

#[tokio::test]
async fn a_server_with_a_full_disk_refuses_and_works_again_when_there_is_space() {
    let Some(small) = Small::mount(64) else { return };
    let stage = Stage::set(Options { server_data: Some(small.place.clone()), ..Options::default() }).await;
    let long = Wanted { seconds: 3, code: 4, ..Wanted::default() };
    let mut starts = stage.burst(&[long, Wanted::default()]).await;
    let ballast = small.fill();
    let refused = eventually(30, "a start to be refused", async || {
        let start = stage.start(Wanted { lines: 200, ..Wanted::default() }).await;
        let refused = start.id.is_none();
        starts.push(start.clone());
        refused.then_some(start)
    })
    .await;
    assert!(refused.answer.starts_with('5') && refused.answer.contains("\"message\""), "{}", refused.answer);
    fs::remove_file(Path::new(&ballast)).expect("make space");
    starts.extend(stage.burst(&[Wanted::default()]).await);
    assert!(starts.last().is_some_and(|start| start.id.is_some()), "still refused: {:?}", starts.last());
    all_ended_once(&stage, &starts).await;
}
