//! Runs a program with all its ways at once, one character of the text after the other. What it costs grows with the text
//! and the pattern, never faster.

use super::program::{Order, Program};
use super::tries::{NONE, begins, borders, ends};
use crate::effort::{Effort, Halt};

/// Orders that wait for the next character, the most wanted first, each with its notes.
struct Ways {
    waiting: Vec<usize>,
    /// For each order where it stands in `waiting`, if it does.
    place: Vec<usize>,
    notes: Vec<usize>,
}

impl Ways {
    fn new(orders: usize, kept: usize) -> Self {
        Self { waiting: Vec::new(), place: vec![0; orders], notes: vec![NONE; orders * kept] }
    }

    fn knows(&self, order: usize) -> bool {
        self.waiting.get(self.place[order]) == Some(&order)
    }
}

/// What is left to do while a way is followed.
enum Left {
    Go(usize),
    Slot(usize, usize),
}

struct Together<'a> {
    program: &'a Program,
    text: &'a str,
    /// Slots that are noted: none when nobody asks for groups.
    kept: usize,
    notes: Vec<usize>,
    left: Vec<Left>,
    steps: u64,
}

/// The slots of the first match; without `groups` only whether there is one.
pub(super) fn search(
    program: &Program,
    text: &str,
    groups: bool,
    effort: &Effort<'_>,
) -> Result<Option<Vec<usize>>, Halt> {
    let kept = if groups { 2 * program.groups + 2 } else { 0 };
    let mut run = Together { program, text, kept, notes: vec![NONE; kept], left: Vec::new(), steps: 0 };
    let (mut now, mut then) = (Ways::new(program.orders.len(), kept), Ways::new(program.orders.len(), kept));
    let (mut at, mut found) = (0, None);
    loop {
        let next = text[at..].chars().next();
        let may = program.first.is_none_or(|set| next.is_some_and(|c| program.sets[set].holds(c)));
        if found.is_none() && may && (at == 0 || !program.fixed) {
            run.notes.fill(NONE);
            if groups {
                run.notes[0] = at;
            }
            run.follow(&mut now, 0, at);
        }
        if now.waiting.is_empty() && (found.is_some() || program.fixed) {
            return Ok(found);
        }
        for index in 0..now.waiting.len() {
            run.steps += 1;
            let order = now.waiting[index];
            let notes = order * kept..(order + 1) * kept;
            match run.program.orders[order] {
                Order::One { set, .. } => {
                    if let Some(c) = next.filter(|c| program.sets[set].holds(*c)) {
                        run.notes.copy_from_slice(&now.notes[notes]);
                        run.follow(&mut then, order + 1, at + c.len_utf8());
                    }
                }
                // Whatever waits behind it is wanted less.
                Order::Match => {
                    if !groups {
                        return Ok(Some(Vec::new()));
                    }
                    let mut made = now.notes[notes].to_vec();
                    made[1] = at;
                    found = Some(made);
                    break;
                }
                _ => {}
            }
        }
        effort.spend(std::mem::take(&mut run.steps) + 1)?;
        let Some(c) = next else { return Ok(found) };
        at += c.len_utf8();
        now.waiting.clear();
        std::mem::swap(&mut now, &mut then);
    }
}

impl Together<'_> {
    /// Follows a way to all orders that take a character or end with a match.
    fn follow(&mut self, ways: &mut Ways, order: usize, at: usize) {
        self.left.push(Left::Go(order));
        while let Some(left) = self.left.pop() {
            let mut order = match left {
                Left::Slot(slot, held) => {
                    self.notes[slot] = held;
                    continue;
                }
                Left::Go(order) => order,
            };
            // Orders in between are known too, so that no loop is followed twice.
            while !ways.knows(order) {
                self.steps += 1;
                ways.place[order] = ways.waiting.len();
                ways.waiting.push(order);
                order = match self.program.orders[order] {
                    Order::Jump(to) => to,
                    Order::Split(first, second) => {
                        self.left.push(Left::Go(second));
                        first
                    }
                    Order::Note(slot) => {
                        self.note(slot, at);
                        order + 1
                    }
                    Order::Forget(from, to) => {
                        (from..to).for_each(|slot| self.note(slot, NONE));
                        order + 1
                    }
                    Order::Begin { line } if begins(self.text, at, line) => order + 1,
                    Order::End { line } if ends(self.text, at, line) => order + 1,
                    Order::Word { inside } if borders(self.text, at) != inside => order + 1,
                    Order::One { .. } | Order::Match => {
                        ways.notes[order * self.kept..(order + 1) * self.kept].copy_from_slice(&self.notes);
                        break;
                    }
                    _ => break,
                };
            }
        }
    }

    fn note(&mut self, slot: usize, at: usize) {
        if slot < self.kept {
            let held = std::mem::replace(&mut self.notes[slot], at);
            self.left.push(Left::Slot(slot, held));
        }
    }
}
