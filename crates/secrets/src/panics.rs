//! What a program may say of a panic: where it happened and the words that stand in the source there. Whatever was put into
//! the words while it ran may be a secret: an error that repeats its input, a value in an assertion.

use std::any::Any;
use std::panic::Location;

/// The line for the log, from the payload of a panic and the place where it happened.
pub fn told(payload: &(dyn Any + Send), place: Option<&Location<'_>>, thread: Option<&str>) -> String {
    // A message without values is a text of the program; one with values was written into a text of its own.
    let words =
        payload.downcast_ref::<&'static str>().copied().unwrap_or("(its message is not shown: it holds values)");
    let thread = thread.unwrap_or("without a name");
    match place {
        Some(place) => format!("a thread ({thread}) panicked at {place}: {words}"),
        None => format!("a thread ({thread}) panicked: {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(f: impl FnOnce() + std::panic::UnwindSafe) -> Box<dyn Any + Send> {
        std::panic::catch_unwind(f).expect_err("it panics")
    }

    #[test]
    fn values_in_a_panic_are_not_shown() {
        let secret = String::from("correct horse");
        let copy = secret.clone();
        let formatted = payload(move || panic!("cannot use {copy}"));
        let text = secret.clone();
        let unwrapped = payload(move || std::hint::black_box(Err::<(), _>(text)).unwrap());
        let text = secret.clone();
        let compared = payload(move || assert_eq!(text, "another"));
        let own = secret.clone();
        let thrown = payload(move || std::panic::panic_any(own));
        for payload in [formatted, unwrapped, compared, thrown] {
            let line = told(&*payload, Some(Location::caller()), Some("main"));
            assert!(!line.contains("correct") && line.contains("panics.rs"), "{line}");
        }
    }

    #[test]
    fn words_of_the_source_are_shown() {
        let line = told(&*payload(|| panic!("the queue has no end")), None, None);
        assert_eq!(line, "a thread (without a name) panicked: the queue has no end");
        let line = told(&*payload(|| drop(std::hint::black_box(None::<String>).unwrap())), None, Some("worker"));
        assert!(line.contains("worker") && line.contains("None"), "{line}");
    }
}
