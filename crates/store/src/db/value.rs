//! Values and rows, the same for both databases.

use super::StoreError;

/// One value of a statement or a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// BIGINT; also instants in milliseconds and booleans as 0 and 1.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BLOB or BYTEA.
    Blob(Vec<u8>),
    /// Several texts for one place of a statement, see [`super::record::Conditions::among`]; never in a row.
    Texts(Vec<String>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Int(i64::from(value))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Value::Text(value.clone())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}
impl From<Vec<String>> for Value {
    fn from(value: Vec<String>) -> Self {
        Value::Texts(value)
    }
}
impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Blob(value)
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

macro_rules! from_id {
    ($($name:ident),+) => { $(
        impl From<&stoker_domain::ids::$name> for Value {
            fn from(value: &stoker_domain::ids::$name) -> Self {
                Value::Text(value.as_str().to_owned())
            }
        }
    )+ };
}
from_id!(
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

/// One row of an answer; columns by position.
#[derive(Clone, Debug)]
pub struct Row(pub(super) Vec<Value>);

impl Row {
    fn at(&self, column: usize, wanted: &'static str) -> Result<&Value, StoreError> {
        self.0.get(column).ok_or(StoreError::Shape { column, wanted })
    }

    /// Moves a value out; a NULL stays behind.
    pub(super) fn take(&mut self, column: usize) -> Result<Value, StoreError> {
        let value = self.0.get_mut(column).ok_or(StoreError::Shape { column, wanted: "a value" })?;
        Ok(std::mem::replace(value, Value::Null))
    }

    /// A text that is never NULL.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or(StoreError::Shape { column, wanted: "a text" })
    }

    /// A text that is never NULL, where it stands.
    pub(super) fn str(&self, column: usize) -> Result<&str, StoreError> {
        match self.at(column, "a text")? {
            Value::Text(text) => Ok(text),
            _ => Err(StoreError::Shape { column, wanted: "a text" }),
        }
    }

    /// A text or NULL.
    pub fn opt_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        match self.at(column, "a text")? {
            Value::Text(text) => Ok(Some(text.clone())),
            Value::Null => Ok(None),
            _ => Err(StoreError::Shape { column, wanted: "a text" }),
        }
    }

    /// A number that is never NULL.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or(StoreError::Shape { column, wanted: "a number" })
    }

    /// A number or NULL.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.at(column, "a number")? {
            Value::Int(number) => Ok(Some(*number)),
            Value::Null => Ok(None),
            _ => Err(StoreError::Shape { column, wanted: "a number" }),
        }
    }

    /// A boolean.
    pub fn bool(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// Bytes that are never NULL.
    pub fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.opt_blob(column)?.ok_or(StoreError::Shape { column, wanted: "bytes" })
    }

    /// Bytes or NULL.
    pub fn opt_blob(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        match self.at(column, "bytes")? {
            Value::Blob(bytes) => Ok(Some(bytes.clone())),
            Value::Null => Ok(None),
            _ => Err(StoreError::Shape { column, wanted: "bytes" }),
        }
    }

    /// Whether the column is NULL.
    pub fn is_null(&self, column: usize) -> Result<bool, StoreError> {
        Ok(*self.at(column, "a value")? == Value::Null)
    }
}
