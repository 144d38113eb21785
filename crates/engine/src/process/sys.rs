//! The few system calls that neither std nor nix offers in the form needed here.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It called exit with this code, 0 to 255.
    Code(i32),
    /// This signal killed it. A plain number, because real-time signals have no name.
    Signal(i32),
}

/// What [`peek_child`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Child {
    /// There are no children at all.
    NoneLeft,
    /// There are children, and all of them run.
    AllRun,
    /// This child has ended and waits to be reaped.
    Ended(i32, Ended),
}

/// Opens a handle on a process that can never come to mean another one. `None` if there is no such process.
pub(super) fn pidfd_open(pid: i32) -> io::Result<Option<OwnedFd>> {
    if pid <= 0 {
        return Ok(None);
    }
    // SAFETY: no memory is passed; the result is checked before it is used.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if result >= 0 {
        // SAFETY: the kernel just made this descriptor for us and nobody else knows it.
        return Ok(Some(unsafe { OwnedFd::from_raw_fd(result as RawFd) }));
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // The two others say that the number now belongs to a thread: the process meant is gone.
        Some(libc::ESRCH | libc::EINVAL | libc::ENOENT) => Ok(None),
        _ => Err(error),
    }
}

/// Sends a signal through a process handle. `false` if the process has ended.
pub(super) fn pidfd_signal(handle: BorrowedFd<'_>, signal: Signal) -> io::Result<bool> {
    let (fd, number) = (handle.as_raw_fd(), signal as libc::c_int);
    // SAFETY: the descriptor is borrowed for the call, the information pointer may be null, flags are none.
    let result =
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, number, std::ptr::null::<libc::siginfo_t>(), 0) };
    if result == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    if error.raw_os_error() == Some(libc::ESRCH) { Ok(false) } else { Err(error) }
}

/// Whether the process behind a handle has ended.
pub(super) fn has_ended(handle: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(poll(&mut [PollFd::new(handle, PollFlags::POLLIN)], PollTimeout::ZERO)? > 0)
}

/// Signals the process with this number only if it started at this time. `false` if it is gone.
pub(super) fn signal_exact(pid: i32, start_time: u64, signal: Signal) -> io::Result<Option<OwnedFd>> {
    let Some(handle) = pidfd_open(pid)? else { return Ok(None) };
    // The handle is opened first: if the start time still agrees afterwards, the handle means that process.
    match super::procfs::stat(pid)? {
        Some(stat) if stat.start_time == start_time => {}
        _ => return Ok(None),
    }
    let sent = pidfd_signal(std::os::fd::AsFd::as_fd(&handle), signal)?;
    Ok(sent.then_some(handle))
}

/// Looks for an ended child without reaping it, so that its number stays reserved.
pub(super) fn peek_child() -> io::Result<Child> {
    loop {
        // SAFETY: a zeroed siginfo is a valid value of this plain C structure.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
        // SAFETY: `info` is writable for the duration of the call.
        if unsafe { libc::waitid(libc::P_ALL, 0, &raw mut info, options) } == 0 {
            // SAFETY: after a successful waitid these fields are set, or zero if no child has ended.
            let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
            let ended = if info.si_code == libc::CLD_EXITED { Ended::Code(status) } else { Ended::Signal(status) };
            return Ok(if pid == 0 { Child::AllRun } else { Child::Ended(pid, ended) });
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::ECHILD) => return Ok(Child::NoneLeft),
            Some(libc::EINTR) => {}
            _ => return Err(error),
        }
    }
}

/// Reaps this child if it has ended.
pub(super) fn reap(pid: i32) {
    // SAFETY: a null status pointer is allowed.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG | libc::__WALL) };
}

/// Waits for one of the blocked signals `set`, at most `limit` (for ever if `None`). `None` when time is up.
pub(super) fn wait_signal(set: &SigSet, limit: Option<Duration>) -> Option<i32> {
    let time = limit.map(|limit| libc::timespec {
        tv_sec: libc::time_t::try_from(limit.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(limit.subsec_nanos() as i32),
    });
    let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the set outlives the call, the information pointer may be null, `time` is null or points to a live value.
    let signal = unsafe { libc::sigtimedwait(set.as_ref(), std::ptr::null_mut(), time) };
    (signal > 0).then_some(signal)
}

/// Puts every signal back to its default action, also those that were inherited as ignored.
pub(super) fn reset_signals() {
    // The kernel's own form of an action; zero throughout means default. The C library refuses to touch the two signals
    // it keeps for itself, yet an engine may have inherited those ignored.
    let default = [0_u64; 8];
    let nothing = std::ptr::null_mut::<u64>();
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: the kernel reads at most 32 of the 64 bytes; 8 is the size of its signal set; no code of ours is set.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), nothing, 8_usize) };
    }
}

/// Closes all descriptors from `first` to `last`, both included.
pub(super) fn close_range(first: RawFd, last: RawFd) {
    // SAFETY: callers own the whole process and use none of these descriptors afterwards.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
        return;
    }
    // Kernels before 5.9.
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<RawFd> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<RawFd>().ok()).collect();
    for fd in open.into_iter().filter(|fd| (first..=last).contains(fd)) {
        // SAFETY: as above.
        unsafe { libc::close(fd) };
    }
}

/// Reserves disk space for a small file, so that a disk that fills up later cannot stop us from writing it.
pub(super) fn reserve(file: &std::fs::File, bytes: i64) {
    // SAFETY: the descriptor is valid for the call. File systems that cannot do it are no worse off than before.
    unsafe { libc::fallocate(file.as_raw_fd(), libc::FALLOC_FL_KEEP_SIZE, 0, bytes) };
}

/// Ends the process at once, without running anything registered for exit.
pub(super) fn exit_now(code: i32) -> ! {
    // SAFETY: does not return and touches nothing of ours.
    unsafe { libc::_exit(code) }
}
