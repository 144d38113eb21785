//! Log lines are kept for as long as the operator says: those of runs that ended longer ago are removed, a few runs at a
//! time. The runs themselves, their events and the audit trail stay.

use crate::actor::Allowed;
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use crate::logs::note_removal;
use stoker_store::logs::{self, Aged};

/// Runs whose lines one pass removes at most.
const PASS: i64 = 100;
/// Runs whose lines one transaction removes at most.
const REMOVE: usize = 20;

impl Service {
    /// Removes lines of runs that ended longer ago than lines are kept; gives of how many runs. Several servers may do the
    /// same at once.
    pub(crate) async fn forget_logs(&self) -> Result<usize, Error> {
        let (now, kept) = (self.now(), self.settings().keep_logs_ms);
        if kept == 0 {
            return Ok(0);
        }
        let before = now - kept;
        let mut old = self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(logs::aged(tx, before, PASS)?)).await?;
        // Whoever locks several runs locks them in this order.
        old.sort_unstable_by(|one, other| one.run.as_str().cmp(other.run.as_str()));
        let mut removed = 0;
        for part in old.chunks(REMOVE) {
            removed += self.forget_logs_of(part.to_vec(), before, now).await?;
        }
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
                note_removal(tx, &run.run, &Allowed::system(), now)?;
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
