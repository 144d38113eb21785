//! What tables and columns there are, asked of the database itself.

use super::{StoreError, Tx};

const SQLITE_TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' \
                             ORDER BY name";
const POSTGRES_TABLES: &str = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = \
                               current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name::text COLLATE \"C\"";
const SQLITE_TEXTS: &str = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                            WHERE m.type = 'table' AND c.type = 'TEXT' ORDER BY m.name, c.name";
const POSTGRES_TEXTS: &str = "SELECT table_name::text, column_name::text FROM information_schema.columns \
                              WHERE table_schema = current_schema() AND data_type = 'text' ORDER BY 1, 2";
const POSTGRES_COLUMNS: &str = "SELECT column_name::text FROM information_schema.columns \
                                WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER' \
                                ORDER BY ordinal_position";

impl Tx<'_> {
    /// `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        self.link.kind()
    }

    fn either(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        if self.kind() == "sqlite" { sqlite } else { postgres }
    }

    /// Names of all tables of ours.
    pub fn tables(&mut self) -> Result<Vec<String>, StoreError> {
        let sql = self.either(SQLITE_TABLES, POSTGRES_TABLES);
        self.query(sql, &[])?.iter().map(|row| row.text(0)).collect()
    }

    /// Names of the columns of a table, in their order, but of those that the database works out itself.
    pub fn columns(&mut self, table: &str) -> Result<Vec<String>, StoreError> {
        let sql = self.either("SELECT name FROM pragma_table_info($1) ORDER BY cid", POSTGRES_COLUMNS);
        self.query(sql, &[table.into()])?.iter().map(|row| row.text(0)).collect()
    }

    /// Table and column of every text.
    pub fn text_columns(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        let sql = self.either(SQLITE_TEXTS, POSTGRES_TEXTS);
        self.query(sql, &[])?.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }
}
