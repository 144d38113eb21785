//! Small pieces of English.

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn and(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// `1 day`, `2 days`; for words that only take an `s`.
pub(crate) fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// `every day`, `every 2 days`.
pub(crate) fn every(interval: u32, word: &str) -> String {
    if interval == 1 { format!("every {word}") } else { format!("every {interval} {word}s") }
}

/// `first` to `fifth`.
pub(crate) fn ordinal(number: u8) -> &'static str {
    match number {
        1 => "first",
        2 => "second",
        3 => "third",
        4 => "fourth",
        _ => "fifth",
    }
}

/// Names of the weekdays, Sunday first.
pub(crate) const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Names of the months.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Weekdays in words, beginning the week on Monday; `days` has bit 1 for Sunday to bit 7 for Saturday.
pub(crate) fn weekdays(days: u8) -> String {
    let monday_first: Vec<usize> = [2, 3, 4, 5, 6, 7, 1].into_iter().filter(|day| days & (1 << day) != 0).collect();
    let name = |day: usize| WEEKDAYS[day - 1].to_owned();
    let place = |day: usize| (day + 5) % 7;
    let run = monday_first.len() > 2 && monday_first.windows(2).all(|pair| place(pair[1]) == place(pair[0]) + 1);
    match (run, monday_first.first(), monday_first.last()) {
        (true, Some(&first), Some(&last)) => format!("{} to {}", name(first), name(last)),
        _ => and(&monday_first.into_iter().map(name).collect::<Vec<_>>()),
    }
}
