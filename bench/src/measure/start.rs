//! From the start of the server's process to its first good answer.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stoker_testkit::http::Method;
use stoker_testkit::programs::{EngineProcess, program};

use crate::floors::Floors;
use crate::http::{Connection, request};
use crate::machine::until;
use crate::report::{Bar, Report};
use crate::stage::Stage;
use crate::stats::Times;

const STARTS: usize = 5;
const READY: Duration = Duration::from_secs(60);

/// Starts a second server five times on the data of the stage's, which rests meanwhile.
pub(crate) async fn measure(report: &mut Report, floors: &Floors, stage: &mut Stage) -> Result<()> {
    let runs = stage.call(Method::GET, "/processing/executables/tasks/executions?limit=1", None).await?;
    let runs = runs["total"].as_u64().unwrap_or_default();
    let size = std::fs::metadata(stage.data().join("stoker.db")).map_or(0, |data| data.len());
    if let Some(engine) = &mut stage.engine {
        engine.stop();
    }
    stage.server.stop();
    let mut times = Vec::new();
    for _ in 0..STARTS {
        times.push(start_once(&stage.data()).await?);
    }
    stage.server.restart();
    stage.engine.as_mut().map(EngineProcess::restart);
    stage.engine_available().await?;
    let times = Times::new(times);
    let p50 = times.quantile(0.5);
    report.row(
        "start of the server to ready",
        times.text(&[0.5, 1.0]),
        &floors.first_act,
        Bar::at_most(p50.as_secs_f64() * 1000.0, 300.0, "ms"),
    );
    report.note(format!(
        "Start: {STARTS} starts on a database of {:.1} MB with {runs} runs in it, files in the page cache; from before the \
         process is started until GET /health/ready answers 200. p100 is the slowest.",
        size as f64 / 1048576.0
    ));
    Ok(())
}

/// A server process that ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn start_once(data: &Path) -> Result<Duration> {
    let mut command = Command::new(program("stoker-server"));
    command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let begin = Instant::now();
    let mut server = Server(command.spawn().context("start the server")?);
    let output = server.0.stdout.take().context("read the server's output")?;
    let url = BufReader::new(output).lines().map_while(Result::ok).find_map(|line| {
        let (_, rest) = line.split_once("listening on ")?;
        Some(rest.trim().to_owned())
    });
    let url = url.context("the server ended before it told its address")?;
    let ready = request("GET", "/health/ready", "", "");
    until("wait for the server", READY, Duration::from_millis(1), async || {
        let Ok(mut connection) = Connection::open(&url).await else { return Ok(None) };
        Ok((connection.send(&ready).await? == 200).then_some(()))
    })
    .await?;
    let time = begin.elapsed();
    kill(Pid::from_raw(i32::try_from(server.0.id())?), Signal::SIGTERM).context("stop the server")?;
    let end = server.0.wait().context("wait for the end of the server")?;
    ensure!(end.success(), "stop the server: it ended with {end}");
    Ok(time)
}
