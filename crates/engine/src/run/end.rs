//! From the way a job ended to the outcome of its run.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use stoker_wire::End;

use crate::logs::Mask;
use crate::process::{ExitRecord, Lost, LostReason};
use crate::table::StopReason;

/// Longest reason in an error message, in characters.
const MAX_REASON: usize = 500;
/// How much of standard error is searched for the reason at its start and at its end, and of standard output for the
/// result at its end; in bytes.
const HEAD: u64 = 1 << 20;
const TAIL: u64 = 64 << 10;

/// What the output says about the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Result in the last lines of a job's own log (source: recorded).
    pub(crate) return_code: Option<i64>,
    /// The line that says best why it failed.
    pub(crate) reason: Option<String>,
}

impl Evidence {
    /// Reads what the run's output says, which matters for failures, and for an exit code 0 that hides one.
    pub(crate) fn read(folder: &Path, exit: &ExitRecord) -> io::Result<Self> {
        if exit.error.is_some() {
            return Ok(Self::default());
        }
        let return_code = part(&folder.join("stdout"), Part::Tail)?.and_then(|text| return_code(&text));
        let failed = exit.code != Some(0) || return_code.is_some_and(|code| code != 0);
        let reason = if failed { reason(&folder.join("stderr"))? } else { None };
        Ok(Self { return_code, reason })
    }
}

enum Part {
    Head,
    Tail,
}

fn part(path: &Path, part: Part) -> io::Result<Option<Vec<u8>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(None);
    }
    let limit = match part {
        Part::Head => HEAD,
        Part::Tail => {
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
            TAIL
        }
    };
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn lines(bytes: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty())
}

fn return_code(text: &[u8]) -> Option<i64> {
    lines(text).rev().find_map(|line| {
        let line = std::str::from_utf8(line).ok().filter(|line| line.contains("TalendJob: '"))?;
        line.rsplit_once(" returnCode: ")?.1.trim().parse().ok()
    })
}

/// The first line that names a failed component, else the last line there is.
fn reason(stderr: &Path) -> io::Result<Option<String>> {
    let Some(head) = part(stderr, Part::Head)? else { return Ok(None) };
    if let Some(line) = lines(&head).find(|line| line.starts_with(b"Exception in component ")) {
        return Ok(Some(String::from_utf8_lossy(line).into_owned()));
    }
    let tail = part(stderr, Part::Tail)?.unwrap_or_default();
    Ok(lines(&tail).next_back().map(|line| String::from_utf8_lossy(line).into_owned()))
}

/// An end without a process behind it.
pub(crate) fn plain(outcome: &str, ended_ms: i64, error: Option<(&str, String)>) -> End {
    let (error_type, error_message) = error.map(|(kind, message)| (kind.to_owned(), message)).unzip();
    End {
        outcome: outcome.to_owned(),
        started_ms: None,
        ended_ms,
        exit_code: None,
        signal: None,
        error_type,
        error_message,
    }
}

/// The outcome of a stop, by its reason.
pub(crate) fn stopped(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Request => "terminated",
        StopReason::Timeout => "terminated_timeout",
        StopReason::Shutdown => "terminated_shutdown",
    }
}

/// The end of a run whose job left an exit record. Rows that the job rejected make a good end a rejected one (source:
/// spec). Without a mask none of the job's own words are in it.
pub(crate) fn of_exit(
    exit: &ExitRecord,
    stop: Option<StopReason>,
    evidence: Evidence,
    rejected: i64,
    mask: Option<&Mask>,
) -> End {
    // Masked before it is cut, or half a secret could be left over.
    let shorten = |text: &str| -> String {
        mask.map_or_else(String::new, |mask| mask.text(text.as_bytes()).chars().take(MAX_REASON).collect())
    };
    if let Some(error) = &exit.error {
        return plain("deploy_failed", exit.ended_ms, Some(("start_failed", shorten(&error.message))));
    }
    let mut end = plain("success", exit.ended_ms, None);
    end.started_ms = Some(exit.started_ms);
    end.exit_code = exit.code.map(i64::from);
    end.signal = exit.signal.map(i64::from);
    if let Some(reason) = stop.filter(|_| exit.stop_requested) {
        stopped(reason).clone_into(&mut end.outcome);
        if reason == StopReason::Timeout {
            end.error_type = Some("timeout".into());
            end.error_message = Some("stopped because it took longer than its task allows".into());
        }
        return end;
    }
    let (kind, what) = match (exit.code, exit.signal, evidence.return_code) {
        (Some(0), _, None | Some(0)) => {
            if rejected > 0 {
                "rejected".clone_into(&mut end.outcome);
            }
            return end;
        }
        (Some(0), _, Some(code)) => ("exit_code", format!("return code {code}, which the exit code 0 hides")),
        (Some(code), ..) => ("exit_code", format!("exit code {code}")),
        (None, Some(signal), _) => ("signal", format!("ended by signal {signal}{}", signal_hint(signal))),
        (None, None, _) => ("process_lost", "ended without saying how".to_owned()),
    };
    "failed".clone_into(&mut end.outcome);
    end.error_type = Some(kind.to_owned());
    let reason = evidence.reason.map(|reason| shorten(reason.trim())).filter(|reason| !reason.is_empty());
    end.error_message = Some(match reason {
        Some(reason) => format!("{what}: {reason}"),
        None => what,
    });
    end
}

fn signal_hint(signal: i32) -> &'static str {
    match signal {
        6 => " (aborted)",
        9 => " (killed, perhaps because the machine ran out of memory)",
        11 => " (crashed)",
        15 => " (terminated by somebody on the machine)",
        _ => "",
    }
}

/// The end of a run whose outcome cannot be known.
pub(crate) fn of_lost(lost: &Lost, ended_ms: i64) -> End {
    let (outcome, kind) = match lost.reason {
        LostReason::Rebooted => ("failed", "engine_host_restarted"),
        LostReason::NeverStarted | LostReason::EndedBeforeStart => {
            return plain("deploy_failed", ended_ms, Some(("start_failed", lost.reason.to_string())));
        }
        _ => ("failed", "process_lost"),
    };
    plain(outcome, ended_ms, Some((kind, format!("{}; its outcome is not known", lost.reason))))
}

#[cfg(test)]
#[path = "end_tests.rs"]
mod tests;
