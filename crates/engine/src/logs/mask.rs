//! Secret values never leave the machine in a log line.

use memchr::memmem::Finder;

/// What stands in the place of a secret (source: inferred).
const STARS: &[u8] = b"******";
/// Shorter secrets would hide half of every log.
const MIN_CHARS: usize = 3;

/// Hides the secrets of one run.
#[derive(Default)]
pub(crate) struct Mask {
    finders: Vec<Finder<'static>>,
    longest: usize,
}

/// Secrets never show.
impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mask").field("secrets", &self.finders.len()).finish()
    }
}

impl Mask {
    /// Hides these values, each line of them for itself, as log lines hold no line ends.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let lines = secrets.into_iter().flat_map(|secret| secret.split(['\n', '\r']));
        let mut lines: Vec<&str> =
            lines.filter(|line| line.chars().count() >= MIN_CHARS && !line.trim().is_empty()).collect();
        lines.sort_unstable();
        lines.dedup();
        Self {
            longest: lines.iter().map(|line| line.len()).max().unwrap_or_default(),
            finders: lines.into_iter().map(|line| Finder::new(line).into_owned()).collect(),
        }
    }

    /// Length of the longest secret line in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// The text of a line with every secret hidden, also where they overlap. Bytes that are no UTF-8 become U+FFFD.
    pub(crate) fn text(&self, line: &[u8]) -> String {
        let spans = self.spans(line);
        if spans.is_empty() {
            return String::from_utf8_lossy(line).into_owned();
        }
        let mut bytes = Vec::with_capacity(line.len());
        let mut from = 0;
        for (start, end) in spans {
            bytes.extend_from_slice(&line[from..start]);
            bytes.extend_from_slice(STARS);
            from = end;
        }
        bytes.extend_from_slice(&line[from..]);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A place near `at`, not behind it unless it must be, where no secret is cut in two. Never 0.
    pub(crate) fn safe_cut(&self, line: &[u8], at: usize) -> usize {
        let at = at.clamp(1, line.len().max(1));
        let mut cut = at;
        while let Some((start, _)) = self.crossing(line, cut) {
            cut = start;
        }
        if cut > 0 {
            return cut;
        }
        // Secrets overlap one another from the very start: go forward instead.
        cut = at;
        while let Some((_, end)) = self.crossing(line, cut) {
            cut = end;
        }
        cut
    }

    /// Start and end of the secrets that lie across this place.
    fn crossing(&self, line: &[u8], at: usize) -> Option<(usize, usize)> {
        let from = at.saturating_sub(self.longest);
        let window = &line[from..(at + self.longest).min(line.len())];
        let across = self.all_spans(window).into_iter().map(|(start, end)| (start + from, end + from));
        let across = across.filter(|(start, end)| *start < at && at < *end);
        across.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    fn all_spans(&self, line: &[u8]) -> Vec<(usize, usize)> {
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for finder in &self.finders {
            let length = finder.needle().len();
            let mut from = 0;
            while let Some(found) = finder.find(&line[from..]) {
                spans.push((from + found, from + found + length));
                from += found + 1;
            }
        }
        spans
    }

    /// Where secrets are, in order and merged where they overlap.
    fn spans(&self, line: &[u8]) -> Vec<(usize, usize)> {
        let mut spans = self.all_spans(line);
        spans.sort_unstable();
        let mut merged: Vec<(usize, usize)> = Vec::with_capacity(spans.len());
        for (start, end) in spans {
            match merged.last_mut() {
                Some(last) if start < last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn secrets_of_any_form_are_hidden() {
        let mask = Mask::new(["a.c*[x](", "first line\nsecond line\r\nab", "pässwörd", "no", "   "]);
        assert_eq!(mask.text(b"is a.c*[x]( but abc"), "is ****** but abc");
        assert_eq!(mask.text("first line pässwörd; second line ab no".as_bytes()), "****** ******; ****** ab no");
        assert_eq!(mask.text(b"a   b \xFF"), "a   b \u{FFFD}");
    }

    #[test]
    fn overlapping_secrets_leave_nothing_over() {
        let mask = Mask::new(["abcd", "cdef", "aaa"]);
        assert_eq!(mask.text(b"xabcdefx"), "x******x");
        assert_eq!(mask.text(b"-aaaaa-"), "-******-");
    }

    proptest! {
        #[test]
        fn no_secret_survives(secrets in proptest::collection::vec("[abc.]{3,6}", 1..4), line in "[abc. ]{0,60}") {
            let text = Mask::new(secrets.iter().map(String::as_str)).text(line.as_bytes());
            for secret in &secrets {
                prop_assert!(!text.contains(secret.as_str()), "{text}");
            }
        }

        #[test]
        fn a_cut_never_divides_a_secret(secrets in proptest::collection::vec("[ab]{3,6}", 1..4), line in "[ab]{1,40}", at in 1..40usize) {
            let mask = Mask::new(secrets.iter().map(String::as_str));
            let cut = mask.safe_cut(line.as_bytes(), at);
            prop_assert!(cut > 0);
            let spans = mask.all_spans(line.as_bytes());
            prop_assert!(spans.iter().all(|(start, end)| cut <= *start || *end <= cut), "{cut} in {spans:?}");
        }
    }
}
