//! The few words that differ between the databases. They stand in braces in a statement:
//!
//! | Word | PostgreSQL | SQLite |
//! |---|---|---|
//! | `{lock}` | `FOR UPDATE` | nothing: there is one writer |
//! | `{share}` | `FOR SHARE` | nothing |
//! | `{skip_locked}` | `FOR UPDATE SKIP LOCKED` | nothing |
//! | `{blob}` | `BYTEA` | `BLOB` |
//! | `{clustered}` | nothing | `WITHOUT ROWID` |
//! | `{bytes}` | `COLLATE "C"` | nothing: texts are ordered by their bytes |
//! | `{any_of}` | `= ANY(` | `IN (SELECT value FROM json_each(` |
//! | `{any_end}` | `)` | `))` |

use std::borrow::Cow;

const WORDS: [(&str, &str, &str); 8] = [
    ("{lock}", "FOR UPDATE", ""),
    ("{share}", "FOR SHARE", ""),
    ("{skip_locked}", "FOR UPDATE SKIP LOCKED", ""),
    ("{blob}", "BYTEA", "BLOB"),
    ("{clustered}", "", "WITHOUT ROWID"),
    ("{bytes}", "COLLATE \"C\"", ""),
    ("{any_of}", "= ANY(", "IN (SELECT value FROM json_each("),
    ("{any_end}", ")", "))"),
];

/// The statement in PostgreSQL's words.
pub fn postgres(sql: &str) -> Cow<'_, str> {
    replaced(sql, |word| word.1)
}

/// The statement in SQLite's words; `$1` becomes `?1`, which SQLite counts by number and not by first appearance.
pub fn sqlite(sql: &str) -> String {
    // This runs for every statement: bytes, because both signs are one byte long in UTF-8.
    let mut bytes = replaced(sql, |word| word.2).into_owned().into_bytes();
    bytes.iter_mut().filter(|byte| **byte == b'$').for_each(|byte| *byte = b'?');
    String::from_utf8(bytes).unwrap_or_else(|_| sql.replace('$', "?"))
}

fn replaced<'a>(sql: &'a str, pick: fn(&(&'static str, &'static str, &'static str)) -> &'static str) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(sql);
    if sql.contains('{') {
        for word in &WORDS {
            if text.contains(word.0) {
                text = Cow::Owned(text.replace(word.0, pick(word)));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_replaced() {
        let sql = "SELECT id FROM t WHERE a = $2 AND b = $1 {skip_locked}";
        assert_eq!(super::postgres(sql), "SELECT id FROM t WHERE a = $2 AND b = $1 FOR UPDATE SKIP LOCKED");
        assert_eq!(super::sqlite(sql), "SELECT id FROM t WHERE a = ?2 AND b = ?1 ");
    }
}
