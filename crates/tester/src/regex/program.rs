//! Trees to programs, which are a list of small orders.

use super::parse::Node;
use super::set::Set;

/// Most orders of a program.
const MAX_ORDERS: usize = 50_000;

/// One order. Where nothing else is said, the next one follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// Takes a character; `back`: the one before.
    One {
        set: usize,
        back: bool,
    },
    /// Takes characters of one set, as many or as few as possible.
    Many {
        set: usize,
        least: usize,
        most: usize,
        greedy: bool,
        back: bool,
    },
    /// Goes on at the first of them, and at the second when that does not lead to a match.
    Split(usize, usize),
    Jump(usize),
    /// Notes the place in a slot: two for each group, then those of loops.
    Note(usize),
    /// Ends this way unless something was taken since the place was noted: a loop that takes nothing goes on for ever.
    Moved(usize),
    /// Forgets what these slots hold: each round of a loop begins without captures.
    Forget(usize, usize),
    Begin {
        line: bool,
    },
    End {
        line: bool,
    },
    Word {
        inside: bool,
    },
    Back {
        group: usize,
        fold: bool,
        back: bool,
    },
    /// What follows, up to [`Order::Match`], must lead to a match here, or must not; goes on at the place that is given.
    Look {
        not: bool,
        end: usize,
    },
    Match,
}

/// A pattern that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) orders: Vec<Order>,
    pub(super) sets: Vec<Set>,
    /// Two for the whole match, two for each group, one for each loop that may take nothing.
    pub(super) slots: usize,
    pub(super) groups: usize,
    /// Every place can be tried at once: no order looks around or back.
    pub(super) plain: bool,
    /// What a match begins with, when that is known.
    pub(super) first: Option<usize>,
    /// A match can only begin at the beginning.
    pub(super) fixed: bool,
}

struct Writer {
    orders: Vec<Order>,
    sets: Vec<Set>,
    slots: usize,
    plain: bool,
    fold: bool,
}

/// Whether a node looks around or back at what was taken. So does a counted round that takes nothing, because it must not
/// count. (A round without an upper count needs no look: it comes back to its beginning, where it was already.)
fn looks(node: &Node) -> bool {
    match node {
        Node::Look { .. } | Node::Back(_) => true,
        Node::Repeat { inner, least, most: Some(most), .. } if most > least && may_be_empty(inner) => true,
        Node::Group(_, inner) | Node::Repeat { inner, .. } => looks(inner),
        Node::All(all) | Node::Any(all) => all.iter().any(looks),
        _ => false,
    }
}

/// Whether a node can match without taking anything.
fn may_be_empty(node: &Node) -> bool {
    match node {
        Node::Set(_) => false,
        Node::Group(_, inner) => may_be_empty(inner),
        Node::Repeat { inner, least, .. } => *least == 0 || may_be_empty(inner),
        Node::All(all) => all.iter().all(may_be_empty),
        Node::Any(all) => all.iter().any(may_be_empty),
        _ => true,
    }
}

/// Writes the program of a tree.
pub(super) fn write(node: &Node, groups: usize, fold: bool) -> Result<Program, String> {
    let plain = !looks(node);
    let slots = 2 * groups + 2;
    let mut writer = Writer { orders: Vec::new(), sets: Vec::new(), slots, plain, fold };
    writer.node(node, false)?;
    writer.push(Order::Match)?;
    let begins = writer.orders.iter().find(|order| !matches!(order, Order::Note(_) | Order::Forget(..)));
    let first = match begins {
        Some(Order::One { set, .. }) => Some(*set),
        Some(Order::Many { set, least: 1.., .. }) => Some(*set),
        _ => None,
    };
    let fixed = matches!(begins, Some(Order::Begin { line: false }));
    let Writer { orders, sets, slots, .. } = writer;
    Ok(Program { orders, sets, slots, groups, plain, first, fixed })
}

impl Writer {
    fn push(&mut self, order: Order) -> Result<usize, String> {
        if self.orders.len() >= MAX_ORDERS {
            return Err("its counts make it too large".to_owned());
        }
        self.orders.push(order);
        Ok(self.orders.len() - 1)
    }

    fn set(&mut self, set: &Set) -> usize {
        self.sets.iter().position(|known| known == set).unwrap_or_else(|| {
            self.sets.push(set.clone());
            self.sets.len() - 1
        })
    }

    /// `back`: inside of what stands before, which is read from its end.
    fn node(&mut self, node: &Node, back: bool) -> Result<(), String> {
        match node {
            Node::Set(set) => {
                let set = self.set(set);
                self.push(Order::One { set, back })?;
            }
            Node::Begin { line } => {
                self.push(Order::Begin { line: *line })?;
            }
            Node::End { line } => {
                self.push(Order::End { line: *line })?;
            }
            Node::Word { inside } => {
                self.push(Order::Word { inside: *inside })?;
            }
            Node::Back(group) => {
                self.push(Order::Back { group: *group, fold: self.fold, back })?;
            }
            Node::Group(number, inner) => {
                let (open, close) = (2 * number, 2 * number + 1);
                self.push(Order::Note(if back { close } else { open }))?;
                self.node(inner, back)?;
                self.push(Order::Note(if back { open } else { close }))?;
            }
            Node::All(all) if back => all.iter().rev().try_for_each(|one| self.node(one, back))?,
            Node::All(all) => all.iter().try_for_each(|one| self.node(one, back))?,
            Node::Any(all) => self.any(all, back)?,
            Node::Look { behind, not, inner } => {
                let look = self.push(Order::Look { not: *not, end: 0 })?;
                self.node(inner, *behind)?;
                let end = self.push(Order::Match)? + 1;
                self.orders[look] = Order::Look { not: *not, end };
            }
            Node::Repeat { .. } => self.repeat(node, back)?,
        }
        Ok(())
    }

    fn any(&mut self, all: &[Node], back: bool) -> Result<(), String> {
        let Some((last, before)) = all.split_last() else { return Ok(()) };
        let mut jumps = Vec::new();
        for one in before {
            let split = self.push(Order::Split(0, 0))?;
            self.node(one, back)?;
            jumps.push(self.push(Order::Jump(0))?);
            self.orders[split] = Order::Split(split + 1, self.orders.len());
        }
        self.node(last, back)?;
        for jump in jumps {
            self.orders[jump] = Order::Jump(self.orders.len());
        }
        Ok(())
    }

    fn repeat(&mut self, node: &Node, back: bool) -> Result<(), String> {
        let Node::Repeat { inner, least, most, greedy, groups } = node else { return Ok(()) };
        if let (Node::Set(set), false) = (&**inner, self.plain) {
            let (set, most) = (self.set(set), most.unwrap_or(usize::MAX));
            self.push(Order::Many { set, least: *least, most, greedy: *greedy, back })?;
            return Ok(());
        }
        for _ in 0..*least {
            let before = self.orders.len();
            self.round(inner, *groups, back)?;
            // What takes no order needs no repetition.
            if self.orders.len() == before {
                break;
            }
        }
        let ways =
            |inside, outside| if *greedy { Order::Split(inside, outside) } else { Order::Split(outside, inside) };
        let slot = (may_be_empty(inner) && !self.plain).then(|| {
            self.slots += 1;
            self.slots - 1
        });
        let mut splits = Vec::new();
        for _ in 0..most.map_or(1, |most| most - least) {
            splits.push(self.push(Order::Split(0, 0))?);
            let before = self.orders.len();
            if let Some(slot) = slot {
                self.push(Order::Note(slot))?;
            }
            self.round(inner, *groups, back)?;
            if let Some(slot) = slot {
                self.push(Order::Moved(slot))?;
            }
            if self.orders.len() == before {
                break;
            }
        }
        if most.is_none() {
            self.push(Order::Jump(splits[0]))?;
        }
        let end = self.orders.len();
        for split in splits {
            self.orders[split] = ways(split + 1, end);
        }
        Ok(())
    }

    fn round(&mut self, inner: &Node, groups: (usize, usize), back: bool) -> Result<(), String> {
        if groups.0 < groups.1 {
            self.push(Order::Forget(2 * groups.0, 2 * groups.1))?;
        }
        self.node(inner, back)
    }
}
