//! Rows as structs: one declaration gives the column list, the reading and the inserting.

use super::{Row, StoreError, Tx, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type that can stand in one column.
pub trait Column: Sized {
    /// Reads it; `column` is the position in the row.
    fn read(row: &mut Row, column: usize) -> Result<Self, StoreError>;
    /// The value to store.
    fn write(&self) -> Value;
}

impl Column for String {
    fn read(row: &mut Row, column: usize) -> Result<Self, StoreError> {
        match row.take(column)? {
            Value::Text(text) => Ok(text),
            _ => Err(StoreError::Shape { column, wanted: "a text" }),
        }
    }
    fn write(&self) -> Value {
        Value::from(self)
    }
}

impl Column for i64 {
    fn read(row: &mut Row, column: usize) -> Result<Self, StoreError> {
        row.int(column)
    }
    fn write(&self) -> Value {
        Value::Int(*self)
    }
}

impl Column for bool {
    fn read(row: &mut Row, column: usize) -> Result<Self, StoreError> {
        row.bool(column)
    }
    fn write(&self) -> Value {
        Value::from(*self)
    }
}

impl Column for Vec<u8> {
    fn read(row: &mut Row, column: usize) -> Result<Self, StoreError> {
        match row.take(column)? {
            Value::Blob(bytes) => Ok(bytes),
            _ => Err(StoreError::Shape { column, wanted: "bytes" }),
        }
    }
    fn write(&self) -> Value {
        Value::Blob(self.clone())
    }
}

impl<T: Column> Column for Option<T> {
    fn read(row: &mut Row, column: usize) -> Result<Self, StoreError> {
        if row.is_null(column)? { Ok(None) } else { T::read(row, column).map(Some) }
    }
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }
}

/// A value stored as JSON text, opaque to the database.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Json<T>(pub T);

impl<T: Serialize + DeserializeOwned> Column for Json<T> {
    fn read(row: &mut Row, column: usize) -> Result<Self, StoreError> {
        Ok(Json(serde_json::from_str(row.str(column)?)?))
    }
    fn write(&self) -> Value {
        // Only maps with keys that are not texts cannot be written; no stored type has one.
        Value::Text(serde_json::to_string(&self.0).unwrap_or_else(|_| "null".to_owned()))
    }
}

macro_rules! id_column {
    ($($name:ident),+) => { $(
        impl Column for stoker_domain::ids::$name {
            fn read(row: &mut Row, column: usize) -> Result<Self, StoreError> {
                String::read(row, column).map(Self::trusted)
            }
            fn write(&self) -> Value {
                Value::from(self)
            }
        }
    )+ };
}
id_column!(
    AccountId,
    UserId,
    RoleId,
    GroupId,
    ServiceAccountId,
    EnvironmentId,
    WorkspaceId,
    ArtifactId,
    TaskId,
    EngineId,
    ClusterId,
    PipelineEngineId,
    DynamicEngineId,
    RunProfileId,
    ScheduleId,
    TriggerId,
    RunId,
    PlanId,
    StepId,
    PlanRunId,
    StepRunId,
    ConnectionId,
    ResourceId,
    ProjectId,
    PromotionId,
    PromotionRunId,
    TestProjectId,
    TestRunId
);

macro_rules! enum_column {
    ($($name:path),+) => { $(
        impl Column for $name {
            fn read(row: &mut Row, column: usize) -> Result<Self, StoreError> {
                Self::from_id(row.str(column)?).ok_or(StoreError::Shape { column, wanted: "a known value" })
            }
            fn write(&self) -> Value {
                Value::from(self.id())
            }
        }
    )+ };
}
enum_column!(
    stoker_domain::PrincipalKind,
    stoker_domain::run::State,
    stoker_domain::run::Outcome,
    stoker_domain::run::RunType,
    stoker_domain::run::MisfireReason,
    stoker_domain::plan::StepKind,
    stoker_domain::plan::StepState,
    stoker_domain::plan::StepOutcome,
    stoker_domain::plan::PlanState,
    stoker_domain::plan::PlanOutcome,
    stoker_domain::plan::PlanMisfire,
    stoker_domain::runtime::RuntimeType,
    stoker_domain::runtime::LogLevel,
    stoker_domain::runtime::ArtifactType,
    stoker_domain::runtime::PairingStatus,
    stoker_domain::runtime::WorkspaceType,
    stoker_domain::runtime::RunProfileKind,
    stoker_domain::dynamic::TransferStrategy,
    stoker_domain::schedule::ExecutableKind,
    stoker_domain::schedule::FireResult,
    stoker_domain::promotion::PromotionStatus,
    stoker_domain::promotion::ItemKind
);

impl Column for stoker_domain::Rights {
    fn read(row: &mut Row, column: usize) -> Result<Self, StoreError> {
        row.int(column).map(Self::from_mask)
    }
    fn write(&self) -> Value {
        Value::Int(self.mask())
    }
}

/// Most rows of one statement.
const ROWS_AT_ONCE: usize = 32;

/// The rows in parts for one statement each. Their numbers are powers of two, so that there are few texts of statements.
pub(crate) fn in_powers<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut left = rows;
    std::iter::from_fn(move || {
        let most = ROWS_AT_ONCE.min(1 << left.len().checked_ilog2()?);
        let (part, rest) = left.split_at(most);
        left = rest;
        Some(part)
    })
}

/// How rows of one kind are added.
#[derive(Debug)]
pub struct Insert {
    /// `INSERT INTO table (columns)`, which rows follow.
    pub(super) head: String,
    /// The statement that adds one row.
    pub(super) one: String,
}

impl Insert {
    pub(crate) fn of<R: Record>() -> Self {
        let columns = R::insert_columns();
        let places: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
        let head = format!("INSERT INTO {} ({})", R::TABLE, columns.join(", "));
        Self { one: format!("{head} VALUES ({})", places.join(", ")), head }
    }
}

/// A struct that is a row of one table.
pub trait Record: Sized {
    /// The table.
    const TABLE: &'static str;
    /// The columns in order, separated by commas.
    const COLUMNS: &'static str;
    /// Number of columns.
    const WIDTH: usize;
    /// Reads one row selected with [`Record::COLUMNS`].
    fn from_row(row: Row) -> Result<Self, StoreError>;
    /// The values in the order of [`Record::COLUMNS`].
    fn values(&self) -> Vec<Value>;
    /// How rows are added; made once for each kind of row.
    fn insert_form() -> &'static Insert;
    /// The columns that it sets: [`Record::COLUMNS`], and `name_key` where there is one.
    fn insert_columns() -> Vec<&'static str>;

    /// The INSERT statement of one row.
    fn insert_text() -> &'static str {
        &Self::insert_form().one
    }

    /// The values in the order of [`Record::insert_columns`].
    fn insert_values(&self) -> Vec<Value> {
        let mut values = self.values();
        values.extend(self.name_key().map(|(_, key)| Value::Text(key)));
        values
    }
    /// The column whose key, as people see it, stands in the column `name_key` too, and that key; see
    /// [`crate::look_alikes`].
    fn name_key(&self) -> Option<(&'static str, String)> {
        None
    }

    /// Adds the row.
    fn insert(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.execute(Self::insert_text(), &self.insert_values())?;
        Ok(())
    }

    /// Adds all rows, many in one statement.
    fn insert_all(tx: &mut Tx<'_>, rows: &[Self]) -> Result<(), StoreError> {
        let rows: Vec<Vec<Value>> = rows.iter().map(Self::insert_values).collect();
        tx.insert_many(Self::insert_form(), &rows)
    }

    /// All rows for `rest`, which continues `SELECT columns FROM table`.
    fn select(tx: &mut Tx<'_>, rest: &str, params: &[Value]) -> Result<Vec<Self>, StoreError> {
        let rows = tx.query(&format!("SELECT {} FROM {} {rest}", Self::COLUMNS, Self::TABLE), params)?;
        rows.into_iter().map(Self::from_row).collect()
    }

    /// The first row for `rest`.
    fn select_opt(tx: &mut Tx<'_>, rest: &str, params: &[Value]) -> Result<Option<Self>, StoreError> {
        Ok(Self::select(tx, rest, params)?.into_iter().next())
    }

    /// The rows whose key, the first column, is one of `keys`, in no order; an unknown key has no row.
    fn with_keys(tx: &mut Tx<'_>, keys: Vec<String>) -> Result<Vec<Self>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let key = Self::COLUMNS.split(", ").next().unwrap_or("id");
        let mut conditions = Conditions::default();
        conditions.among(key, keys);
        Self::select(tx, &conditions.text(), conditions.values())
    }

    /// Replaces the row whose first column, the key, has the value of this one.
    fn update(&self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        let mut sets: Vec<String> =
            Self::COLUMNS.split(", ").enumerate().skip(1).map(|(n, column)| format!("{column} = ${}", n + 1)).collect();
        let mut values = self.values();
        if let Some((column, name_key)) = self.name_key() {
            let (at, last) =
                (Self::COLUMNS.split(", ").position(|one| one == column).unwrap_or(0) + 1, values.len() + 1);
            // A name that stays keeps its key: see `look_alikes::refresh`.
            sets.push(format!("name_key = CASE WHEN {column} = ${at} THEN name_key ELSE ${last} END"));
            values.push(Value::Text(name_key));
        }
        let key = Self::COLUMNS.split(", ").next().unwrap_or("id");
        tx.execute(&format!("UPDATE {} SET {} WHERE {key} = $1", Self::TABLE, sets.join(", ")), &values)
    }
}

/// Declares a struct that is a row: column names are field names. With `keyed by` the key of that field is stored too.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident in $table:literal $(keyed by $keyed:ident)? {
        $(#[$first_doc:meta])* $first:ident: $first_type:ty
        $(, $(#[$field_doc:meta])* $field:ident: $type:ty)* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $(#[$first_doc])* pub $first: $first_type,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $crate::db::Record for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static str = concat!(stringify!($first) $(, ", ", stringify!($field))*);
            const WIDTH: usize = 1 $(+ { let _ = stringify!($field); 1 })*;

            fn from_row(mut row: $crate::Row) -> Result<Self, $crate::StoreError> {
                let mut column = 0usize..;
                let mut next = || column.next().unwrap_or_default();
                Ok(Self {
                    $first: $crate::db::Column::read(&mut row, next())?,
                    $($field: $crate::db::Column::read(&mut row, next())?,)*
                })
            }

            fn insert_form() -> &'static $crate::db::Insert {
                static FORM: std::sync::OnceLock<$crate::db::Insert> = std::sync::OnceLock::new();
                FORM.get_or_init($crate::db::Insert::of::<Self>)
            }

            fn insert_columns() -> Vec<&'static str> {
                #[allow(unused_mut, reason = "only some kinds of rows are keyed")]
                let mut columns: Vec<&str> = Self::COLUMNS.split(", ").collect();
                $(columns.push({ let _ = stringify!($keyed); "name_key" });)?
                columns
            }

            $(fn name_key(&self) -> Option<(&'static str, String)> {
                Some((stringify!($keyed), stoker_domain::names::key(&self.$keyed)))
            })?

            fn values(&self) -> Vec<$crate::Value> {
                vec![
                    $crate::db::Column::write(&self.$first),
                    $($crate::db::Column::write(&self.$field),)*
                ]
            }
        }
    };
}
pub(crate) use record;

/// Conditions joined by AND, each with its values; `?` stands for the next value.
#[derive(Clone, Default)]
pub(crate) struct Conditions {
    clauses: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// Adds a condition; every `?` in it takes the next of `values`.
    pub(crate) fn and(&mut self, clause: &str, values: impl IntoIterator<Item = Value>) {
        let mut text = String::new();
        let mut values = values.into_iter();
        for part in clause.split_inclusive('?') {
            match (part.strip_suffix('?'), values.next()) {
                (Some(before), Some(value)) => {
                    self.values.push(value);
                    text.push_str(&format!("{before}${}", self.values.len()));
                }
                _ => text.push_str(part),
            }
        }
        self.clauses.push(text);
    }

    /// Adds the condition that `expression` is one of `texts`; however many there are, the statement stays the same.
    pub(crate) fn among(&mut self, expression: &str, texts: Vec<String>) {
        self.and(&format!("{expression} {{any_of}}?{{any_end}}"), [Value::Texts(texts)]);
    }

    /// Narrows by the beginning of a name, and by a part of it in which upper and lower case are alike.
    pub(crate) fn named(&mut self, prefix: Option<&str>, part: Option<&str>) {
        if let Some(prefix) = prefix {
            self.and("name LIKE ? ESCAPE '\\'", [Value::Text(format!("{}%", like_escaped(prefix)))]);
        }
        if let Some(part) = part {
            let holding = |text: &str| Value::Text(format!("%{}%", like_escaped(text)));
            // SQLite knows the lower case of ASCII alone; other letters are found as they were given.
            let text = "(name LIKE ? ESCAPE '\\' OR lower(name) LIKE ? ESCAPE '\\')";
            self.and(text, [holding(part), holding(&part.to_lowercase())]);
        }
    }

    /// These and those of `more`.
    pub(crate) fn with(mut self, more: Conditions) -> Conditions {
        let known = self.values.len();
        for clause in more.clauses {
            self.clauses.push(shifted(&clause, known));
        }
        self.values.extend(more.values);
        self
    }

    /// `WHERE ...`, or nothing.
    pub(crate) fn text(&self) -> String {
        if self.clauses.is_empty() { String::new() } else { format!("WHERE {}", self.clauses.join(" AND ")) }
    }

    /// The values so far.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    /// ` LIMIT .. OFFSET ..` with their values.
    pub(crate) fn paged(&self, limit: i64, offset: i64) -> (String, Vec<Value>) {
        let mut values = self.values.clone();
        values.push(Value::Int(limit));
        values.push(Value::Int(offset));
        (format!("LIMIT ${} OFFSET ${}", values.len() - 1, values.len()), values)
    }
}

/// A clause whose places `$1`, `$2`, ... are counted from `by` on.
fn shifted(clause: &str, by: usize) -> String {
    let mut parts = clause.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let number: usize = part[..digits].parse().unwrap_or_default();
        text.push_str(&format!("${}{}", number + by, &part[digits..]));
    }
    text
}

/// Condition that the JSON array of texts in `column` holds `text`, with its values. An element begins after `[` or after
/// a comma; inside an element no quote stands without a backslash, so nothing but a whole element fits.
pub(crate) fn holds_text(column: &str, text: &str) -> (String, [Value; 2]) {
    let element = like_escaped(&serde_json::Value::from(text).to_string());
    // Most rows hold nothing, and an index may hold only the others.
    let clause = format!("{column} <> '[]' AND ({column} LIKE ? ESCAPE '\\' OR {column} LIKE ? ESCAPE '\\')");
    (clause, [Value::Text(format!("[{element}%")), Value::Text(format!("%,{element}%"))])
}

/// Escapes `%`, `_` and `\` so that the text matches itself in a LIKE with `ESCAPE '\'`.
pub(crate) fn like_escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
