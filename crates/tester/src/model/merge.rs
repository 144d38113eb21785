//! Puts an imported drive into one that is there already.

use std::collections::HashMap;

use super::{Drive, Entity, Kind};

/// Who wins when both have an entity of one kind and name at one place (`doc`). Nothing is ever deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergePolicy {
    /// The one edited later; the one that is there when an edit time is not known.
    Update,
    /// The imported one.
    Overwrite,
    /// The one that is there.
    Preserve,
}

impl Drive {
    /// Adds what is new, and settles the rest by the policy. Entities that are there keep their ids, and references inside
    /// the imported part follow them. Environments are matched by name, too.
    pub fn merge(&mut self, mut imported: Drive, policy: MergePolicy) {
        let mut ids = HashMap::new();
        renamed(&self.entities, &imported.entities, &mut ids);
        for entity in &mut imported.entities {
            refer(entity, &ids);
        }
        merge_into(&mut self.entities, imported.entities, policy);
        for environment in imported.environments {
            match self.environments.iter_mut().find(|known| known.name == environment.name) {
                None => self.environments.push(environment),
                Some(known) => {
                    if wins(known.last_modified.as_deref(), environment.last_modified.as_deref(), policy) {
                        let id = std::mem::take(&mut known.id);
                        *known = environment;
                        known.id = id;
                    }
                }
            }
        }
    }
}

fn same(left: &Entity, right: &Entity) -> bool {
    left.name == right.name && left.kind.name() == right.kind.name()
}

/// Ids of imported entities that have a counterpart, and the counterpart's.
fn renamed(known: &[Entity], imported: &[Entity], ids: &mut HashMap<String, String>) {
    for entity in imported {
        if let Some(counterpart) = known.iter().find(|known| same(known, entity)) {
            if counterpart.id != entity.id {
                ids.insert(entity.id.clone(), counterpart.id.clone());
            }
            renamed(&counterpart.children, &entity.children, ids);
        }
    }
}

fn refer(entity: &mut Entity, ids: &HashMap<String, String>) {
    if let Kind::Request(request) = &mut entity.kind {
        request.each_text(&mut |text| {
            if !text.contains("getEntityById") {
                return;
            }
            for (from, to) in ids {
                for quote in ['"', '\''] {
                    *text = text.replace(&format!("{quote}{from}{quote}"), &format!("{quote}{to}{quote}"));
                }
            }
        });
    }
    entity.children.iter_mut().for_each(|child| refer(child, ids));
}

fn merge_into(known: &mut Vec<Entity>, imported: Vec<Entity>, policy: MergePolicy) {
    for mut entity in imported {
        match known.iter_mut().find(|known| same(known, &entity)) {
            None => known.push(entity),
            Some(counterpart) => {
                let children = std::mem::take(&mut entity.children);
                merge_into(&mut counterpart.children, children, policy);
                if wins(counterpart.last_modified.as_deref(), entity.last_modified.as_deref(), policy) {
                    entity.id = std::mem::take(&mut counterpart.id);
                    entity.children = std::mem::take(&mut counterpart.children);
                    *counterpart = entity;
                }
            }
        }
    }
}

/// Whether the imported one wins.
fn wins(known: Option<&str>, imported: Option<&str>, policy: MergePolicy) -> bool {
    let time = |text: Option<&str>| text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    match policy {
        MergePolicy::Overwrite => true,
        MergePolicy::Preserve => false,
        MergePolicy::Update => {
            matches!((time(known), time(imported)), (Some(known), Some(imported)) if imported > known)
        }
    }
}
