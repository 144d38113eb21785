//! Looking back in time by growing stretches: what is wanted is near as a rule, and one probe of an index for each place
//! finds that nothing is, so a page costs about the same however long the history is.

/// First stretch, milliseconds.
pub(crate) const FIRST_MS: i64 = 2 * 60 * 1000;
/// The next stretch is at most this many times as long when next to nothing was found ...
const GROW_BLINDLY: i64 = 16;
/// ... and at most this many times after that much was found, which tells how far there is to go.
const GROW_MOST: i64 = 512;
const TELLING: usize = 3;
/// More tasks than this are looked at over longer stretches of time.
const MANY: usize = 50;
/// A stretch this long is followed by everything, milliseconds: more probes would cost more than they spare.
const LAST_MS: i64 = 400 * 24 * 60 * 60 * 1000;

/// First stretch for the runs of so many tasks instead of the usual one, milliseconds: many tasks cost many probes for
/// each stretch, and few of them have run lately.
pub(crate) fn first_of_tasks(tasks: usize, usual: i64) -> i64 {
    if tasks > MANY { usual.saturating_mul(180) } else { usual }
}

/// How far back is looked.
pub(crate) struct LookBack {
    newest: i64,
    floor: i64,
    width: i64,
}

impl LookBack {
    /// From `newest` back to `floor`, first over `first` milliseconds.
    pub(crate) fn new(newest: i64, floor: i64, first: i64) -> Self {
        Self { newest, floor, width: first.max(1) }
    }

    /// First instant of the stretch; it ends where the caller's window ends.
    pub(crate) fn low(&self) -> i64 {
        if self.width > LAST_MS { self.floor } else { self.newest.saturating_sub(self.width).max(self.floor) }
    }

    /// Goes further back after a stretch held `found` of `wanted`; false when there is no need, or nothing further back.
    pub(crate) fn widen(&mut self, found: usize, wanted: usize) -> bool {
        if found >= wanted || self.low() <= self.floor {
            return false;
        }
        let most = if found < TELLING { GROW_BLINDLY } else { GROW_MOST };
        let more = (2 * wanted / found.max(1)).try_into().unwrap_or(most);
        self.width = self.width.saturating_mul(most.min(more).max(2));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_grow_to_the_floor_and_end_there() {
        let mut back = LookBack::new(1_000_000, 0, 10);
        let mut lows = vec![back.low()];
        while back.widen(0, 100) {
            lows.push(back.low());
        }
        assert_eq!(lows, [999_990, 999_840, 997_440, 959_040, 344_640, 0]);
        let mut near = LookBack::new(1_000, 0, 10);
        assert!(near.widen(50, 100), "half a page");
        assert_eq!(near.low(), 960, "four times as far");
        assert!(!near.widen(100, 100), "a page is full");
        let mut seldom = LookBack::new(1_000_000, 0, 100);
        assert!(seldom.widen(1, 1_000));
        assert_eq!(seldom.low(), 1_000_000 - 1_600, "one alone tells nothing");
        assert!(seldom.widen(4, 1_000));
        assert_eq!(seldom.low(), 1_000_000 - 1_600 * 500, "four tell how far there is to go");
        assert_eq!(first_of_tasks(50, 7), 7);
        assert_eq!(first_of_tasks(51, 7), 1_260);
        let mut all = LookBack::new(i64::MAX, i64::MIN, LAST_MS);
        assert!(all.widen(0, 1));
        assert_eq!(all.low(), i64::MIN);
        assert!(!all.widen(0, 1), "there is no more");
    }
}
