//! Log lines are kept for as long as the operator says: those of runs that ended longer ago are removed, a few runs at a
//! time. The runs themselves, their events and the audit trail stay.

use crate::actor::Allowed;
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use std::sync::Mutex;
use stoker_store::logs::{self, Aged};

/// Runs that one pass looks at.
const LOOK: i64 = 100;
/// Runs whose lines one transaction removes at most.
const REMOVE: usize = 20;
/// After this all runs are looked at again, milliseconds: one that ran for long was still going at the last look.
const AGAIN_MS: i64 = 24 * 60 * 60 * 1000;

/// How far the look at old runs has come on this server.
#[derive(Default)]
pub(crate) struct LogAge(Mutex<Walk>);

#[derive(Clone, Default)]
struct Walk {
    /// The last run that was looked at: when it was asked for, and its id.
    at: Option<(i64, String)>,
    /// When the walk began, milliseconds.
    begun_ms: i64,
}

impl LogAge {
    fn next(&self, now: i64) -> Walk {
        let mut walk = self.0.lock().unwrap_or_else(|p| p.into_inner());
        if now - walk.begun_ms >= AGAIN_MS {
            *walk = Walk { at: None, begun_ms: now };
        }
        walk.clone()
    }

    fn came_to(&self, walk: Walk) {
        *self.0.lock().unwrap_or_else(|p| p.into_inner()) = walk;
    }
}

impl Service {
    /// Removes lines of runs that ended longer ago than lines are kept; gives of how many runs. Several servers may do the
    /// same at once.
    pub(crate) async fn forget_logs(&self) -> Result<usize, Error> {
        let (now, kept) = (self.now(), self.inner.settings.keep_logs_ms);
        if kept == 0 {
            return Ok(0);
        }
        let before = now - kept;
        let mut walk = self.inner.log_age.next(now);
        let from = walk.at.clone();
        let seen = self
            .read::<_, Error, _>(&Allowed::system(), move |tx| {
                Ok(logs::aged(tx, from.as_ref().map(|(at, id)| (*at, id.as_str())), before, LOOK)?)
            })
            .await?;
        let Some(last) = seen.last() else { return Ok(0) };
        walk.at = Some((last.trigger_ms, last.run.to_string()));
        let old: Vec<Aged> = seen.into_iter().filter(|run| run.has_lines).collect();
        let mut removed = 0;
        for part in old.chunks(REMOVE) {
            removed += self.forget_logs_of(part.to_vec(), before, now).await?;
        }
        self.inner.log_age.came_to(walk);
        Ok(removed)
    }

    async fn forget_logs_of(&self, old: Vec<Aged>, before: i64, now: i64) -> Result<usize, Error> {
        let service = self.clone();
        self.write(&Allowed::system(), move |tx| {
            let mut removed = 0;
            for run in &old {
                if logs::delete(tx, &run.run)? == 0 {
                    continue;
                }
                removed += 1;
                let change = Change {
                    action: "run.delete-log",
                    object: ("run", run.run.as_str()),
                    workspace: Some(&run.workspace),
                    detail: Some(serde_json::json!({ "endedBefore": stoker_domain::time::to_text(before) })),
                };
                audit::record(tx, Allowed::system().actor(), now, service.random(), change)?;
            }
            Ok(removed)
        })
        .await
    }
}
