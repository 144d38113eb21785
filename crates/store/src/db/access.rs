//! Whose access may have changed: who remembers rights, or tells somebody of changes, looks again for these.

use std::collections::{BTreeSet, VecDeque};

/// Most principals that are told of one by one; more are everybody.
const SINGLE: usize = 64;
/// Most news kept for those who have not looked yet; to who missed more, it is everybody.
const KEPT: usize = 256;

/// Whose access may have changed: users and service accounts by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// Nobody's.
    #[default]
    Nobody,
    /// That of these principals; at least one, at most 64.
    These(BTreeSet<String>),
    /// Anybody's.
    Everybody,
}

impl Whose {
    /// Those of these principals; too many of them are everybody.
    pub fn these(ids: impl IntoIterator<Item = String>) -> Self {
        let mut whose = Self::Nobody;
        for id in ids {
            whose.add(Self::These(BTreeSet::from([id])));
        }
        whose
    }

    /// That of one principal.
    pub fn only(id: &str) -> Self {
        Self::These(BTreeSet::from([id.to_owned()]))
    }

    /// These and those.
    pub fn add(&mut self, more: Self) {
        match (&mut *self, more) {
            (_, Self::Nobody) | (Self::Everybody, _) => {}
            (this, Self::Everybody) => *this = Self::Everybody,
            (this @ Self::Nobody, more) => *this = more,
            (this @ Self::These(_), Self::These(more)) => {
                if let Self::These(ids) = this {
                    ids.extend(more);
                    if ids.len() > SINGLE {
                        *this = Self::Everybody;
                    }
                }
            }
        }
    }

    /// Whether this principal is one of them.
    pub fn concerns(&self, id: &str) -> bool {
        match self {
            Self::Nobody => false,
            Self::These(ids) => ids.contains(id),
            Self::Everybody => true,
        }
    }

    /// The ids in one word, for a message; nothing when one of them cannot stand in it.
    pub(super) fn word(&self) -> Option<String> {
        let Self::These(ids) = self else { return None };
        ids.iter().all(|id| plain(id)).then(|| ids.iter().map(String::as_str).collect::<Vec<_>>().join(","))
    }

    /// What [`Whose::word`] said; everybody when it cannot be read.
    pub(super) fn from_word(word: &str) -> Self {
        if word.split(',').all(plain) { Self::these(word.split(',').map(str::to_owned)) } else { Self::Everybody }
    }
}

/// Whether an id stands in a message as it is.
fn plain(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The news of who may have lost access, in the order in which they came; the oldest are forgotten.
#[derive(Clone, Debug, Default)]
pub struct AccessNews {
    count: u64,
    kept: VecDeque<Whose>,
}

impl AccessNews {
    /// How many there were. Who looks again later hands it to [`AccessNews::since`].
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whose access may have changed since there were so many.
    pub fn since(&self, count: u64) -> Whose {
        let missed = self.count.saturating_sub(count);
        let mut whose = Whose::Nobody;
        match usize::try_from(missed).ok().and_then(|missed| self.kept.len().checked_sub(missed)) {
            Some(known) => self.kept.range(known..).for_each(|news| whose.add(news.clone())),
            None => whose = Whose::Everybody,
        }
        whose
    }

    pub(super) fn push(&mut self, whose: Whose) {
        if whose == Whose::Nobody {
            return;
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(whose);
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn too_many_are_everybody() {
        let some = |count: usize| Whose::these((0..count).map(|number| format!("u{number}")));
        assert_eq!(some(0), Whose::Nobody);
        assert!(some(SINGLE).concerns("u0") && !some(SINGLE).concerns("else"));
        assert!(some(SINGLE + 1).concerns("else"));
        let mut all = some(1);
        all.add(Whose::Everybody);
        all.add(some(1));
        assert_eq!(all, Whose::Everybody);
    }

    #[test]
    fn who_was_away_for_long_takes_it_for_everybody() {
        let mut news = AccessNews::default();
        for number in 0..KEPT + 1 {
            news.push(Whose::only(if number == KEPT { "last" } else { "first" }));
        }
        assert_eq!(news.since(news.count()), Whose::Nobody);
        assert_eq!(news.since(news.count() - 1), Whose::only("last"));
        assert_eq!(news.since(1), Whose::these(["first".to_owned(), "last".to_owned()]));
        assert_eq!(news.since(0), Whose::Everybody);
    }

    proptest! {
        #[test]
        fn words_say_the_same_or_more(ids in proptest::collection::btree_set("[ -~]{0,70}|[a-z0-9-]{1,36}", 0..80)) {
            let whose = Whose::these(ids.iter().cloned());
            if let Some(word) = whose.word() {
                prop_assert!(word.len() < 7_000, "a message has at most 8,000 bytes");
                prop_assert_eq!(Whose::from_word(&word), whose);
            } else {
                prop_assert!(whose.concerns("!") || ids.is_empty() || ids.iter().any(|id| !plain(id)));
            }
        }

        #[test]
        fn any_word_can_be_read(word in ".{0,200}") {
            prop_assert_ne!(Whose::from_word(&word), Whose::Nobody);
        }
    }
}
