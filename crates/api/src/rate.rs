//! Limits on the number of requests, for each caller and family of paths on its own.
//!
//! A caller is who its credentials say, without looking at whether they are right. Whoever sends wrong ones is counted by
//! address besides, so making new ones up is no way around. All of it is in memory, for each server on its own.

use crate::family::Family;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Mutex;

/// Most callers remembered; when there are more, all are forgotten and begin anew.
const REMEMBER_MOST: usize = 50_000;

/// Who is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Caller {
    /// By the hash of the credentials, under a key of this process.
    Credentials(u64),
    /// By address: who has no credentials.
    Address(Option<IpAddr>),
    /// By address: who sent wrong ones.
    Refused(Option<IpAddr>),
}

/// So many requests at once, which come back over a minute.
struct Bucket {
    left: f64,
    /// When that was, milliseconds.
    at: i64,
    /// These credentials were right: what others do at the same address does not concern their owner.
    good: bool,
}

/// When something is counted, and the limit at that time.
#[derive(Clone, Copy)]
pub(crate) struct At {
    /// Milliseconds since the epoch.
    pub(crate) now: i64,
    /// Requests of one caller to one family within a minute; 0 is no limit.
    pub(crate) most: u32,
}

/// Counts requests.
pub(crate) struct Rates {
    hasher: RandomState,
    buckets: Mutex<HashMap<(Caller, &'static str), Bucket>>,
}

/// The one name of a family here; none where nothing is counted: engines have limits of their own, and a look at the
/// server's health must never be refused.
fn counted(family: Family, path: &str) -> Option<&'static str> {
    match family {
        Family::Engine => None,
        _ if path.starts_with("/health") => None,
        Family::Tmc(_) => Some("tmc"),
        Family::Core => Some("core"),
        Family::Identity => Some("identity"),
        Family::Observability => Some("observability"),
        Family::ServiceAccounts => Some("service-accounts"),
        Family::DynamicEngines => Some("dynamic-engines"),
        Family::Datasets => Some("datasets"),
        Family::Scim => Some("scim"),
        Family::Stoker => Some("stoker"),
    }
}

impl Rates {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), buckets: Mutex::default() }
    }

    fn take(&self, caller: Caller, family: &'static str, At { now, most }: At, cost: f64) -> Option<u64> {
        let full = f64::from(most);
        let mut buckets = self.buckets.lock().unwrap_or_else(|p| p.into_inner());
        if buckets.len() >= REMEMBER_MOST {
            buckets.clear();
        }
        let bucket = buckets.entry((caller, family)).or_insert(Bucket { left: full, at: now, good: false });
        let came_back = (now - bucket.at).max(0) as f64 * full / 60_000.0;
        bucket.left = (bucket.left + came_back).min(full);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Some((((1.0 - bucket.left) * 60.0 / full).ceil() as u64).max(1));
        }
        bucket.left -= cost;
        None
    }

    /// Counts a request; gives the seconds to wait when it is one too many.
    pub(crate) fn begin(
        &self,
        family: Family,
        path: &str,
        credentials: Option<&[u8]>,
        from: Option<IpAddr>,
        at: At,
    ) -> Option<u64> {
        let family = counted(family, path).filter(|_| at.most > 0)?;
        let caller = match credentials {
            Some(text) => Caller::Credentials(self.hasher.hash_one(text)),
            None => Caller::Address(from),
        };
        let guessing = if self.is_good(caller, family) { None } else { self.take(Caller::Refused(from), "", at, 0.0) };
        guessing.or_else(|| self.take(caller, family, at, 1.0))
    }

    fn is_good(&self, caller: Caller, family: &'static str) -> bool {
        self.buckets.lock().unwrap_or_else(|p| p.into_inner()).get(&(caller, family)).is_some_and(|bucket| bucket.good)
    }

    /// Learns whether the credentials of a request that was let through were right.
    pub(crate) fn answered(
        &self,
        (family, path): (Family, &str),
        credentials: &[u8],
        from: Option<IpAddr>,
        at: At,
        right: bool,
    ) {
        let Some(family) = counted(family, path).filter(|_| at.most > 0) else { return };
        let caller = Caller::Credentials(self.hasher.hash_one(credentials));
        if !right {
            let _ = self.take(Caller::Refused(from), "", at, 1.0);
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(|p| p.into_inner());
        if let Some(bucket) = buckets.get_mut(&(caller, family)) {
            bucket.good = right;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_its_own_count_in_each_family_and_it_comes_back() {
        let (rates, start) = (Rates::new(), 1_000_000);
        let at = |now| At { now, most: 60 };
        let ask = |family, who: &str, second: i64| {
            rates.begin(family, "/x", Some(who.as_bytes()), None, at(start + second * 1000))
        };
        for _ in 0..60 {
            assert_eq!(ask(Family::Core, "a", 0), None);
        }
        assert_eq!(ask(Family::Core, "a", 0), Some(1));
        assert_eq!(ask(Family::Identity, "a", 0), None, "another family");
        assert_eq!(ask(Family::Core, "b", 0), None, "another caller");
        assert_eq!(ask(Family::Core, "a", 1), None, "one a second comes back");
        assert_eq!(ask(Family::Core, "a", 1), Some(1));
        assert_eq!(rates.begin(Family::Core, "/health/ready", None, None, at(start)), None);
        assert!((0..500).all(|_| rates.begin(Family::Engine, "/engine/v1/poll", None, None, at(start)).is_none()));
    }

    #[test]
    fn made_up_credentials_are_counted_by_address() {
        let (rates, now) = (Rates::new(), At { now: 1_000_000, most: 10 });
        let (own, path) = (Some(&b"right"[..]), "/x");
        assert_eq!(rates.begin(Family::Core, path, own, Some(IpAddr::from([10, 0, 0, 1])), now), None);
        rates.answered((Family::Core, path), b"right", None, now, true);
        let (here, there) = (Some(IpAddr::from([10, 0, 0, 1])), Some(IpAddr::from([10, 0, 0, 2])));
        for number in 0..10 {
            assert_eq!(rates.begin(Family::Core, "/x", Some(format!("made up {number}").as_bytes()), here, now), None);
            rates.answered((Family::Core, "/x"), format!("made up {number}").as_bytes(), here, now, false);
        }
        assert_eq!(rates.begin(Family::Core, "/x", Some(b"another"), here, now), Some(6));
        assert_eq!(rates.begin(Family::Core, "/x", Some(b"another"), there, now), None);
        assert_eq!(rates.begin(Family::Core, path, own, here, now), None, "who was right before is not concerned");
    }

    #[test]
    fn nothing_is_counted_without_a_limit_and_memory_is_bounded() {
        let (rates, now) = (Rates::new(), 1_000_000);
        let (off, on) = (At { now, most: 0 }, At { now, most: 1 });
        assert!((0..1000).all(|_| rates.begin(Family::Core, "/x", None, None, off).is_none()));
        for number in 0..REMEMBER_MOST as u32 + 10 {
            let _ = rates.begin(Family::Core, "/x", Some(&number.to_be_bytes()), None, on);
        }
        assert!(rates.buckets.lock().unwrap().len() <= REMEMBER_MOST);
    }

    #[test]
    fn a_limit_that_changes_counts_at_once() {
        let (rates, now) = (Rates::new(), 1_000_000);
        let ask = |most| rates.begin(Family::Core, "/x", Some(b"a"), None, At { now, most });
        assert!((0..10).all(|_| ask(0).is_none()));
        assert!((0..5).all(|_| ask(5).is_none()));
        assert_eq!(ask(5), Some(12));
        assert_eq!(ask(0), None, "none any more");
        assert_eq!(ask(60), Some(1), "a higher one fills up faster");
    }
}
