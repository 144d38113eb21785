//! Exit codes, all in one place, and the failure that carries one.

use crate::text::printable;
use stoker_client::{ClientError, RunStatus};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Success,
    Failed,
    Usage,
    NotStarted,
    Terminated,
    TimedOut,
    Rejected,
    NoAccess,
    Interrupted,
}

impl Exit {
    pub(crate) const ALL: [Exit; 9] = [
        Exit::Success,
        Exit::Failed,
        Exit::Usage,
        Exit::NotStarted,
        Exit::Terminated,
        Exit::TimedOut,
        Exit::Rejected,
        Exit::NoAccess,
        Exit::Interrupted,
    ];

    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotStarted => 3,
            Exit::Terminated => 4,
            Exit::TimedOut => 5,
            Exit::Rejected => 6,
            Exit::NoAccess => 7,
            Exit::Interrupted => 130,
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Exit::Success => "done; the run was successful",
            Exit::Failed => "the run failed; or the command failed in a way that no other code names",
            Exit::Usage => "the command line or a file named in it is wrong",
            Exit::NotStarted => "the run could not start: refused, no such task, paused, not configured, not deployed",
            Exit::Terminated => "the run was stopped by somebody, or because its engine shut down",
            Exit::TimedOut => "the run was stopped because it took longer than its timeout",
            Exit::Rejected => "the run ended well but with rejected rows",
            Exit::NoAccess => "the server cannot be reached, or the token is missing, unknown or lacks a permission",
            Exit::Interrupted => "interrupted with Ctrl-C; a run goes on",
        }
    }

    /// What `run --wait` and `run --follow` answer for the end of a run.
    pub(crate) fn of_status(status: &RunStatus) -> Self {
        match status {
            RunStatus::Successful => Exit::Success,
            RunStatus::DeployFailed => Exit::NotStarted,
            RunStatus::Terminated | RunStatus::TerminatedShutdown => Exit::Terminated,
            RunStatus::TerminatedTimeout => Exit::TimedOut,
            RunStatus::Rejected => Exit::Rejected,
            _ => Exit::Failed,
        }
    }
}

/// The list for `stoker help exit-codes`.
pub(crate) fn list() -> String {
    let lines = Exit::ALL.map(|exit| format!("{:>5}  {}", exit.code(), exit.meaning()));
    lines.join("\n")
}

/// Why a command ends without success, in words for the terminal.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What failed; empty when nothing is to be said, as with a closed pipe.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    /// A wrong command line or file.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure before a run exists: it could not start, unless the cause has a code of its own.
    pub(crate) fn before_start(mut self) -> Self {
        if self.exit == Exit::Failed {
            self.exit = Exit::NotStarted;
        }
        self
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let exit = match &error {
            ClientError::BadUrl { .. } => Exit::Usage,
            ClientError::BadToken
            | ClientError::Setup(_)
            | ClientError::Unreachable { .. }
            | ClientError::Timeout { .. } => Exit::NoAccess,
            ClientError::Refused { status: 401 | 403, .. } => Exit::NoAccess,
            _ => Exit::Failed,
        };
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self { exit, message: printable(&message), hint: error.hint() }
    }
}

/// Only for writing to standard output: a reader that closed the pipe has seen enough.
pub(crate) fn writing(error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return Failure::new(Exit::Success, "");
    }
    Failure::new(Exit::Failed, format!("cannot write to standard output: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_a_run_has_its_code() {
        let code = |id: &str| Exit::of_status(&RunStatus::from(id.to_owned())).code();
        assert_eq!(code("execution_successful"), 0);
        assert_eq!(code("execution_failed"), 1);
        assert_eq!(code("deploy_failed"), 3);
        assert_eq!(code("terminated"), 4);
        assert_eq!(code("terminated_shutdown"), 4);
        assert_eq!(code("terminated_timeout"), 5);
        assert_eq!(code("execution_rejected"), 6);
        assert_eq!(code("a_status_of_tomorrow"), 1);
    }

    #[test]
    fn codes_differ_and_are_all_listed() {
        let mut codes: Vec<_> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        codes.dedup();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 130]);
        for code in codes {
            assert!(list().lines().any(|line| line.trim_start().starts_with(&format!("{code} "))), "{code}");
        }
    }

    fn refused(status: u16) -> Failure {
        let (method, path, message) = ("POST".into(), "/processing/executions".into(), "no".into());
        ClientError::Refused { method, path, status, message, request_id: None, needs: None }.into()
    }

    #[test]
    fn access_problems_have_one_code_and_others_depend_on_the_run() {
        assert_eq!(refused(401).exit, Exit::NoAccess);
        assert_eq!(refused(403).before_start().exit, Exit::NoAccess);
        assert_eq!(refused(405).exit, Exit::Failed);
        assert_eq!(refused(405).before_start().exit, Exit::NotStarted);
        assert_eq!(Failure::usage("x").before_start().exit, Exit::Usage);
    }

    #[test]
    fn a_closed_pipe_is_a_success_without_words() {
        let failure = writing(&std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::Success, ""));
        assert_eq!(writing(&std::io::Error::other("disk full")).exit, Exit::Failed);
    }
}
