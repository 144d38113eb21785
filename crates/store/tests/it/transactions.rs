//! What a transaction promises, whatever happens around it.

use std::sync::mpsc::channel;

use stoker_store::{StoreError, Tx, Value, params, settings};

use crate::support::{Backend, both};

/// An error of the program, as the services above have.
#[derive(Debug)]
enum Refused {
    Store(StoreError),
    ByTheProgram,
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn add(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    settings::insert(tx, name, "")
}

/// Panics without the message on standard error, which would only look like a failed test.
fn panic_quietly() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}

fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    tx.query_int("SELECT count(*) FROM settings", params![])
}

both! {
    /// On SQLite these all wait behind one write and then share a commit; none may pull another down with it.
    async fn a_failing_write_undoes_only_itself(place: Place) {
        let (release, held) = channel::<()>();
        let (entered, inside) = tokio::sync::oneshot::channel();
        let store = place.store.clone();
        let first = tokio::spawn(async move {
            store
                .write::<_, StoreError, _>(move |tx| {
                    add(tx, "first")?;
                    let _ = entered.send(());
                    let _ = held.recv();
                    Ok(())
                })
                .await
        });
        inside.await.expect("the first write is inside its transaction");
        let mut writes = Vec::new();
        for n in 0..300usize {
            let write = place.store.write::<_, Refused, _>(move |tx| {
                add(tx, &format!("row {n:03}"))?;
                match n % 4 {
                    0 => Err(Refused::ByTheProgram),
                    1 => panic_quietly(),
                    // The statement fails, and with it the transaction, first row included.
                    2 => Ok(add(tx, &format!("row {n:03}"))?),
                    _ => Ok(()),
                }
            });
            writes.push(Box::pin(write));
        }
        // Polled once each, so that all stand in the queue when the first write lets go.
        let mut all = Box::pin(async {
            let mut results = Vec::new();
            for write in futures(writes).await {
                results.push(write);
            }
            results
        });
        let early = std::future::poll_fn(|cx| std::task::Poll::Ready(all.as_mut().poll(cx).is_ready())).await;
        assert!(!early, "nothing is answered before its commit");
        release.send(()).expect("the first write still waits");
        let results = all.await;
        first.await.expect("join").expect("the first write");
        let mut expected = vec!["first".to_owned()];
        for (n, result) in results.into_iter().enumerate() {
            match (n % 4, result) {
                (0, Err(Refused::ByTheProgram))
                | (1, Err(Refused::Store(StoreError::Panicked)))
                | (2, Err(Refused::Store(StoreError::Duplicate(_)))) => {}
                (3, Ok(())) => expected.push(format!("row {n:03}")),
                (_, other) => panic!("write {n} gave {other:?}"),
            }
        }
        assert_eq!(place.names().await, expected);
    }

    /// Whoever is told "done" finds it done, also when the program went on after a failed statement.
    async fn success_is_never_claimed_for_what_was_undone(place: Place) {
        place.put("taken", "").await.expect("a row");
        let told = place
            .store
            .write::<_, StoreError, _>(|tx| {
                add(tx, "before")?;
                let ignored = add(tx, "taken");
                assert!(matches!(ignored, Err(StoreError::Duplicate(_))), "{ignored:?}");
                Ok(())
            })
            .await;
        let kept = place.names().await.contains(&"before".to_owned());
        assert_eq!(told.is_ok(), kept, "told {told:?}");
        place.put("after", "").await.expect("the connection is as good as before");
    }

    async fn what_was_answered_is_seen_by_the_next_reader(place: Place) {
        for n in 0..50 {
            let name = format!("row {n}");
            place.put(&name, "x").await.expect("a row");
            let wanted = name.clone();
            let read = place.store.read(move |tx| settings::get(tx, &wanted)).await.expect("read");
            let got = place.store.get(move |tx| settings::get(tx, &name)).await.expect("get");
            assert_eq!((read.as_deref(), got.as_deref()), (Some("x"), Some("x")), "row {n}");
        }
    }

    async fn nobody_sees_a_transaction_that_goes_on(place: Place) {
        let (release, held) = channel::<()>();
        let (entered, inside) = tokio::sync::oneshot::channel();
        let store = place.store.clone();
        let write = tokio::spawn(async move {
            store
                .write::<_, StoreError, _>(move |tx| {
                    add(tx, "early")?;
                    let _ = entered.send(());
                    let _ = held.recv();
                    Ok(())
                })
                .await
        });
        inside.await.expect("the write is inside");
        assert_eq!(place.names().await, Vec::<String>::new());
        assert_eq!(place.store.get(|tx| settings::get(tx, "early")).await.expect("get"), None);
        release.send(()).expect("the write waits");
        write.await.expect("join").expect("the write");
        assert_eq!(place.names().await, ["early"]);
    }

    async fn a_read_sees_one_state_from_beginning_to_end(place: Place) {
        place.put("old", "").await.expect("a row");
        let (release, held) = channel::<()>();
        let (entered, inside) = tokio::sync::oneshot::channel();
        let store = place.store.clone();
        let read = tokio::spawn(async move {
            store
                .read::<_, StoreError, _>(move |tx| {
                    let before = count(tx)?;
                    let _ = entered.send(());
                    let _ = held.recv();
                    Ok((before, count(tx)?))
                })
                .await
        });
        inside.await.expect("the read is inside");
        place.put("new", "").await.expect("a row while somebody reads");
        release.send(()).expect("the read waits");
        assert_eq!(read.await.expect("join").expect("the read"), (1, 1));
        assert_eq!(place.names().await, ["new", "old"]);
    }

    async fn readers_cannot_change_anything(place: Place) {
        let read = place.store.read(|tx| add(tx, "by read")).await;
        let get = place.store.get(|tx| add(tx, "by get")).await;
        assert!(read.is_err() && get.is_err(), "{read:?} {get:?}");
        assert_eq!(place.names().await, Vec::<String>::new());
        place.put("by write", "").await.expect("writers can");
    }

    /// More panics than there are connections: none may be lost to one.
    async fn a_panic_costs_its_own_transaction_only(place: Place) {
        for _ in 0..12 {
            let write = place.store.write::<(), StoreError, _>(|_| panic_quietly()).await;
            let read = place.store.read::<(), StoreError, _>(|_| panic_quietly()).await;
            let get = place.store.get::<(), StoreError, _>(|_| panic_quietly()).await;
            for result in [write, read, get] {
                assert!(matches!(result, Err(StoreError::Panicked)), "{result:?}");
            }
        }
        place.put("after", "").await.expect("writes go on");
        assert_eq!(place.names().await, ["after"]);
        assert!(place.store.get(|tx| settings::get(tx, "after")).await.expect("get").is_some());
    }

    /// A client that hangs up takes nothing with it.
    async fn a_caller_that_went_away_disturbs_nobody(place: Place) {
        for n in 0..20 {
            let mut write = Box::pin(place.store.write(move |tx| add(tx, &format!("row {n}"))));
            std::future::poll_fn(|cx| {
                let _ = write.as_mut().poll(cx);
                std::task::Poll::Ready(())
            })
            .await;
            drop(write);
        }
        place.put("zz", "").await.expect("the store goes on");
        let last = place.names().await.pop();
        assert_eq!(last.as_deref(), Some("zz"));
    }

    /// Counting up in a transaction that reads and then writes, as claims do: no update may get lost.
    async fn concurrent_writes_of_one_row_are_not_lost(place: Place) {
        place.put("counter", "0").await.expect("a row");
        let writes: Vec<_> = (0..60)
            .map(|_| {
                let store = place.store.clone();
                tokio::spawn(async move {
                    store
                        .write::<_, StoreError, _>(|tx| {
                            let row =
                                tx.query_opt("SELECT value FROM settings WHERE name = $1 {lock}", params!["counter"])?;
                            let number: i64 =
                                row.map(|r| r.text(0)).transpose()?.unwrap_or_default().parse().unwrap_or(-1000);
                            tx.execute(
                                "UPDATE settings SET value = $1 WHERE name = 'counter'",
                                params![(number + 1).to_string()],
                            )
                        })
                        .await
                })
            })
            .collect();
        for write in writes {
            assert_eq!(write.await.expect("join").expect("a write"), 1);
        }
        let value = place.store.get(|tx| settings::get(tx, "counter")).await.expect("get");
        assert_eq!(value.as_deref(), Some("60"));
    }

    async fn a_wrong_statement_is_an_error_and_not_the_end(place: Place) {
        for _ in 0..12 {
            let wrong = place.store.write::<_, StoreError, _>(|tx| tx.execute("SELEC 1", params![])).await;
            assert!(matches!(wrong, Err(StoreError::Sqlite(_) | StoreError::Postgres(_))), "{wrong:?}");
        }
        let none = place.store.read::<_, StoreError, _>(|tx| tx.query_int("SELECT 1 WHERE 1 = 0", params![])).await;
        assert!(matches!(none, Err(StoreError::Shape { .. })), "{none:?}");
        place.put("after", "").await.expect("goes on");
    }

    /// Several servers share one PostgreSQL: what one looks at, the other leaves alone instead of waiting for it.
    async fn locked_rows_are_passed_over(place: Place) {
        if place.backend == Backend::Sqlite {
            // One writer: there is nobody to pass over.
            return;
        }
        for name in ["a", "b"] {
            place.put(name, "").await.expect("a row");
        }
        const SQL: &str = "SELECT name FROM settings ORDER BY name LIMIT 1 {skip_locked}";
        let (release, held) = channel::<()>();
        let (entered, inside) = tokio::sync::oneshot::channel();
        let store = place.store.clone();
        let first = tokio::spawn(async move {
            store
                .write::<_, StoreError, _>(move |tx| {
                    let name = tx.query_opt(SQL, params![])?.map(|row| row.text(0)).transpose()?;
                    let _ = entered.send(());
                    let _ = held.recv();
                    Ok(name)
                })
                .await
        });
        inside.await.expect("the first has its row");
        let second = place
            .store
            .write::<_, StoreError, _>(|tx| tx.query_opt(SQL, params![])?.map(|row| row.text(0)).transpose())
            .await;
        release.send(()).expect("the first waits");
        let first = first.await.expect("join").expect("the first");
        assert_eq!((first.as_deref(), second.expect("the second").as_deref()), (Some("a"), Some("b")));
    }

    async fn many_readers_share_a_few_connections(place: Place) {
        for n in 0..20 {
            place.put(&format!("row {n}"), &n.to_string()).await.expect("a row");
        }
        let readers: Vec<_> = (0..40usize)
            .map(|n| {
                let store = place.store.clone();
                tokio::spawn(async move {
                    for round in 0..10 {
                        let wanted = (n + round) % 20;
                        let name = Value::Text(format!("row {wanted}"));
                        let sql = "SELECT value FROM settings WHERE name = $1";
                        let row =
                            store.get::<_, StoreError, _>(move |tx| tx.query_opt(sql, &[name])).await.expect("get");
                        assert_eq!(row.expect("a row").text(0).expect("a text"), wanted.to_string());
                    }
                })
            })
            .collect();
        for reader in readers {
            reader.await.expect("a reader");
        }
    }
}

/// Drives all futures at once and gives their results in order.
async fn futures<F: Future + Unpin>(mut all: Vec<F>) -> Vec<F::Output> {
    let mut results: Vec<Option<F::Output>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        let mut open = false;
        for (future, result) in all.iter_mut().zip(&mut results) {
            if result.is_none() {
                match std::pin::Pin::new(future).poll(cx) {
                    std::task::Poll::Ready(value) => *result = Some(value),
                    std::task::Poll::Pending => open = true,
                }
            }
        }
        if open { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    results.into_iter().flatten().collect()
}
