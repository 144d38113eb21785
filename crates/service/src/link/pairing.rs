//! Pairing: an installation becomes an engine entity.

use super::{checked_protocol, end_all, refused, told, told_host};
use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use stoker_domain::limits;
use stoker_domain::runtime::PairingStatus;
use stoker_secrets::{point, token};
use stoker_store::db::Record;
use stoker_store::engines;
use stoker_wire::{PROTOCOL, PairRequest, PairResponse, REFUSED_UNKNOWN_KEY, REFUSED_USED_KEY};

impl Service {
    /// Binds an installation to the engine entity that its pairing key belongs to. A key works once; the same
    /// installation may repeat its request, because an answer can get lost.
    pub async fn pair(&self, request: PairRequest) -> Result<PairResponse, Error> {
        checked_protocol(request.protocol)?;
        let account = self.account().ok_or_else(|| Error::internal("there is no account yet"))?;
        let hash = token::hash(&request.key);
        let now = self.now();
        let engine = self
            .write(&Allowed::system(), move |tx| {
                let unknown = || refused(REFUSED_UNKNOWN_KEY, "the pairing key is not known; it may have been reset");
                let mut engine = engines::by_key_hash(tx, &hash)?.ok_or_else(unknown)?;
                checked_keys(&request)?;
                if engine.status == PairingStatus::Paired {
                    let same = engine.signing_key.as_deref() == Some(&request.signing_key)
                        && engine.sealing_key.as_deref() == Some(&request.sealing_key);
                    if same {
                        return Ok(engine);
                    }
                    return Err(refused(REFUSED_USED_KEY, "the pairing key was used by another installation"));
                }
                end_all(
                    tx,
                    &engine.id,
                    now,
                    "engine_paired_anew",
                    "the engine was paired anew and knows nothing of the run",
                )?;
                engine.status = PairingStatus::Paired;
                engine.key_sealed = None;
                engine.signing_key = Some(request.signing_key);
                engine.sealing_key = Some(request.sealing_key);
                engine.session_id = None;
                engine.engine_version = Some(told(&request.engine_version, limits::NAME_CHARS));
                engine.host = told_host(&request.host);
                engine.paired_ms = Some(now);
                engine.updated_ms = now;
                engine.update(tx)?;
                Ok::<_, Error>(engine)
            })
            .await?;
        tracing::info!(engine.id = %engine.id, engine.name = %engine.name, "an engine was paired");
        Ok(PairResponse {
            protocol: PROTOCOL,
            engine_id: engine.id.to_string(),
            runtime_id: engine.runtime_id,
            account_id: account.to_string(),
            name: engine.name,
        })
    }
}

fn checked_keys(request: &PairRequest) -> Result<(), Error> {
    for (field, key) in [("signingKey", &request.signing_key), ("sealingKey", &request.sealing_key)] {
        point::check(key).map_err(|_| {
            Error::invalid(format!("{field}: must be a public key, an uncompressed point on P-256 in base64"))
        })?;
    }
    Ok(())
}
