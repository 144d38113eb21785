//! Which requests use responses of which others, and where; and the circles that arise so.

use std::collections::{HashMap, HashSet};

use super::ast::{Declaration, Segment, Template};
use super::{each_text, functions};
use crate::json::place;
use crate::model::{Drive, Entity, Kind};

/// Most members of a circle that are told.
const MOST_TOLD: usize = 12;

/// A request uses what another one, or it itself, has sent or received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    /// Id of the request that is used.
    pub(crate) target: String,
    /// Where the expression stands, such as `header X`.
    pub(crate) field: String,
    /// In that text, from 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
}

/// The requests of a drive and the uses between them, found when they are asked for.
pub(crate) struct Uses<'a> {
    drive: &'a Drive,
    /// Path of names, and the scenario that holds it, by id.
    known: HashMap<&'a str, (Vec<&'a str>, &'a Entity, Option<&'a Entity>)>,
    /// Whether a variable has this name, so that it stands for no entity.
    variable: &'a dyn Fn(&str) -> bool,
    /// Is told how many bytes are about to be read; `false` ends the search.
    may_read: &'a dyn Fn(usize) -> bool,
}

impl<'a> Uses<'a> {
    pub(crate) fn of(
        drive: &'a Drive,
        variable: &'a dyn Fn(&str) -> bool,
        may_read: &'a dyn Fn(usize) -> bool,
    ) -> Self {
        let mut known = HashMap::new();
        let mut scenario = None;
        for (path, entity) in drive.walk() {
            match entity.kind {
                Kind::Scenario(_) => scenario = Some(entity),
                Kind::Request(_) => {
                    let holder = scenario.filter(|one| one.children.iter().any(|child| std::ptr::eq(child, entity)));
                    known.insert(entity.id.as_str(), (path, entity, holder));
                }
                _ => {}
            }
        }
        Self { drive, known, variable, may_read }
    }

    /// What a request uses before it can be Ok, in the order of its texts. Its own response in what is looked at after it
    /// was sent is no use.
    pub(crate) fn by(&self, id: &str) -> Vec<Use> {
        let mut found = Vec::new();
        let Some((_, entity, scenario)) = self.known.get(id) else { return found };
        if let Some(Kind::Scenario(added)) = scenario.map(|scenario| &scenario.kind)
            && let Some(when) = &added.when
        {
            for text in [&when.value, &when.to] {
                self.text(text, &|| "the condition of its scenario".to_owned(), &mut found);
            }
        }
        let Some(request) = entity.request() else { return found };
        each_text(request, &mut |name, text| {
            let before = found.len();
            self.text(text, name, &mut found);
            if found.len() > before {
                let field = name();
                let after = field == "until" || field.starts_with("assertion ");
                let mut at = 0;
                found.retain(|one| {
                    at += 1;
                    at <= before || !(after && one.target == id)
                });
            }
        });
        found
    }

    fn text(&self, text: &str, field: &dyn Fn() -> String, found: &mut Vec<Use>) {
        if !text.contains("${") || !(self.may_read)(text.len()) {
            return;
        }
        // A text that cannot be read is told where it is evaluated.
        let Ok(template) = Template::parse(text) else { return };
        for expression in template.expressions() {
            expression.declaration.visit(&mut |declaration| {
                if let Some(target) = self.target(declaration) {
                    let at = declaration.segments.first().map_or(0, |placed| placed.at);
                    let (line, column) = place(text, at);
                    found.push(Use { target: target.id.clone(), field: field(), line, column });
                }
            });
        }
    }

    /// The request whose `request` or `response` a path reaches.
    fn target(&self, declaration: &Declaration) -> Option<&'a Entity> {
        let mut segments = declaration.segments.iter().map(|placed| &placed.segment);
        let mut at = match segments.next()? {
            Segment::Id(name) | Segment::Text(name) => {
                let top = self.drive.entities.iter().find(|entity| entity.name == *name)?;
                Some(top).filter(|_| !(self.variable)(name))?
            }
            Segment::Method { name, args } if name == functions::ENTITY_BY_ID => {
                self.drive.by_id(args.first().and_then(Declaration::plain_text)?)?
            }
            _ => return None,
        };
        for segment in segments {
            let (Segment::Id(name) | Segment::Text(name) | Segment::Number(name) | Segment::Index { name, .. }) =
                segment
            else {
                return None;
            };
            if matches!(at.kind, Kind::Request(_)) {
                return matches!(name.as_str(), "request" | "response").then_some(at);
            }
            at = at.children.iter().find(|child| child.name == *name)?;
        }
        None
    }

    /// The circle that whoever starts at this request runs into, if there is one: ids with the use that leads to the next
    /// one, the last one leads to the first. Requests of which `sent` is true need nothing more.
    pub(crate) fn circle(&self, start: &str, sent: &dyn Fn(&str) -> bool) -> Option<Vec<(String, Use)>> {
        let mut seen = HashSet::from([start.to_owned()]);
        let mut chain: Vec<(String, Use)> = Vec::new();
        let mut open = vec![(start.to_owned(), self.by(start).into_iter())];
        while let Some((id, uses)) = open.last_mut() {
            let Some(one) = uses.next() else {
                open.pop();
                chain.pop();
                continue;
            };
            if sent(&one.target) {
                continue;
            }
            let (id, target) = (id.clone(), one.target.clone());
            chain.push((id, one));
            if let Some(begin) = chain.iter().position(|(member, _)| *member == target) {
                return Some(chain.split_off(begin));
            }
            if seen.insert(target.clone()) {
                let uses = self.by(&target).into_iter();
                open.push((target, uses));
            } else {
                chain.pop();
            }
        }
        None
    }

    /// Whether one request stands behind another in the same scenario; the name of the scenario.
    pub(crate) fn comes_after(&self, later: &str, earlier: &str) -> Option<&'a str> {
        let ((.., first), (.., second)) = (self.known.get(later)?, self.known.get(earlier)?);
        let scenario = (*first)?;
        if !second.is_some_and(|other| std::ptr::eq(other, scenario)) {
            return None;
        }
        let place = |id: &str| scenario.children.iter().position(|child| child.id == id);
        (place(later)? > place(earlier)?).then_some(scenario.name.as_str())
    }

    /// A circle in words: who uses whom, where.
    pub(crate) fn told(&self, circle: &[(String, Use)], places: Option<&HashMap<String, String>>) -> String {
        let named = |id: &str| self.known.get(id).map_or_else(|| id.to_owned(), |(path, ..)| path.join(" / "));
        let mut links: Vec<String> = circle
            .iter()
            .take(MOST_TOLD)
            .map(|(id, one)| {
                let file = places.and_then(|places| places.get(id)).map_or_else(String::new, |at| format!(" ({at})"));
                let target = if *id == one.target { "itself".to_owned() } else { format!("`{}`", named(&one.target)) };
                let Use { field, line, column, .. } = one;
                format!("`{}`{file} uses {target} in {field} at line {line}, column {column}", named(id))
            })
            .collect();
        if circle.len() > MOST_TOLD {
            links.push(format!("and so on through {} more", circle.len() - MOST_TOLD));
        }
        links.join("; ")
    }

    /// Every circle of the drive once, in the order of the requests.
    pub(crate) fn circles(&self) -> Vec<Vec<(String, Use)>> {
        let mut told: HashSet<String> = HashSet::new();
        let mut found = Vec::new();
        let walked = self.drive.walk();
        for (_, entity) in walked.iter().filter(|(_, entity)| matches!(entity.kind, Kind::Request(_))) {
            if told.contains(&entity.id) {
                continue;
            }
            if let Some(circle) = self.circle(&entity.id, &|_| false)
                && !circle.iter().any(|(id, _)| told.contains(id))
            {
                told.extend(circle.iter().map(|(id, _)| id.clone()));
                found.push(circle);
            }
        }
        found
    }
}
