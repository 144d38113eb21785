//! What `/proc` says about processes, reduced to what tells one process from another.

use std::io::{self, Read};

/// One line of `/proc/<pid>/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) pid: i32,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// The state letter; `Z` and `X` are dead.
    pub(super) state: u8,
    /// Clock ticks between boot and the start of the process.
    pub(super) start_time: u64,
}

impl Stat {
    /// Whether the process still runs, as opposed to waiting to be reaped.
    pub(super) fn is_alive(&self) -> bool {
        !matches!(self.state, b'Z' | b'X' | b'x')
    }
}

/// Reads one process, or `None` if there is none with that number.
pub(super) fn stat(pid: i32) -> io::Result<Option<Stat>> {
    if pid <= 0 {
        return Ok(None);
    }
    // One read, as the kernel hands out the whole line at once; it is shorter than this even in the worst case.
    let mut line = [0; 1024];
    let read = std::fs::File::open(format!("/proc/{pid}/stat")).and_then(|mut file| file.read(&mut line));
    match read {
        Ok(len) => Ok(line.get(..len).and_then(parse)),
        // A process that ends between open and read answers ESRCH.
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads every process there is. Processes that end meanwhile are left out.
pub(super) fn table() -> io::Result<Vec<Stat>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let pid = entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
        if let Some(stat) = pid.and_then(|pid| stat(pid).ok().flatten()) {
            found.push(stat);
        }
    }
    Ok(found)
}

/// All processes of `table` below `root`, without `root` itself.
pub(super) fn descendants(table: &[Stat], root: i32) -> Vec<Stat> {
    let mut below = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for child in table.iter().filter(|stat| stat.parent == parent && stat.pid != parent) {
            below.push(*child);
            parents.push(child.pid);
        }
    }
    below
}

/// The direct children of the calling, single-threaded process, dead ones included.
///
/// The list is exact because only the caller itself can reap its children.
pub(super) fn children(own_pid: i32) -> io::Result<Vec<i32>> {
    match std::fs::read_to_string(format!("/proc/self/task/{own_pid}/children")) {
        Ok(text) => Ok(text.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect()),
        // A kernel option; without it the long way round.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(table()?.iter().filter(|stat| stat.parent == own_pid).map(|stat| stat.pid).collect())
        }
        Err(error) => Err(error),
    }
}

/// The identifier of the present boot of the machine.
pub(super) fn boot_id() -> io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// Whether a process's starting environment holds `name=value`. Not readable counts as no.
pub(super) fn has_variable(pid: i32, name: &str, value: &str) -> bool {
    let wanted = format!("{name}={value}");
    std::fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|bytes| bytes.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes()))
}

/// Takes a stat line apart. The program's name stands in parentheses and may itself hold spaces and parentheses.
fn parse(line: &[u8]) -> Option<Stat> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let close = line.iter().rposition(|byte| *byte == b')')?;
    let pid = std::str::from_utf8(line.get(..open)?).ok()?.trim().parse().ok()?;
    let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    Some(Stat {
        pid,
        state: *fields.first()?.as_bytes().first()?,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        start_time: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(name: &[u8]) -> Vec<u8> {
        let mut line = b"4711 (".to_vec();
        line.extend_from_slice(name);
        line.extend_from_slice(b") S 1 4700 4690 0 -1 4194560 7 0 0 0 1 2 0 0 20 0 1 0 998877 5 6 7\n");
        line
    }

    proptest! {
        #[test]
        fn any_program_name_is_stepped_over(name in proptest::collection::vec(any::<u8>(), 0..16)) {
            let stat = parse(&line(&name));
            prop_assert_eq!(stat, Some(Stat {
                pid: 4711, parent: 1, group: 4700, session: 4690, state: b'S', start_time: 998_877,
            }));
        }

        #[test]
        fn rubbish_is_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse(&bytes);
        }
    }

    #[test]
    fn cut_line_is_refused() {
        assert_eq!(parse(b"12 (x) S 1 2 3"), None);
    }

    #[test]
    fn own_process_is_found_below_its_parent() {
        let pid = std::process::id() as i32;
        let own = stat(pid).unwrap().unwrap();
        assert!(own.is_alive());
        let below = descendants(&table().unwrap(), own.parent);
        assert!(below.iter().any(|stat| (stat.pid, stat.start_time) == (pid, own.start_time)));
        assert_eq!(stat(0).unwrap(), None);
    }
}
