//! Promotions from one environment to another.

use crate::transport::segment;
use crate::{Client, ClientError, NewPromotion, Promotion, PromotionReport, StartPromotion};
use reqwest::StatusCode;
use serde::Deserialize;

const SEE: &str = "TMC_PIPELINE_MANAGEMENT or TMC_PROMOTION_EXECUTION";
const MANAGE: &str = "TMC_PIPELINE_MANAGEMENT";

/// The answer to a start, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    execution_report: PromotionReport,
}

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses.
impl Client {
    /// All promotions one may see.
    pub async fn promotions(&self) -> Result<Vec<Promotion>, ClientError> {
        self.get("/orchestration/executables/promotions").needs(SEE).read().await
    }

    /// Makes a promotion.
    pub async fn create_promotion(&self, new: &NewPromotion) -> Result<Promotion, ClientError> {
        self.post("/orchestration/executables/promotions").needs(MANAGE).json(new).read().await
    }

    /// Removes a promotion; reports of its runs stay.
    pub async fn delete_promotion(&self, id: &str) -> Result<(), ClientError> {
        let path = format!("/orchestration/executables/promotions/{}", segment(id));
        self.delete(path).needs(MANAGE).done().await.map(drop)
    }

    /// What a promotion of everything would do now; nothing is changed.
    pub async fn analyze_promotion(&self, id: &str) -> Result<PromotionReport, ClientError> {
        let path = format!("/orchestration/executables/promotions/{}", segment(id));
        self.post(path).needs(SEE).json(&serde_json::json!({})).read().await
    }

    /// Runs a promotion. `None` when it goes on after the time that the server gives such a call, about 20 seconds: the
    /// contract has no id of the run for that case. A failed one is an error, and nothing was promoted.
    pub async fn start_promotion(&self, start: &StartPromotion) -> Result<Option<PromotionReport>, ClientError> {
        let call = self.post("/processing/executions/promotions").needs(SEE).json(start);
        let started: Option<Started> = call.read_unless(StatusCode::ACCEPTED).await?;
        Ok(started.map(|started| started.execution_report))
    }

    /// What came of the run of a promotion so far.
    pub async fn promotion_report(&self, run: &str) -> Result<PromotionReport, ClientError> {
        self.get(format!("/processing/executions/promotions/{}", segment(run))).needs(SEE).read().await
    }
}
