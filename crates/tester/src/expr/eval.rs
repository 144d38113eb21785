//! Templates to values.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::ast::{Declaration, Expression, Part, Placed, Segment, Template};
use super::functions::{self, Call, MAX_RESULT};
use super::step::{Problem, Value};
use super::{ExprError, step};
use crate::effort::Effort;
use crate::exchange::Exchanges;
use crate::json::{Json, place};
use crate::model::{Drive, Variables};
use crate::suggest;
use crate::world::{Clock, Entropy};

/// Longest texts that all templates of one evaluator may become together, in bytes.
const MAX_RESULTS: usize = 64 << 20;

/// What expressions may see.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Variables, all layers.
    pub variables: &'a Variables,
    /// Entities that can be named.
    pub drive: &'a Drive,
    /// Latest responses.
    pub exchanges: &'a Exchanges,
    /// For `timestamp()`.
    pub clock: &'a dyn Clock,
    /// For `random()` and the like.
    pub entropy: &'a dyn Entropy,
}

/// Evaluates templates and collects remarks on the way.
pub struct Evaluator<'a> {
    pub(super) sources: Sources<'a>,
    effort: Effort<'a>,
    warnings: RefCell<Vec<String>>,
    results: Cell<usize>,
    /// Where each entity is written, by id.
    pub(super) places: Option<&'a HashMap<String, String>>,
    /// Id of the request whose texts are evaluated.
    pub(super) asking: Option<&'a str>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator with these sources.
    pub fn new(sources: Sources<'a>) -> Self {
        Self::within(sources, Effort::default())
    }

    /// An evaluator that takes no more than this effort.
    pub fn within(sources: Sources<'a>, effort: Effort<'a>) -> Self {
        let (warnings, results) = (RefCell::default(), Cell::default());
        Self { sources, effort, warnings, results, places: None, asking: None }
    }

    /// Lets messages name the files in which entities are written, by their ids.
    #[must_use]
    pub fn with_places(self, places: &'a HashMap<String, String>) -> Self {
        Self { places: Some(places), ..self }
    }

    /// Lets messages take into account which request the texts belong to.
    #[must_use]
    pub fn asked_by(self, id: Option<&'a str>) -> Self {
        Self { asking: id, ..self }
    }

    /// What is left of the effort.
    pub fn effort(&self) -> &Effort<'a> {
        &self.effort
    }

    /// Counts bytes that are read or made.
    pub(super) fn read(&self, bytes: usize) -> Result<(), Problem> {
        self.effort.read(bytes).map_err(|halt| Problem::new(halt.to_string()))
    }

    /// What the writer should know although it is no error: names that stand for nothing but themselves.
    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// The text with every expression replaced.
    ///
    /// # Errors
    /// [`ExprError`]: syntax, no value, unknown function, wrong argument. Nothing half evaluated is ever returned.
    pub fn text(&self, template: &str) -> Result<String, ExprError> {
        if !template.contains("${") {
            return Ok(template.to_owned());
        }
        let mut out = String::new();
        for part in Template::parse(template)?.parts {
            match part {
                Part::Text(text) => out.push_str(&text),
                Part::Expression(expression) => {
                    out.push_str(&self.expression(&expression, template)?.render());
                }
            }
            if out.len() > MAX_RESULT {
                return Err(too_long(format!("the result is longer than {MAX_RESULT} bytes")));
            }
        }
        self.results.set(self.results.get() + out.len());
        if self.results.get() > MAX_RESULTS {
            return Err(too_long(format!("all results of the request are longer than {MAX_RESULTS} bytes together")));
        }
        Ok(out)
    }

    /// The value of a template: of a single expression its JSON value, of everything else the text.
    ///
    /// # Errors
    /// As for [`Evaluator::text`].
    pub fn value(&self, template: &str) -> Result<Json, ExprError> {
        if template.contains("${")
            && let [Part::Expression(expression)] = Template::parse(template)?.parts.as_slice()
        {
            return self.expression(expression, template);
        }
        self.text(template).map(Json::Text)
    }

    fn expression(&self, expression: &Expression, template: &str) -> Result<Json, ExprError> {
        self.declaration(&expression.declaration).map_err(|(at, problem)| {
            let (line, column) = place(template, at);
            ExprError {
                expression: expression.source.clone(),
                line,
                column,
                problem: problem.text,
                suggestion: problem.suggestion,
            }
        })
    }

    fn declaration(&self, declaration: &Declaration) -> Result<Json, (usize, Problem)> {
        let last = declaration.segments.last().map_or(0, |placed| placed.at);
        step::finish(self.reached(declaration)?, self).map_err(|problem| (last, problem))
    }

    /// Where a path leads, before it has to be a value.
    pub(super) fn reached(&self, declaration: &Declaration) -> Result<Value<'a>, (usize, Problem)> {
        let Some((head, rest)) = declaration.segments.split_first() else {
            return Err((0, Problem::new("the expression is empty")));
        };
        let mut value = self.head(head, rest.is_empty())?;
        for placed in rest {
            value = self.segment(value, placed)?;
        }
        Ok(value)
    }

    fn head(&self, head: &Placed, alone: bool) -> Result<Value<'a>, (usize, Problem)> {
        match &head.segment {
            Segment::Number(text) => Ok(Value::Json(Json::Number(text.clone()))),
            Segment::Text(name) => Ok(self.lookup(name, false, alone)),
            Segment::Id(name) => Ok(self.lookup(name, true, alone)),
            Segment::Method { name, args } => self.call(None, name, args, head.at),
            Segment::Index { name, positions } => self.index(self.lookup(name, true, false), positions),
        }
    }

    /// Variable, else top-level entity, else the text itself (`doc`).
    fn lookup(&self, name: &str, bare: bool, alone: bool) -> Value<'a> {
        let Sources { variables, drive, .. } = self.sources;
        if let Some(value) = variables.get(name) {
            if alone && value.contains("${") {
                let text = "holds an expression, which stands as it is: values of variables are not evaluated";
                self.warnings.borrow_mut().push(format!("the value of `{name}` {text}"));
            }
            return Value::Json(Json::text(value));
        }
        if let Some(entity) = drive.entities.iter().find(|entity| entity.name == name) {
            return Value::Entity(entity);
        }
        if bare && alone && !matches!(name, "true" | "false" | "null") {
            let known = variables.names().chain(drive.entities.iter().map(|entity| entity.name.as_str()));
            let hint = suggest::hint(suggest::nearest(name, known).as_deref());
            self.warnings
                .borrow_mut()
                .push(format!("`{name}` is neither a variable nor an entity and stands for its own text{hint}"));
        }
        Value::Unknown(name.to_owned())
    }

    fn segment(&self, value: Value<'a>, placed: &Placed) -> Result<Value<'a>, (usize, Problem)> {
        let at = placed.at;
        match &placed.segment {
            Segment::Id(name) | Segment::Text(name) | Segment::Number(name) => {
                step::member(value, name, self).map_err(|problem| (at, problem))
            }
            Segment::Method { name, args } => self.call(Some((value, at)), name, args, at),
            Segment::Index { name, positions } => {
                let value = step::member(value, name, self).map_err(|problem| (at, problem))?;
                self.index(value, positions)
            }
        }
    }

    fn index(&self, mut value: Value<'a>, positions: &[Declaration]) -> Result<Value<'a>, (usize, Problem)> {
        for position in positions {
            let at = position.segments.first().map_or(0, |placed| placed.at);
            let name = self.declaration(position)?.render();
            value = step::member(value, &name, self).map_err(|problem| (at, problem))?;
        }
        Ok(value)
    }

    fn call(
        &self,
        input: Option<(Value<'a>, usize)>,
        name: &str,
        args: &[Declaration],
        at: usize,
    ) -> Result<Value<'a>, (usize, Problem)> {
        let Some(function) = functions::find(name) else {
            let suggestion = suggest::nearest(name, functions::names());
            return Err((at, Problem { text: format!("there is no function `{name}`"), suggestion }));
        };
        let input = match input {
            Some((value, at)) => Some(step::finish(value, self).map_err(|problem| (at, problem))?),
            None => None,
        };
        let args = args.iter().map(|argument| self.declaration(argument)).collect::<Result<Vec<_>, _>>()?;
        if name == functions::ENTITY_BY_ID {
            return self.entity_by_id(&args).map_err(|problem| (at, problem));
        }
        let given = input.iter().chain(&args).map(Json::bytes).sum();
        self.read(given).map_err(|problem| (at, problem))?;
        let Sources { clock, entropy, .. } = self.sources;
        let call = Call { input, args, clock, entropy, effort: &self.effort };
        let fail = |text: String| (at, Problem::new(format!("{name}: {text}")));
        let made = function.apply(call).map_err(fail)?;
        if made.bytes() > MAX_RESULT {
            return Err(fail(format!("the result is longer than {MAX_RESULT} bytes")));
        }
        Ok(Value::Json(made))
    }

    fn entity_by_id(&self, args: &[Json]) -> Result<Value<'a>, Problem> {
        let [id] = args else {
            return Err(Problem::new("getEntityById takes one argument, the id of an entity"));
        };
        let id = id.render();
        let drive = self.sources.drive;
        drive.by_id(&id).map(Value::Entity).ok_or_else(|| {
            let walked = drive.walk();
            let suggestion = suggest::nearest(&id, walked.iter().map(|(_, entity)| entity.id.as_str()));
            Problem { text: format!("no entity has the id {id}"), suggestion }
        })
    }
}

fn too_long(problem: String) -> ExprError {
    ExprError { expression: String::new(), line: 1, column: 1, problem, suggestion: None }
}

impl Evaluator<'_> {
    /// Sixteen random hexadecimal digits.
    pub(crate) fn random_hex(&self) -> String {
        let mut bytes = [0; 8];
        self.sources.entropy.fill(&mut bytes);
        crate::world::hex(&bytes)
    }
}
