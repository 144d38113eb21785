//! Whether the triggers of a schedule keep their distance.

use jiff::{SignedDuration, Timestamp};

use crate::Rule;

/// Two instants of a schedule that are too close to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clash {
    /// The earlier instant and the index of its rule.
    pub first: (Timestamp, usize),
    /// The next instant, perhaps the same, and the index of its rule.
    pub second: (Timestamp, usize),
}

/// The first two instants from `from` (included) to `to` (not included) at which the rules together fire less than `apart`
/// apart; `None` when there are no such two. The published API asks for five minutes and looks five years ahead. `spec`
///
/// The work is bounded by the time span divided by `apart`, because the search ends at the first clash.
pub fn first_clash(rules: &[Rule], from: Timestamp, to: Timestamp, apart: SignedDuration) -> Option<Clash> {
    let just_before = from.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(from);
    let mut next: Vec<Option<Timestamp>> = rules.iter().map(|rule| rule.next_after(just_before)).collect();
    let mut last: Option<(Timestamp, usize)> = None;
    loop {
        let due = next.iter().enumerate().filter_map(|(index, instant)| Some(((*instant)?, index)));
        let (instant, index) = due.min().filter(|(instant, _)| *instant < to)?;
        if let Some(first) = last
            && instant.duration_since(first.0) < apart
        {
            return Some(Clash { first, second: (instant, index) });
        }
        last = Some((instant, index));
        next[index] = rules[index].next_after(instant);
    }
}
