//! Promotions from one environment to another.

use super::Extra;
use super::places::Environment;
use serde::{Deserialize, Serialize};

/// A promotion: from where to where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    /// 24 hexadecimal digits.
    pub executable: String,
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is copied from.
    #[serde(default)]
    pub source_environment: Environment,
    /// What is copied to.
    #[serde(default)]
    pub target_environment: Environment,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Asks for a new promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPromotion {
    /// Id of the environment to copy from.
    pub source_environment_id: String,
    /// Id of the environment to copy to.
    pub target_environment_id: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Starts a promotion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartPromotion {
    /// Id of the promotion.
    pub executable: String,
    /// Leave connections and resources of the target as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_target_resources: Option<bool>,
    /// Leave run profiles of the target as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_target_run_profiles: Option<bool>,
    /// What to promote; everything without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advanced: Option<PromotedPart>,
}

/// One object of the source environment that is promoted with all it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PromotedPart {
    /// Its id.
    pub artifact_id: String,
    /// `WORKSPACE`, `PLAN`, `FLOW` (a task) or `ACTION` (an artifact).
    pub artifact_type: String,
}

/// What came of a promotion, or what would come of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PromotionReport {
    /// Id of the run.
    #[serde(default)]
    pub execution_id: String,
    /// `ANALIZED` (sic), `PROMOTION_STARTED`, `PROMOTED`, `PROMOTION_WARNING` or `PROMOTION_FAILED`.
    #[serde(default)]
    pub status: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// Workspaces with what is in them, each object with its reports.
    #[serde(default)]
    pub workspaces: Vec<serde_json::Value>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl PromotionReport {
    /// Whether it is still at work.
    pub fn is_running(&self) -> bool {
        self.status == "PROMOTION_STARTED"
    }

    /// Whether it ended without a failure; warnings are no failure.
    pub fn is_done(&self) -> bool {
        matches!(self.status.as_str(), "PROMOTED" | "PROMOTION_WARNING" | "ANALIZED")
    }
}
