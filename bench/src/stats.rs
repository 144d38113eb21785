//! Quantiles.

use std::time::Duration;

/// Times of one measurement, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Sorts them; there must be at least one for the quantiles to mean anything.
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The smallest time that at least `share` of all do not exceed; `share` from 0 to 1. Zero when there is none.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        let index = rank.clamp(1, self.0.len().max(1)) - 1;
        self.0.get(index).copied().unwrap_or_default()
    }

    /// `p50 1.23, p95 2.34 ms` for these shares.
    pub(crate) fn text(&self, shares: &[f64]) -> String {
        let parts: Vec<String> =
            shares.iter().map(|share| format!("p{:.0} {}", share * 100.0, millis(self.quantile(*share)))).collect();
        format!("{} ms", parts.join(", "))
    }
}

/// Milliseconds with as many digits as matter.
pub(crate) fn millis(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    match ms {
        _ if ms < 10.0 => format!("{ms:.2}"),
        _ if ms < 100.0 => format!("{ms:.1}"),
        _ => format!("{ms:.0}"),
    }
}

/// How many of something in a second.
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let times = Times::new((1..=100).rev().map(ms).collect());
        assert_eq!(times.quantile(0.5), ms(50));
        assert_eq!(times.quantile(0.95), ms(95));
        assert_eq!(times.quantile(1.0), ms(100));
        assert_eq!(times.quantile(0.0), ms(1));
        assert_eq!(Times::new(vec![ms(7)]).quantile(0.99), ms(7));
        assert_eq!(Times::new(Vec::new()).quantile(0.5), ms(0));
    }

    #[test]
    fn times_are_written_with_the_digits_that_matter() {
        assert_eq!(millis(Duration::from_micros(1234)), "1.23");
        assert_eq!(millis(Duration::from_micros(12_345)), "12.3");
        assert_eq!(millis(ms(1234)), "1234");
        assert_eq!(Times::new(vec![ms(1), ms(2)]).text(&[0.5, 0.95]), "p50 1.00, p95 2.00 ms");
    }

    #[test]
    fn a_rate_is_per_second() {
        assert!((rate(500, ms(250)) - 2000.0).abs() < 1e-6);
    }
}
