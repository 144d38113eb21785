//! Lists with filters, against a plain model; the same answers from both databases.

use serde_json::Map;
use stoker_domain::ids::{ArtifactId, EnvironmentId, TaskId, WorkspaceId};
use stoker_domain::runtime::{ArtifactType, RuntimeType};
use stoker_domain::{Random, Rights, SeededRandom};
use stoker_store::StoreError;
use stoker_store::artifacts::{self, Artifact, ArtifactFilter};
use stoker_store::db::Json;
use stoker_store::tasks::{self, Task, TaskFilter};

use crate::support::{Place, both, hex_id};

/// Names that a careless LIKE would mix up.
const NAMES: [&str; 9] = ["a%b", "a_b", "a\\b", "aXb", "A%b", "a%bc", "%", "ä_b", "a'b"];

fn visible() -> (String, i64) {
    ("me".to_owned(), Rights::all().mask())
}

fn artifact(number: usize, workspace: &WorkspaceId, name: &str) -> Artifact {
    Artifact {
        id: ArtifactId::trusted(hex_id("f", number)),
        workspace_id: workspace.clone(),
        name: name.to_owned(),
        kind: if number.is_multiple_of(2) { ArtifactType::Standard } else { ArtifactType::Route },
        created_ms: 1,
    }
}

fn task(number: usize, environment: &EnvironmentId, workspace: &WorkspaceId, name: &str, tags: Vec<String>) -> Task {
    Task {
        id: TaskId::trusted(hex_id("7", number)),
        workspace_id: workspace.clone(),
        environment_id: environment.clone(),
        name: name.to_owned(),
        description: None,
        version_major: 1,
        version_minor: 0,
        artifact_id: ArtifactId::trusted(hex_id("f", 0)),
        artifact_version: "0.1".to_owned(),
        tags: Json(tags),
        connections: Json(Map::new()),
        parameters: Json(Map::new()),
        resources: Json(Map::new()),
        auto_upgrade: None,
        paused: false,
        pause_context: None,
        pause_user: None,
        pause_user_kind: None,
        pause_ms: None,
        runtime_type: RuntimeType::RemoteEngine,
        runtime_id: Some(format!("engine {}", number % 2)),
        run_profile_id: None,
        run_config: Json(Map::new()),
        created_ms: 1,
        updated_ms: 1,
    }
}

async fn named_tasks(place: &Place, filter: TaskFilter) -> Vec<String> {
    let (found, total) = place.store.read(move |tx| tasks::list(tx, &filter, 100, 0)).await.expect("list");
    assert_eq!(found.len() as i64, total);
    found.into_iter().map(|task| task.name).collect()
}

/// A text out of characters that mean something in LIKE, JSON or SQL.
fn tricky(random: &SeededRandom, length: usize) -> String {
    const PIECES: [&str; 12] = ["a", "A", "b", "%", "_", "\\", "\"", ",", "'", "ä", " ", "]"];
    let mut bytes = vec![0u8; length];
    random.fill(&mut bytes);
    bytes.iter().map(|byte| PIECES[usize::from(*byte) % PIECES.len()]).collect()
}

pub(crate) fn pick(random: &SeededRandom, below: usize) -> usize {
    let mut bytes = [0u8; 8];
    random.fill(&mut bytes);
    (u64::from_le_bytes(bytes) % below as u64) as usize
}

both! {
    async fn a_prefix_of_a_name_means_itself(place: Place) {
        let (_, workspace) = place.workspace().await;
        for (number, name) in NAMES.iter().enumerate() {
            place.insert(artifact(number, &workspace, name)).await.expect("an artifact");
        }
        for prefix in NAMES.iter().copied().chain(["a", "A", "ä", "a%", "a_", "a\\", "\\", "_", "nothing", "%%"]) {
            let filter = ArtifactFilter {
                name_prefix: Some(prefix.to_owned()),
                visible_to: visible(),
                ..ArtifactFilter::default()
            };
            let (found, total) = place.store.read(move |tx| artifacts::list(tx, &filter, 100, 0)).await.expect("list");
            let mut expected: Vec<&str> = NAMES.iter().copied().filter(|name| name.starts_with(prefix)).collect();
            expected.sort_unstable();
            let found: Vec<String> = found.into_iter().map(|artifact| artifact.name).collect();
            assert_eq!(found, expected, "prefix {prefix:?}");
            assert_eq!(total, expected.len() as i64, "prefix {prefix:?}");
        }
    }

    async fn names_are_ordered_by_their_bytes(place: Place) {
        let (environment, workspace) = place.workspace().await;
        let names = ["b", "ä", "A b", "_", "a", "Z", "AB", "a_b", "ab", "B", "-", "名"];
        for (number, name) in names.iter().enumerate() {
            place.insert(artifact(number, &workspace, name)).await.expect("an artifact");
            place.insert(task(number, &environment, &workspace, name, Vec::new())).await.expect("a task");
        }
        let expected = ["-", "A b", "AB", "B", "Z", "_", "a", "a_b", "ab", "b", "ä", "名"];
        let all = TaskFilter { visible_to: visible(), ..TaskFilter::default() };
        assert_eq!(named_tasks(&place, all).await, expected);
        let in_one = TaskFilter { environment: Some(environment), visible_to: visible(), ..TaskFilter::default() };
        assert_eq!(named_tasks(&place, in_one).await, expected);
        let filter = ArtifactFilter { visible_to: visible(), ..ArtifactFilter::default() };
        let (found, _) = place.store.read(move |tx| artifacts::list(tx, &filter, 100, 0)).await.expect("list");
        assert_eq!(found.into_iter().map(|artifact| artifact.name).collect::<Vec<_>>(), expected);
    }

    async fn kinds_and_places_narrow_a_list(place: Place) {
        let (environment, workspace) = place.workspace().await;
        for (number, name) in NAMES.iter().enumerate() {
            place.insert(artifact(number, &workspace, name)).await.expect("an artifact");
        }
        let count = async |filter: ArtifactFilter| {
            place.store.read(move |tx| artifacts::list(tx, &filter, 2, 1)).await.expect("list")
        };
        let base = ArtifactFilter { visible_to: visible(), ..ArtifactFilter::default() };
        let (page, total) = count(base.clone()).await;
        assert_eq!((page.len(), total), (2, 9), "the total counts what the page leaves out");
        let (_, routes) = count(ArtifactFilter { kinds: vec![ArtifactType::Route], ..base.clone() }).await;
        assert_eq!(routes, 4);
        let both_kinds = vec![ArtifactType::Route, ArtifactType::Standard];
        assert_eq!(count(ArtifactFilter { kinds: both_kinds, ..base.clone() }).await.1, 9);
        assert_eq!(count(ArtifactFilter { environment: Some(environment), ..base.clone() }).await.1, 9);
        let elsewhere = WorkspaceId::trusted(hex_id("a", 5));
        assert_eq!(count(ArtifactFilter { workspace: Some(elsewhere), ..base.clone() }).await.1, 0);
        // Rights of somebody else, and a right that is not held, show nothing.
        let stranger = ("stranger".to_owned(), Rights::all().mask());
        assert_eq!(count(ArtifactFilter { visible_to: stranger, ..base.clone() }).await.1, 0);
        assert_eq!(count(ArtifactFilter { visible_to: ("me".to_owned(), 0), ..base }).await.1, 0);
    }

    async fn a_label_is_found_whole_and_as_written(place: Place) {
        let (environment, workspace) = place.workspace().await;
        place.insert(artifact(0, &workspace, "artifact")).await.expect("an artifact");
        let random = SeededRandom::new(11);
        let mut all: Vec<(String, Vec<String>)> = vec![
            ("t 00".to_owned(), vec!["prod".to_owned(), "50%".to_owned()]),
            ("t 01".to_owned(), vec!["Prod".to_owned()]),
            ("t 02".to_owned(), vec!["production".to_owned(), "5_".to_owned()]),
            ("t 03".to_owned(), vec!["a\",\"b".to_owned()]),
            ("t 04".to_owned(), vec!["a".to_owned(), "b".to_owned()]),
            ("t 05".to_owned(), vec![]),
        ];
        for number in all.len()..60 {
            let tags = (0..pick(&random, 4)).map(|_| tricky(&random, 1 + number % 2)).collect();
            all.push((format!("t {number:02}"), tags));
        }
        for (number, (name, tags)) in all.iter().enumerate() {
            place.insert(task(number, &environment, &workspace, name, tags.clone())).await.expect("a task");
        }
        let mut searched: Vec<Vec<String>> = all.iter().map(|(_, tags)| tags.clone()).collect();
        searched.extend(all.iter().flat_map(|(_, tags)| tags.iter().map(|tag| vec![tag.clone()])));
        for tag in ["pro", "PROD", "%", "_", "\\", "\"", "nothing", "50_"] {
            searched.push(vec![tag.to_owned()]);
        }
        for tags in searched {
            let expected: Vec<&str> = all
                .iter()
                .filter(|(_, has)| tags.iter().all(|tag| has.contains(tag)))
                .map(|(name, _)| name.as_str())
                .collect();
            let filter = TaskFilter { tags: tags.clone(), visible_to: visible(), ..TaskFilter::default() };
            assert_eq!(named_tasks(&place, filter).await, expected, "tags {tags:?}");
        }
    }

    async fn a_part_of_a_name_means_itself_in_any_case(place: Place) {
        let (environment, workspace) = place.workspace().await;
        for (number, name) in NAMES.iter().enumerate() {
            place.insert(artifact(number, &workspace, name)).await.expect("an artifact");
            let task = task(number, &environment, &workspace, name, Vec::new());
            place.insert(task.clone()).await.expect("a task");
            let noted = place.store.write::<_, StoreError, _>(move |tx| tasks::note_name(tx, &task)).await;
            noted.expect("its name");
        }
        // Names that tasks had find nothing.
        let mut renamed = task(0, &environment, &workspace, "b x % äöü", Vec::new());
        renamed.name.push('!');
        let noted = place.store.write::<_, StoreError, _>(move |tx| tasks::note_name(tx, &renamed)).await;
        noted.expect("another name");
        for part in ["%", "_", "\\", "b", "B", "X", "'", "%b", "a", "ä"] {
            let small = part.to_ascii_lowercase();
            let mut expected: Vec<&str> =
                NAMES.iter().copied().filter(|name| name.to_ascii_lowercase().contains(&small)).collect();
            expected.sort_unstable();
            let filter =
                TaskFilter { name_contains: Some(part.to_owned()), visible_to: visible(), ..TaskFilter::default() };
            assert_eq!(named_tasks(&place, filter).await, expected, "part {part:?}");
            let filter = ArtifactFilter {
                name_prefix: Some("a".to_owned()),
                name_contains: Some(part.to_owned()),
                visible_to: visible(),
                ..ArtifactFilter::default()
            };
            let (found, _) = place.store.read(move |tx| artifacts::list(tx, &filter, 100, 0)).await.expect("list");
            let found: Vec<String> = found.into_iter().map(|artifact| artifact.name).collect();
            expected.retain(|name| name.starts_with('a'));
            assert_eq!(found, expected, "artifacts that begin with a, part {part:?}");
        }
        let filter =
            TaskFilter { runtime_id: Some("engine 1".to_owned()), visible_to: visible(), ..TaskFilter::default() };
        assert_eq!(named_tasks(&place, filter).await.len(), 4);
    }
}
