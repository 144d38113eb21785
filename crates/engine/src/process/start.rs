//! Starting a job's first process. Runs inside the shim, which is single-threaded.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{self, ForkResult, Pid};

use super::record::{Recipe, StartError, StartErrorKind};
use super::{RUN_DIR_VARIABLE, sys};

/// Everything the child needs, made before the fork so that it has nothing left to allocate or to look up.
struct Plan {
    program: CString,
    argv: Vec<CString>,
    envp: Vec<CString>,
    cwd: PathBuf,
    stdout: File,
    stderr: File,
    umask: Mode,
}

/// The step that failed in the child, as told through the pipe.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Step {
    Prepare = 1,
    Cwd = 2,
    Exec = 3,
}

/// Starts the job and returns its process number, which is also its process group. When this returns the program has
/// been executed.
pub(super) fn job(recipe: &Recipe, run_dir: &Path, inherited_umask: Mode) -> Result<i32, StartError> {
    let plan = plan(recipe, run_dir, inherited_umask)?;
    let (from_child, to_shim) = unistd::pipe2(OFlag::O_CLOEXEC).map_err(no_resources)?;
    let shim = unistd::getpid();
    // SAFETY: the shim has one thread, so the child may do anything the parent could.
    match unsafe { unistd::fork() }.map_err(no_resources)? {
        ForkResult::Child => become_job(&plan, shim, &to_shim),
        ForkResult::Parent { child } => {
            drop(to_shim);
            let mut report = [0; 5];
            // Nothing comes and the pipe closes when the program is executed.
            match File::from(from_child).read_exact(&mut report) {
                Err(_) => Ok(child.as_raw()),
                Ok(()) => {
                    let _ = nix::sys::wait::waitpid(child, None);
                    let [step, errno @ ..] = report;
                    Err(explain(step, Errno::from_raw(i32::from_ne_bytes(errno)), recipe, &plan))
                }
            }
        }
    }
}

/// The child's side: either becomes the job or says why not and ends.
fn become_job(plan: &Plan, shim: Pid, report_to: &OwnedFd) -> ! {
    let (step, errno) = match prepare(plan, shim) {
        Err(failed) => failed,
        Ok(()) => match unistd::execve(&plan.program, &plan.argv, &plan.envp) {
            Err(errno) => (Step::Exec, errno),
            Ok(never) => match never {},
        },
    };
    let mut report = [step as u8; 5];
    report[1..].copy_from_slice(&(errno as i32).to_ne_bytes());
    let _ = unistd::write(report_to, &report);
    sys::exit_now(127)
}

fn prepare(plan: &Plan, shim: Pid) -> Result<(), (Step, Errno)> {
    let failed = |errno| (Step::Prepare, errno);
    unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0)).map_err(failed)?;
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(failed)?;
    // The shim may have been killed before the line above.
    if unistd::getppid() != shim {
        sys::exit_now(127);
    }
    unistd::dup2_stdout(&plan.stdout).map_err(failed)?;
    unistd::dup2_stderr(&plan.stderr).map_err(failed)?;
    // A job's memory may hold passwords, and its dump would land in the run folder.
    setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(failed)?;
    umask(plan.umask);
    unistd::chdir(&plan.cwd).map_err(|errno| (Step::Cwd, errno))?;
    // The actions are the default ones since the host's start.
    SigSet::empty().thread_set_mask().map_err(failed)
}

fn plan(recipe: &Recipe, run_dir: &Path, inherited_umask: Mode) -> Result<Plan, StartError> {
    let cwd = run_dir.join(&recipe.cwd);
    let program = locate(recipe, &cwd)?;
    let mut env = recipe.env.clone();
    env.entry(RUN_DIR_VARIABLE.to_owned()).or_insert_with(|| run_dir.to_string_lossy().into_owned());
    if env.keys().any(|name| name.is_empty() || name.contains('=')) {
        return Err(bad_recipe("a variable's name is empty or holds `=`"));
    }
    let argv = std::iter::once(recipe.program.clone()).chain(recipe.args.iter().cloned());
    Ok(Plan {
        program: c_string(program.into_os_string().into_encoded_bytes())?,
        argv: argv.map(c_string).collect::<Result<_, _>>()?,
        envp: env.iter().map(|(name, value)| c_string(format!("{name}={value}"))).collect::<Result<_, _>>()?,
        stdout: open_output(&run_dir.join(&recipe.stdout))?,
        stderr: open_output(&run_dir.join(&recipe.stderr))?,
        umask: recipe.umask.map_or(inherited_umask, |mask| Mode::from_bits_truncate(mask & 0o777)),
        cwd,
    })
}

/// The program's file: as given if it is a path, otherwise the first of that name along the recipe's `PATH`.
fn locate(recipe: &Recipe, cwd: &Path) -> Result<PathBuf, StartError> {
    if recipe.program.is_empty() {
        return Err(bad_recipe("the program's name is empty"));
    }
    if recipe.program.contains('/') {
        return Ok(cwd.join(&recipe.program));
    }
    let path = recipe.env.get("PATH").map_or("", String::as_str);
    let folders = path.split(':').filter(|folder| !folder.is_empty());
    let mut files = folders.map(|folder| cwd.join(folder).join(&recipe.program));
    files.find(|file| is_executable(file)).ok_or_else(|| StartError {
        kind: StartErrorKind::NotFound,
        message: format!(
            "cannot start `{}`: there is no such program on the path `{path}`; install it or give its full path",
            recipe.program
        ),
    })
}

fn is_executable(file: &Path) -> bool {
    file.is_file() && unistd::access(file, unistd::AccessFlags::X_OK).is_ok()
}

fn open_output(path: &Path) -> Result<File, StartError> {
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    let file = opened.map_err(|error| StartError {
        kind: if is_shortage(&error) { StartErrorKind::NoResources } else { StartErrorKind::BadOutput },
        message: format!("cannot open the output file `{}`: {error}; check its folder", path.display()),
    })?;
    // dup2 of a descriptor onto itself would keep it closed on exec; descriptors 0 to 2 are always taken here.
    debug_assert!(file.as_raw_fd() > 2);
    Ok(file)
}

fn c_string(text: impl Into<Vec<u8>>) -> Result<CString, StartError> {
    CString::new(text).map_err(|_| bad_recipe("an argument, a variable or a path holds a zero byte"))
}

fn bad_recipe(what: &str) -> StartError {
    StartError {
        kind: StartErrorKind::BadRecipe,
        message: format!("cannot start the job: {what}; correct the task's parameters or its run profile"),
    }
}

fn no_resources(errno: Errno) -> StartError {
    StartError {
        kind: StartErrorKind::NoResources,
        message: format!("cannot make a process for the job: {}; raise the limits of the engine's user", errno.desc()),
    }
}

fn is_shortage(error: &io::Error) -> bool {
    let errno = error.raw_os_error();
    [libc::ENOSPC, libc::EDQUOT, libc::EMFILE, libc::ENFILE, libc::ENOMEM].iter().any(|code| errno == Some(*code))
}

/// Turns a failed step of the child into a message for people.
fn explain(step: u8, errno: Errno, recipe: &Recipe, plan: &Plan) -> StartError {
    use StartErrorKind as Kind;
    let (program, cwd) = (&recipe.program, plan.cwd.display());
    if step == Step::Cwd as u8 {
        let message =
            format!("cannot enter the working directory `{cwd}`: {}; check the recipe and its rights", errno.desc());
        return StartError { kind: Kind::BadWorkingDirectory, message };
    }
    let exists = plan.program.to_str().is_ok_and(|path| Path::new(path).exists());
    let (kind, why) = match errno {
        _ if step != Step::Exec as u8 => (Kind::Other, errno.desc()),
        Errno::ENOENT if exists => (
            Kind::NotFound,
            "the interpreter named in its first line does not exist; install it, or check the line's end for a stray carriage return",
        ),
        Errno::ENOENT | Errno::ENOTDIR => {
            (Kind::NotFound, "there is no such file; check the launcher inside the artifact")
        }
        Errno::EACCES | Errno::EPERM => (
            Kind::PermissionDenied,
            "it may not be executed; give the engine's user the right, and check that the file system is not mounted noexec",
        ),
        Errno::ENOEXEC => (
            Kind::NotExecutable,
            "the machine cannot execute such a file; a script needs a first line like `#!/bin/sh`, a binary must fit the machine",
        ),
        Errno::ENOMEM | Errno::EAGAIN | Errno::EMFILE | Errno::ENFILE => (Kind::NoResources, errno.desc()),
        Errno::E2BIG => (Kind::BadRecipe, "arguments and variables are too long together; pass large values by file"),
        _ => (Kind::Other, errno.desc()),
    };
    StartError { kind, message: format!("cannot start `{program}`: {why}") }
}
