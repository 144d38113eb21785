//! `admin rotate-key`: a new data key for new secrets, and all stored ones wrapped by it.

use super::{Place, open, runtime};
use crate::data;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use stoker_domain::{SystemRandom, crash};
use stoker_secrets::keyfile::KeyFile;
use stoker_service::Service;
use stoker_service::data_keys::{Rewrapped, SIGNED_MS};

/// Servers look for a new key once a second; after this pause none wraps with an older one any more.
const LEARNING: Duration = Duration::from_secs(3);
/// Most passes over all secrets.
const PASSES: usize = 10;

/// Arguments of `rotate-key`.
#[derive(Args)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    place: Place,
    /// Only add the new key to data.key, without using it: copy the file to the other servers of the installation, then
    /// call again without this.
    #[arg(long)]
    prepare: bool,
    /// Take old keys that nothing needs any more out of data.key, instead of making a new one.
    #[arg(long, conflicts_with = "prepare")]
    retire: bool,
    /// With --retire: at once, although tokens and links signed with the old keys stop working.
    #[arg(long, requires = "retire")]
    now: bool,
}

/// Does it.
pub(crate) fn rotate(args: RotateArgs) -> Result<()> {
    if let Ok(name) = std::env::var("STOKER_CRASH_AT") {
        crash::arm(&name);
    }
    let folder = args.place.data.clone();
    let service = open(&args.place)?;
    let _alone = alone(&folder)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        data::check_keys(&folder, &service.adopt_keys().await?)?;
        if args.retire {
            retire(&service, &folder, args.now).await
        } else {
            renew(&service, &folder, args.prepare).await
        }
    })
}

/// Two of these at once would write the file over each other.
fn alone(folder: &Path) -> Result<File> {
    let path = folder.join("data.key.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
    if file.try_lock().is_err() {
        bail!("another rotate-key works on {}: wait until it has ended", folder.display());
    }
    Ok(file)
}

fn read(folder: &Path) -> Result<KeyFile> {
    let path = data::key_path(folder);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    KeyFile::parse(&text).with_context(|| path.display().to_string())
}

fn write(folder: &Path, file: &KeyFile) -> Result<()> {
    data::write_private(&data::key_path(folder), file.to_text().as_bytes())
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

/// The key that this rotation is about: the one of a rotation that was cut off, one that is in the file and was never
/// used, or a new one.
async fn wanted(service: &Service, folder: &Path) -> Result<String> {
    let known = service.data_keys().await?;
    if let Some(open) = known.iter().find(|key| key.state == "current" && key.done_ms.is_none()) {
        say(&format!("going on with the rotation to key {}", open.id))?;
        return Ok(open.id.clone());
    }
    let mut file = read(folder)?;
    if let Some(prepared) = file.ids().pop().filter(|id| !known.iter().any(|key| key.id == *id)) {
        return Ok(prepared);
    }
    let id = file.add(&SystemRandom::new()).context("data.key is full: take old keys out with --retire")?;
    write(folder, &file)?;
    crash::point("rotate.file-written");
    Ok(id)
}

async fn renew(service: &Service, folder: &Path, prepare: bool) -> Result<()> {
    let new = wanted(service, folder).await?;
    let path = data::key_path(folder);
    if prepare {
        return say(&format!(
            "key {new} is in {}, and not used yet: copy the file to every other server, then call again without --prepare",
            path.display()
        ));
    }
    service.learn_keys(&read(folder)?.to_text())?;
    let before = service.data_keys().await?;
    if !before.iter().any(|key| key.id == new) {
        // A server that meets a value it cannot open yet would have to refuse a request.
        tokio::time::sleep(LEARNING).await;
        service.switch_key(&new).await?;
    }
    let total = rewrap(service).await?;
    service.finish_rotation().await?;
    say(&format!("{} secrets are wrapped by key {new}, {} of them now", total.seen, total.renewed))?;
    for problem in &total.unreadable {
        say(&format!("not readable, left as it was: {problem}"))?;
    }
    say(&format!(
        "the old key stays in {}: it checks tokens and links that it signed. Take it out with --retire in {} minutes or \
         later, and back up the file now",
        path.display(),
        SIGNED_MS / 60_000
    ))
}

/// Passes until one finds nothing to do; the second comes after every server has learned of the key.
async fn rewrap(service: &Service) -> Result<Rewrapped> {
    let mut total = service.rewrap_secrets().await?;
    tokio::time::sleep(LEARNING).await;
    for _ in 0..PASSES {
        let pass = service.rewrap_secrets().await?;
        let idle = pass.renewed == 0 && pass.missed == 0;
        total = Rewrapped { renewed: total.renewed + pass.renewed, ..pass };
        if idle {
            return Ok(total);
        }
    }
    bail!(
        "secrets are still being stored with an old key: does every server have the new {}? Call again then",
        "data.key"
    )
}

async fn retire(service: &Service, folder: &Path, now: bool) -> Result<()> {
    let known = service.data_keys().await?;
    let Some(current) = known.iter().find(|key| key.state == "current") else {
        bail!("there is no data key in use yet: start the server once");
    };
    let Some(done) = current.done_ms else {
        bail!("a rotation is not finished: call rotate-key without --retire first");
    };
    let left_ms = current.made_ms.max(done) + SIGNED_MS - service.now();
    if left_ms > 0 && !now && known.iter().any(|key| key.state == "old") {
        bail!(
            "tokens and links signed with the old key may still be in use: call again in {} minutes, or with --now to \
               end them",
            left_ms / 60_000 + 1
        );
    }
    let pass = service.rewrap_secrets().await?;
    if pass.missed > 0 {
        bail!("secrets were being changed at this moment: call again");
    }
    let mut file = read(folder)?;
    for key in known.iter().filter(|key| key.state == "old") {
        let left = service.retire_key(&key.id).await?;
        if let Some((table, column, rows)) = left.first() {
            bail!("key {} is still needed by {rows} rows of {table}.{column}: it stays", key.id);
        }
        say(&format!("key {} is retired", key.id))?;
    }
    crash::point("rotate.retired");
    // Also those of a call that was cut off before it wrote the file.
    let retired = service.data_keys().await?;
    let before = file.clone();
    for key in retired.iter().filter(|key| key.state == "retired") {
        file.retire(&key.id);
    }
    if file == before {
        return say("there is no old key in the file");
    }
    write(folder, &file)?;
    say(&format!(
        "{} holds what is needed; older copies of it open nothing that is stored from now on",
        data::key_path(folder).display()
    ))
}
