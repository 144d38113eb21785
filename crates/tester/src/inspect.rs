//! What is wrong with a drive, found without sending anything.

use std::collections::{BTreeSet, HashMap};

use crate::expr::{Declaration, FUNCTIONS, Segment, Template, Uses, each_text};
use crate::json::place;
use crate::model::{Comparison, Condition, Drive, Entity, Kind, Request, ScenarioAdditions, Subject};
use crate::path::JsonPath;
use crate::regex::Regex;
use crate::run::{Files, bound_names, rows};
use crate::{suggest, xpath};

/// One thing that a run would stumble over, or that its writer probably did not mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A run ends with Error there; else it is only a remark.
    pub wrong: bool,
    /// Names from the top of the drive to the entity, or the name of the environment.
    pub path: Vec<String>,
    /// File and line, when known.
    pub place: Option<String>,
    /// What it is and where in the entity.
    pub text: String,
}

/// Looks at all texts, assertions, files and references of a drive. `places`: where each entity is written, by id.
pub fn inspect(drive: &Drive, places: &HashMap<String, String>, files: &dyn Files) -> Vec<Finding> {
    let mut variables: BTreeSet<String> = bound_names(drive).into_iter().collect();
    let in_environments = drive.environments.iter().flat_map(|environment| &environment.variables);
    variables.extend(in_environments.map(|variable| variable.name.clone()));
    for (_, entity) in drive.walk() {
        if let Kind::Scenario(ScenarioAdditions { data: Some(data), .. }) = &entity.kind {
            variables.extend(rows(data, files).into_iter().flatten().take(1).flatten().map(|(name, _)| name));
        }
    }
    let mut inspector = Inspector { drive, variables, files, found: Vec::new() };
    for (path, entity) in drive.walk() {
        let before = inspector.found.len();
        match &entity.kind {
            Kind::Request(request) => inspector.request(request),
            Kind::Scenario(added) => inspector.scenario(added),
            Kind::Project | Kind::Service => {}
        }
        for finding in &mut inspector.found[before..] {
            finding.path = path.iter().map(|name| (*name).to_owned()).collect();
            finding.place = places.get(&entity.id).cloned();
        }
    }
    inspector.circles(places);
    inspector.environments();
    inspector.found
}

struct Inspector<'a> {
    drive: &'a Drive,
    /// All names that may be variables in some run.
    variables: BTreeSet<String>,
    files: &'a dyn Files,
    found: Vec<Finding>,
}

impl Inspector<'_> {
    fn say(&mut self, wrong: bool, text: impl Into<String>) {
        self.found.push(Finding { wrong, path: Vec::new(), place: None, text: text.into() });
    }

    fn request(&mut self, request: &Request) {
        let mut texts = Vec::new();
        each_text(request, &mut |name, text| texts.push((name(), text.to_owned())));
        for (field, text) in texts {
            self.text(&field, &text);
        }
        for (at, assertion) in request.assertions.iter().enumerate().filter(|(_, one)| one.is_on()) {
            let field = format!("assertion {}", at + 1);
            self.subject(&field, &assertion.subject, assertion.path());
            self.comparison(&field, &assertion.comparison, &assertion.expected());
        }
        let added = &request.additions;
        for extraction in &added.extract {
            let field = format!("extraction `{}`", extraction.name);
            self.subject(&field, &Subject::from_name(&extraction.subject), &extraction.path);
            if let Some(Err(error)) = extraction.pattern.as_ref().map(|pattern| Regex::parse(pattern)) {
                self.say(true, format!("{field}: {error}"));
            }
        }
        let until = added.until.as_ref().map(|until| &until.holds);
        for (field, condition) in [("when", added.when.as_ref()), ("until", until)] {
            if let Some(condition) = condition {
                self.condition(field, condition);
            }
        }
        let tls = added.tls.iter().flat_map(|tls| [&tls.authorities, &tls.identity]);
        for file in tls.chain([&added.file]).flatten().filter(|file| !file.contains("${")) {
            if let Err(problem) = self.files.read(file) {
                self.say(true, problem);
            }
        }
    }

    fn scenario(&mut self, added: &ScenarioAdditions) {
        if let Some(when) = &added.when {
            self.text("when", &when.value);
            self.text("when", &when.to);
            self.condition("when", when);
        }
        if let Some(Err(problem)) = added.data.as_ref().map(|data| rows(data, self.files)) {
            self.say(true, format!("data: {problem}"));
        }
    }

    fn condition(&mut self, field: &str, condition: &Condition) {
        self.comparison(field, &Comparison::from_name(&condition.is), &condition.to);
    }

    fn subject(&mut self, field: &str, subject: &Subject, path: &str) {
        let wrong = match subject {
            Subject::ResponseJsonBody => JsonPath::parse(path).err().map(|error| error.to_string()),
            Subject::ResponseXmlBody => xpath::check(path).err().map(|error| error.to_string()),
            Subject::Other(name) => {
                let near = suggest::nearest(name, Subject::KNOWN.iter().map(Subject::name));
                Some(format!("the subject `{name}` is not supported{}", suggest::hint(near.as_deref())))
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.say(true, format!("{field}: {wrong}"));
        }
    }

    fn comparison(&mut self, field: &str, comparison: &Comparison, expected: &str) {
        if !comparison.is_known() {
            let near = suggest::nearest(comparison.name(), Comparison::known_names());
            let hint = suggest::hint(near.as_deref());
            self.say(true, format!("{field}: the comparison `{}` is not supported{hint}", comparison.name()));
        }
        if comparison.takes_pattern()
            && !expected.contains("${")
            && let Err(error) = Regex::parse(expected)
        {
            self.say(true, format!("{field}: {error}"));
        }
    }

    fn text(&mut self, field: &str, text: &str) {
        if !text.contains("${") {
            return;
        }
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(error) => return self.say(true, format!("{field}: {error}")),
        };
        for expression in template.expressions() {
            let mut problems = Vec::new();
            expression.declaration.visit(&mut |declaration| problems.extend(self.declaration(declaration)));
            for (at, wrong, problem) in problems {
                let (line, column) = place(text, at);
                self.say(wrong, format!("{field}: `{}` at line {line}, column {column}: {problem}", expression.source));
            }
        }
    }

    /// What can be said of a path without its value: byte offset, whether it is wrong for certain, text.
    fn declaration(&self, declaration: &Declaration) -> Vec<(usize, bool, String)> {
        let mut found = Vec::new();
        let mut reached = None;
        for (position, placed) in declaration.segments.iter().enumerate() {
            match &placed.segment {
                Segment::Method { name, args } => {
                    if let Err(problem) = fits(name, args.len(), position > 0) {
                        found.push((placed.at, true, problem));
                    }
                    reached = match args.first().and_then(Declaration::plain_text) {
                        Some(id) if name == "getEntityById" && position == 0 => {
                            let entity = self.drive.by_id(id);
                            if entity.is_none() {
                                found.push((placed.at, true, format!("no entity has the id {id}")));
                            }
                            entity
                        }
                        _ => None,
                    };
                }
                Segment::Id(name) | Segment::Text(name) | Segment::Number(name) | Segment::Index { name, .. } => {
                    let step = match (position, reached) {
                        (0, _) => self.head(&placed.segment, name, declaration),
                        (_, Some(entity)) => below(entity, name).map_err(|problem| (true, problem)),
                        _ => Ok(None),
                    };
                    match step {
                        Ok(next) => reached = next,
                        Err((wrong, problem)) => {
                            found.push((placed.at, wrong, problem));
                            return found;
                        }
                    }
                }
            }
        }
        if let Some(entity) = reached.filter(|_| !declaration.segments.is_empty()) {
            let at = declaration.segments.last().map_or(0, |placed| placed.at);
            let kind = entity.kind.name().to_lowercase();
            found.push((at, true, format!("a whole {kind} cannot be a value; go on to a part of it")));
        }
        found
    }

    fn head(
        &self,
        segment: &Segment,
        name: &str,
        declaration: &Declaration,
    ) -> Result<Option<&Entity>, (bool, String)> {
        if self.variables.contains(name) || matches!(segment, Segment::Number(_)) {
            return Ok(None);
        }
        if let Some(entity) = self.drive.entities.iter().find(|entity| entity.name == name) {
            return Ok(Some(entity));
        }
        let goes_on = match declaration.segments.get(1).map(|placed| &placed.segment) {
            Some(Segment::Method { .. }) => false,
            Some(_) => true,
            None => matches!(segment, Segment::Id(_)) && !matches!(name, "true" | "false" | "null"),
        };
        // A text that is JSON can be walked as it stands.
        if !goes_on || name.trim_start().starts_with(['{', '[']) {
            return Ok(None);
        }
        let tops = self.drive.entities.iter().map(|entity| entity.name.as_str());
        let near = suggest::nearest(name, self.variables.iter().map(String::as_str).chain(tops));
        let hint = suggest::hint(near.as_deref());
        Err((false, format!("`{name}` is a variable of no environment, and no entity at the top{hint}")))
    }

    fn circles(&mut self, places: &HashMap<String, String>) {
        let variables = self.variables.clone();
        let variable = |name: &str| variables.contains(name);
        let told: Vec<(String, String)> = {
            let uses = Uses::of(self.drive, &variable, &|_| true);
            let circles = uses.circles();
            let first = |circle: &[(String, _)]| circle.first().map_or_else(String::new, |(id, _)| id.clone());
            circles.iter().map(|circle| (first(circle), uses.told(circle, Some(places)))).collect()
        };
        for (id, text) in told {
            let walked = self.drive.walk();
            let path = walked.iter().find(|(_, entity)| entity.id == id).map(|(path, _)| path.clone());
            self.found.push(Finding {
                wrong: true,
                path: path.into_iter().flatten().map(str::to_owned).collect(),
                place: places.get(&id).cloned(),
                text: format!("requests use each other in a circle, so none can be sent first: {text}"),
            });
        }
    }

    /// Values of variables are not evaluated; one that looks as if it were is told, with the circle it would be on.
    fn environments(&mut self) {
        for environment in &self.drive.environments {
            let mut leads: HashMap<&str, Vec<String>> = HashMap::new();
            for variable in environment.variables.iter().filter(|variable| variable.is_on()) {
                let value = variable.value.as_deref().unwrap_or("");
                let Some(template) = Template::parse(value).ok().filter(|_| value.contains("${")) else { continue };
                let heads = template.expressions().filter_map(|one| one.declaration.segments.first());
                let names = heads.filter_map(|placed| match &placed.segment {
                    Segment::Id(name) | Segment::Text(name) | Segment::Index { name, .. } => Some(name.clone()),
                    _ => None,
                });
                leads.insert(&variable.name, names.collect());
            }
            for variable in environment.variables.iter().filter(|one| leads.contains_key(one.name.as_str())) {
                let name = variable.name.as_str();
                let circle = match circle(name, &leads) {
                    Some(chain) => format!("; it would be in a circle: `{}`", chain.join("` uses `")),
                    None => String::new(),
                };
                self.found.push(Finding {
                    wrong: false,
                    path: vec![environment.name.clone()],
                    place: None,
                    text: format!(
                        "the value of the variable `{name}` holds an expression, which is sent as it stands; put it \
                         into the `before` of a request{circle}"
                    ),
                });
            }
        }
    }
}

/// Names from one back to itself, both ends included.
fn circle<'a>(start: &'a str, leads: &'a HashMap<&'a str, Vec<String>>) -> Option<Vec<&'a str>> {
    let mut came: HashMap<&str, &str> = HashMap::new();
    let mut open = vec![start];
    while let Some(name) = open.pop() {
        for next in leads.get(name).into_iter().flatten() {
            if next == start {
                let mut chain = vec![start, name];
                while chain.last() != Some(&start) {
                    chain.push(came.get(chain.last()?)?);
                }
                chain.reverse();
                return Some(chain);
            }
            if !came.contains_key(next.as_str()) {
                came.insert(next, name);
                open.push(next);
            }
        }
    }
    None
}

/// Whether a function can be called so.
fn fits(name: &str, arguments: usize, has_value: bool) -> Result<(), String> {
    let Some(function) = FUNCTIONS.iter().find(|function| function.name == name) else {
        let near = suggest::nearest(name, FUNCTIONS.iter().map(|function| function.name));
        return Err(format!("there is no function `{name}`{}", suggest::hint(near.as_deref())));
    };
    function.fits(arguments, has_value).map_err(|problem| format!("{name}: {problem}"))
}

/// One step from an entity; nothing when it leaves the tree for a value.
fn below<'a>(entity: &'a Entity, name: &str) -> Result<Option<&'a Entity>, String> {
    let missing = |known: &mut dyn Iterator<Item = &str>| {
        let near = suggest::nearest(name, known);
        format!("`{}` has no `{name}`{}", entity.name, suggest::hint(near.as_deref()))
    };
    const OF_REQUEST: [&str; 3] = ["name", "request", "response"];
    if matches!(entity.kind, Kind::Request(_)) {
        return if OF_REQUEST.contains(&name) { Ok(None) } else { Err(missing(&mut OF_REQUEST.into_iter())) };
    }
    let child = entity.children.iter().find(|child| child.name == name);
    child.map(Some).ok_or_else(|| missing(&mut entity.children.iter().map(|child| child.name.as_str())))
}
