use super::*;
use proptest::prelude::*;

fn offer(run: &str) -> Offer {
    let text = format!(
        r#"{{"run":"{run}","epoch":1,"taskId":"t","taskName":"Täsk\n2","artifactSha256":"ab","artifactSize":1,
           "artifactName":"a","artifactVersion":"0.1","logLevel":"WARN"}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn names(unfinished: &[Unfinished]) -> Vec<&str> {
    unfinished.iter().map(|run| run.offer.run.as_str()).collect()
}

#[tokio::test]
async fn accepted_runs_are_there_until_they_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (journal, found) = Journal::open(&path, "boot 1").unwrap();
    assert!(found.is_empty());
    for run in ["a", "b", "c"] {
        journal.offered(&offer(run)).await.unwrap();
    }
    journal.forgotten(&RunEpoch { run: "b".into(), epoch: 1 }).await.unwrap();
    drop(journal);
    let (_, found) = Journal::open(&path, "boot 1").unwrap();
    assert_eq!(names(&found), ["a", "c"]);
    assert_eq!(found[0].offer, offer("a"));
    assert!(found.iter().all(|run| !run.rebooted));
}

#[tokio::test]
async fn runs_of_an_earlier_boot_stay_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    Journal::open(&path, "boot 1").unwrap().0.offered(&offer("a")).await.unwrap();
    let (journal, found) = Journal::open(&path, "boot 2").unwrap();
    assert!(found[0].rebooted);
    journal.offered(&offer("b")).await.unwrap();
    drop(journal);
    let (_, found) = Journal::open(&path, "boot 2").unwrap();
    let marks: Vec<_> = found.iter().map(|run| (run.offer.run.as_str(), run.rebooted)).collect();
    assert_eq!(marks, [("a", true), ("b", false)]);
}

#[tokio::test]
async fn a_line_that_was_cut_off_is_not_there_and_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    Journal::open(&path, "boot").unwrap().0.offered(&offer("a")).await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..40 {
        std::fs::write(&path, [&whole[..], &whole[whole.len() - 60..whole.len() - 1 - cut]].concat()).unwrap();
        let (journal, found) = Journal::open(&path, "boot").unwrap();
        assert_eq!(names(&found), ["a"]);
        journal.offered(&offer("b")).await.unwrap();
        drop(journal);
        assert_eq!(names(&Journal::open(&path, "boot").unwrap().1), ["a", "b"]);
    }
}

#[tokio::test]
async fn history_is_thrown_away_when_the_file_is_large() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (journal, _) = Journal::open(&path, "boot").unwrap();
    journal.offered(&offer("stays")).await.unwrap();
    let mut large = offer("large");
    large.parameters = vec![stoker_wire::Parameter { name: "text".into(), value: "x".repeat(1 << 20) }];
    for _ in 0..8 {
        journal.offered(&large).await.unwrap();
        journal.forgotten(&key(&large)).await.unwrap();
    }
    assert!(std::fs::metadata(&path).unwrap().len() < COMPACT_ABOVE + (2 << 20));
    drop(journal);
    assert_eq!(names(&Journal::open(&path, "boot").unwrap().1), ["stays"]);
}

proptest! {
    #[test]
    fn any_file_can_be_opened(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        std::fs::write(&path, &bytes).unwrap();
        prop_assert!(Journal::open(&path, "boot").is_ok());
    }
}
