//! "Did you mean": the known name nearest to one that was not found.

/// Longest name that is compared, in characters; longer ones are no typing mistakes.
const MAX_NAME: usize = 80;

/// The candidate that the writer probably meant; letter case costs nothing.
pub(crate) fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lowered: Vec<char> = wanted.to_lowercase().chars().collect();
    if lowered.len() > MAX_NAME {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.to_lowercase().chars().collect();
        if letters.is_empty() || candidate == wanted || letters.len().abs_diff(lowered.len()) > 3 {
            continue;
        }
        let cost = edits(&lowered, &letters);
        let near = cost <= (letters.len() / 3).max(1) && cost < letters.len();
        if near && best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.to_owned())
}

/// `; did you mean ...?` to put behind a message, or nothing.
pub(crate) fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// Letters to insert, drop, replace or swap with their neighbour.
fn edits(from: &[char], to: &[char]) -> usize {
    let width = to.len() + 1;
    let mut table = vec![0usize; (from.len() + 1) * width];
    for row in 0..=from.len() {
        for column in 0..=to.len() {
            table[row * width + column] = if row == 0 || column == 0 {
                row + column
            } else {
                let differs = usize::from(from[row - 1] != to[column - 1]);
                let mut least = (table[(row - 1) * width + column] + 1)
                    .min(table[row * width + column - 1] + 1)
                    .min(table[(row - 1) * width + column - 1] + differs);
                if row > 1 && column > 1 && from[row - 1] == to[column - 2] && from[row - 2] == to[column - 1] {
                    least = least.min(table[(row - 2) * width + column - 2] + 1);
                }
                least
            };
        }
    }
    table[from.len() * width + to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_near_enough_are_offered_and_no_others() {
        let names = ["timestamp", "base64", "substring", "string"];
        assert_eq!(nearest("timstamp", names).as_deref(), Some("timestamp"));
        assert_eq!(nearest("BASE46", names).as_deref(), Some("base64"));
        assert_eq!(nearest("subtsring", names).as_deref(), Some("substring"));
        assert_eq!(nearest("completely", names), None);
        assert_eq!(hint(None), "");
    }
}
