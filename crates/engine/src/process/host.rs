//! The shim host: the engine's program in a hidden mode, which forks a shim for each request.
//!
//! Forking from here instead of from the engine keeps a start cheap (little memory to map) and sound (a single thread).
//! The host serves one engine over the socket it finds as standard input. It keeps no state: when the socket closes it
//! ends, its shims live on, and the next engine starts a host of its own.

use std::io::{self, Write};
use std::os::fd::{AsFd, FromRawFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{SockType, getsockopt, sockopt};
use nix::unistd::{self, ForkResult};

use super::claim::{self, Claim};
use super::frame::{self, Answer, Answered, Request};
use super::procfs;
use super::record::RecordFile;
use super::shim::{self, Shim};
use super::sys::{self, Child};

/// First argument that makes the engine's program a shim host.
pub const MODE: &str = "shim-host";

/// Serves as shim host until the engine's socket, standard input, closes; then ends the process with code 0.
///
/// Call it first thing in `main`, before any thread exists: it forks. `now_ms` is the wall clock in milliseconds since
/// 1970. Ends with code 2 and a message on standard error if standard input is not a socket, 1 if the kernel refuses a
/// basic service.
pub fn main(now_ms: fn() -> i64) -> ! {
    if getsockopt(&io::stdin().as_fd(), sockopt::SockType).ok() != Some(SockType::Stream) {
        complain(&format_args!("`{MODE}` is started by the engine itself, with a socket as standard input"));
        sys::exit_now(2);
    }
    let code = match Host::new(now_ms).and_then(Host::serve) {
        Ok(()) => 0,
        Err(error) => {
            complain(&format_args!("the shim host failed: {error}"));
            1
        }
    };
    sys::exit_now(code)
}

fn complain(what: &std::fmt::Arguments<'_>) {
    // The last words of a hidden helper; if nobody can hear them there is nobody to tell.
    let _ = writeln!(io::stderr(), "stoker-engine: {what}");
}

struct Host {
    engine: UnixStream,
    child_ended: SignalFd,
    boot_id: String,
    now_ms: fn() -> i64,
}

impl Host {
    fn new(now_ms: fn() -> i64) -> io::Result<Self> {
        // Whatever an engine's library forgot to mark close-on-exec ends here, not in the jobs.
        sys::close_range(3, i32::MAX);
        // The socket alone says when to end; signals to the engine's process group must not take the host along.
        SigSet::all().thread_block()?;
        // Shims and jobs inherit this. An engine whose starter ignored SIGCHLD would pass that on through every exec.
        sys::reset_signals();
        let child_signal: SigSet = std::iter::once(Signal::SIGCHLD).collect();
        let child_ended = SignalFd::with_flags(&child_signal, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        prctl::set_name(c"stoker-host")?;
        unistd::chdir("/")?;
        // SAFETY: standard input is open, was checked to be a socket, and is used by nothing else in this process.
        let engine = unsafe { UnixStream::from_raw_fd(0) };
        Ok(Self { engine, child_ended, boot_id: procfs::boot_id()?, now_ms })
    }

    fn serve(mut self) -> io::Result<()> {
        loop {
            let heard = self.listen()?;
            while let Ok(Some(_)) = self.child_ended.read_signal() {}
            reap_ended()?;
            // A request whose engine is gone is not begun: nobody would look for the run here any more.
            if heard.intersects(PollFlags::POLLHUP | PollFlags::POLLERR) {
                return Ok(());
            }
            if !heard.contains(PollFlags::POLLIN) {
                continue;
            }
            let Some(request) = frame::read::<Request>(&self.engine)? else { return Ok(()) };
            let result = if request.v > frame::VERSION {
                Answered::Failed { message: format!("request version {} is not known here", request.v) }
            } else {
                self.start(Path::new(&request.run_dir))
            };
            let answer = Answer { v: frame::VERSION, id: request.id, result };
            match frame::write(&self.engine, &answer) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                other => other?,
            }
        }
    }

    /// Waits for a request, the end of the engine or the end of a shim.
    fn listen(&self) -> io::Result<PollFlags> {
        let mut watched = [
            PollFd::new(self.engine.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.child_ended.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut watched, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(watched[0].revents().unwrap_or(PollFlags::empty())),
            Err(errno) => Err(errno.into()),
        }
    }

    fn start(&mut self, run_dir: &Path) -> Answered {
        if !run_dir.is_absolute() {
            return Answered::Failed { message: "the run folder's path is not absolute".to_owned() };
        }
        let claim = match claim::take(run_dir) {
            Ok(Claim::Taken(file)) => file,
            Ok(Claim::Over | Claim::Held) => return Answered::AlreadyStarted {},
            Err(error) => return Answered::Failed { message: format!("cannot claim the run folder: {error}") },
        };
        // SAFETY: this process has one thread, so the child may do anything the parent could.
        match unsafe { unistd::fork() } {
            Ok(ForkResult::Child) => {
                let (boot_id, now_ms) = (std::mem::take(&mut self.boot_id), self.now_ms);
                let records = RecordFile::claimed(run_dir, claim);
                shim::enter(Shim { run_dir: PathBuf::from(run_dir), records, boot_id, now_ms })
            }
            // The child cannot be reaped before the next turn of the loop: its number is its own until then.
            Ok(ForkResult::Parent { child }) => match procfs::stat(child.as_raw()) {
                Ok(Some(stat)) => Answered::Started { pid: stat.pid, start_time: stat.start_time },
                // The engine then finds it through the run folder.
                _ => Answered::AlreadyStarted {},
            },
            Err(errno) => {
                claim::release(&claim);
                Answered::Failed { message: format!("cannot make a process: {}", errno.desc()) }
            }
        }
    }
}

fn reap_ended() -> io::Result<()> {
    while let Child::Ended(pid, _) = sys::peek_child()? {
        sys::reap(pid);
    }
    Ok(())
}
