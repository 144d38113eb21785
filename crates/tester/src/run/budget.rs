//! What one run may put on the wire and take from it, for programs that run what others wrote.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// Most of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Requests on the wire, redirects and repeats included.
    pub sends: u32,
    /// Bytes of their bodies and of the answers together: all of them may be held until the end.
    pub bytes: usize,
}

/// What of a budget was spent.
#[derive(Debug)]
pub(super) struct Spent {
    budget: Budget,
    sends: AtomicU32,
    bytes: AtomicUsize,
}

impl Spent {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, sends: AtomicU32::new(0), bytes: AtomicUsize::new(0) }
    }

    /// A further request is about to be sent.
    pub(super) fn begin(&self) -> Result<(), String> {
        if self.bytes.load(Ordering::Relaxed) >= self.budget.bytes {
            return Err(self.too_much());
        }
        if self.sends.fetch_add(1, Ordering::Relaxed) >= self.budget.sends {
            return Err(format!("the run has sent {} requests, the most of one run; split it", self.budget.sends));
        }
        Ok(())
    }

    /// It has cost so many bytes.
    pub(super) fn end(&self, bytes: usize) -> Result<(), String> {
        if self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > self.budget.bytes {
            return Err(self.too_much());
        }
        Ok(())
    }

    fn too_much(&self) -> String {
        format!(
            "requests and answers of the run have more than {} MiB together, the most of one run; split it",
            self.budget.bytes >> 20
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_sends_and_reads_no_more_than_its_share() {
        let spent = Spent::new(Budget { sends: 3, bytes: 2 << 20 });
        assert_eq!(spent.begin(), Ok(()));
        assert_eq!(spent.end(2 << 20), Ok(()), "all of it may be used");
        assert!(spent.begin().unwrap_err().contains("more than 2 MiB"));
        let spent = Spent::new(Budget { sends: 3, bytes: 2 << 20 });
        assert!(spent.end((2 << 20) + 1).unwrap_err().contains("more than 2 MiB"));
        let spent = Spent::new(Budget { sends: 2, bytes: 1 });
        assert_eq!((spent.begin(), spent.begin()), (Ok(()), Ok(())));
        assert!(spent.begin().unwrap_err().contains("2 requests, the most of one run"));
    }
}
