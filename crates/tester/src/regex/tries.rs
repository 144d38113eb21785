//! Runs a program one way after the other, as JavaScript describes it. Needed where a pattern looks around or back; may take
//! steps without end, so they are counted.

use super::program::{Order, Program};
use super::set::{ends_line, is_word};
use crate::effort::{Effort, Halt};

/// Most ways that may be open at once: some 100 MB.
const MAX_OPEN: usize = 4_000_000;
/// How many steps are counted together.
const TOGETHER: u64 = 1 << 10;

/// What a slot holds before anything is noted.
pub(super) const NONE: usize = usize::MAX;

/// What is done when the way so far does not lead to a match.
enum Open {
    Go {
        order: usize,
        at: usize,
    },
    Slot {
        slot: usize,
        held: usize,
    },
    /// A character less, as long as more than those up to `low` were taken.
    Fewer {
        order: usize,
        at: usize,
        low: usize,
    },
    /// A character more.
    More {
        order: usize,
        at: usize,
        taken: usize,
    },
}

struct Tries<'a> {
    program: &'a Program,
    text: &'a str,
    slots: Vec<usize>,
    open: Vec<Open>,
    effort: &'a Effort<'a>,
    steps: u64,
}

/// The slots of the first match.
pub(super) fn search(program: &Program, text: &str, effort: &Effort<'_>) -> Result<Option<Vec<usize>>, Halt> {
    let slots = vec![NONE; program.slots];
    let mut tries = Tries { program, text, slots, open: Vec::new(), effort, steps: 0 };
    let found = tries.anywhere()?;
    effort.spend(tries.steps)?;
    Ok(found.then_some(tries.slots))
}

/// Whether a place is the beginning; of the text or of any line.
pub(super) fn begins(text: &str, at: usize, line: bool) -> bool {
    at == 0 || line && text[..at].chars().next_back().is_some_and(ends_line)
}

/// Whether a place is the end; of the text or of any line.
pub(super) fn ends(text: &str, at: usize, line: bool) -> bool {
    at == text.len() || line && text[at..].chars().next().is_some_and(ends_line)
}

/// Whether a word begins or ends at a place.
pub(super) fn borders(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back().is_some_and(is_word);
    before != text[at..].chars().next().is_some_and(is_word)
}

/// The place after the next character, in one direction or the other.
fn beyond(text: &str, at: usize, back: bool) -> Option<(char, usize)> {
    if back {
        text[..at].chars().next_back().map(|c| (c, at - c.len_utf8()))
    } else {
        text[at..].chars().next().map(|c| (c, at + c.len_utf8()))
    }
}

impl Tries<'_> {
    /// Looks for a match from each place on.
    fn anywhere(&mut self) -> Result<bool, Halt> {
        let (program, text) = (self.program, self.text);
        let mut start = 0;
        loop {
            let next = text[start..].chars().next();
            self.step()?;
            if program.first.is_none_or(|set| next.is_some_and(|c| program.sets[set].holds(c)))
                && let Some(end) = self.run(0, start)?
            {
                (self.slots[0], self.slots[1]) = (start, end);
                return Ok(true);
            }
            match next {
                Some(c) if !program.fixed => start += c.len_utf8(),
                _ => return Ok(false),
            }
        }
    }

    fn step(&mut self) -> Result<(), Halt> {
        self.steps += 1;
        if self.steps == TOGETHER {
            self.steps = 0;
            self.effort.spend(TOGETHER)?;
        }
        Ok(())
    }

    fn push(&mut self, open: Open) -> Result<(), Halt> {
        if self.open.len() >= MAX_OPEN {
            // As good as steps without end.
            self.effort.spend(Effort::STEPS)?;
        }
        self.open.push(open);
        Ok(())
    }

    fn note(&mut self, slot: usize, at: usize) -> Result<(), Halt> {
        let held = std::mem::replace(&mut self.slots[slot], at);
        self.push(Open::Slot { slot, held })
    }

    /// Where a match from here ends. Notes stay after a match and are undone otherwise.
    fn run(&mut self, order: usize, at: usize) -> Result<Option<usize>, Halt> {
        let base = self.open.len();
        let mut next = Some((order, at));
        loop {
            self.step()?;
            let Some((order, at)) = next else {
                match self.resumed(base)? {
                    Some(found) => next = Some(found),
                    None => return Ok(None),
                }
                continue;
            };
            if matches!(self.program.orders[order], Order::Match) {
                // What was noted may have to be undone later, other ways to the same place are not needed.
                let mut place = base;
                for index in base..self.open.len() {
                    if matches!(self.open[index], Open::Slot { .. }) {
                        self.open.swap(place, index);
                        place += 1;
                    }
                }
                self.open.truncate(place);
                return Ok(Some(at));
            }
            next = self.order(order, at)?;
        }
    }

    /// The last way that is open; undoes what was noted since.
    fn resumed(&mut self, base: usize) -> Result<Option<(usize, usize)>, Halt> {
        while self.open.len() > base {
            match self.open.pop() {
                None => break,
                Some(Open::Slot { slot, held }) => self.slots[slot] = held,
                Some(Open::Go { order, at }) => return Ok(Some((order, at))),
                Some(Open::Fewer { order, at, low }) => {
                    let Order::Many { back, .. } = self.program.orders[order] else { continue };
                    let Some((_, at)) = beyond(self.text, at, !back) else { continue };
                    if at != low {
                        self.push(Open::Fewer { order, at, low })?;
                    }
                    return Ok(Some((order + 1, at)));
                }
                Some(Open::More { order, at, taken }) => {
                    let Order::Many { set, most, back, .. } = self.program.orders[order] else { continue };
                    let next = beyond(self.text, at, back).filter(|(c, _)| self.program.sets[set].holds(*c));
                    let Some((_, at)) = next.filter(|_| taken < most) else { continue };
                    self.push(Open::More { order, at, taken: taken + 1 })?;
                    return Ok(Some((order + 1, at)));
                }
            }
        }
        Ok(None)
    }

    /// Where it goes on after an order; nowhere when this way leads to no match.
    fn order(&mut self, order: usize, at: usize) -> Result<Option<(usize, usize)>, Halt> {
        let text = self.text;
        let goes = |holds: bool| holds.then_some((order + 1, at));
        Ok(match self.program.orders[order] {
            Order::One { set, back } => {
                let next = beyond(text, at, back).filter(|(c, _)| self.program.sets[set].holds(*c));
                next.map(|(_, at)| (order + 1, at))
            }
            Order::Many { .. } => self.many(order, at)?,
            Order::Split(first, second) => {
                self.push(Open::Go { order: second, at })?;
                Some((first, at))
            }
            Order::Jump(to) => Some((to, at)),
            Order::Note(slot) => {
                self.note(slot, at)?;
                Some((order + 1, at))
            }
            Order::Moved(slot) => goes(self.slots[slot] != at),
            Order::Forget(from, to) => {
                for slot in from..to {
                    if self.slots[slot] != NONE {
                        self.note(slot, NONE)?;
                    }
                }
                Some((order + 1, at))
            }
            Order::Begin { line } => goes(begins(text, at, line)),
            Order::End { line } => goes(ends(text, at, line)),
            Order::Word { inside } => goes(borders(text, at) != inside),
            Order::Back { group, fold, back } => self.back(group, fold, back, at)?.map(|at| (order + 1, at)),
            Order::Look { not, end } => {
                let base = self.open.len();
                let found = self.run(order + 1, at)?.is_some();
                if not && found {
                    while self.resumed(base)?.is_some() {}
                }
                (found != not).then_some((end, at))
            }
            Order::Match => None,
        })
    }

    /// Takes characters of one set.
    fn many(&mut self, order: usize, from: usize) -> Result<Option<(usize, usize)>, Halt> {
        let Order::Many { set, least, most, greedy, back } = self.program.orders[order] else { return Ok(None) };
        let (mut taken, mut at, mut low) = (0, from, from);
        while taken < if greedy { most } else { least } {
            self.step()?;
            let next = beyond(self.text, at, back).filter(|(c, _)| self.program.sets[set].holds(*c));
            let Some((_, after)) = next else { break };
            (taken, at) = (taken + 1, after);
            if taken == least {
                low = at;
            }
        }
        if taken < least {
            return Ok(None);
        }
        match greedy {
            true if at != low => self.push(Open::Fewer { order, at, low })?,
            false => self.push(Open::More { order, at, taken })?,
            true => {}
        }
        Ok(Some((order + 1, at)))
    }

    /// The place after what a group captured; a group that took no part is the empty text.
    fn back(&mut self, group: usize, fold: bool, back: bool, at: usize) -> Result<Option<usize>, Halt> {
        let (start, end) = (self.slots[2 * group], self.slots[2 * group + 1]);
        if start == NONE || end == NONE {
            return Ok(Some(at));
        }
        let text = self.text;
        self.effort.read(end - start)?;
        let (mut wanted, mut here) = (if back { end } else { start }, at);
        while wanted != if back { start } else { end } {
            let (Some((w, after)), Some((h, next))) = (beyond(text, wanted, back), beyond(text, here, back)) else {
                return Ok(None);
            };
            if w != h && !(fold && w.to_lowercase().eq(h.to_lowercase())) {
                return Ok(None);
            }
            (wanted, here) = (after, next);
        }
        Ok(Some(here))
    }
}
