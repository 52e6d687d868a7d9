//! The rows of one provider object in its SQLite database.

use serde::Deserialize;
use worker::{Error, SqlStorage, SqlStorageValue};

use crate::ledger::rows::{Rows, Writes};

/// Schema steps, oldest first. A step that has been released is never edited.
const MIGRATIONS: [&str; 1] = [include_str!("../../migrations/0001_ledger.sql")];

#[derive(Deserialize)]
struct Version {
    version: usize,
}

#[derive(Deserialize)]
struct LedgerRow {
    state: String,
}

#[derive(Deserialize)]
struct HealthRow {
    target: String,
    state: String,
}

#[derive(Deserialize)]
struct SettledRow {
    id: String,
    granted_at: f64,
}

/// Brings the schema up to date. All of it runs in one turn, and so in one transaction.
pub(super) fn migrate(sql: &SqlStorage) -> Result<(), Error> {
    sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT", None)?;
    let applied: Vec<Version> = sql
        .exec("SELECT max(version) AS version FROM schema_version HAVING count(*) > 0", None)?
        .to_array()?;
    let applied = applied.first().map_or(0, |row| row.version);
    for (index, step) in MIGRATIONS.iter().enumerate().skip(applied) {
        sql.exec(step, None)?;
        let version = i64::try_from(index + 1).unwrap_or(i64::MAX);
        sql.exec("INSERT INTO schema_version (version) VALUES (?)", vec![SqlStorageValue::Integer(version)])?;
    }
    Ok(())
}

/// Whether anything was ever stored here. Reads only.
pub(super) fn is_used(sql: &SqlStorage) -> Result<bool, Error> {
    let tables = "SELECT count(*) AS version FROM sqlite_master WHERE name = 'schema_version'";
    let found: Vec<Version> = sql.exec(tables, None)?.to_array()?;
    Ok(found.first().is_some_and(|row| row.version > 0))
}

pub(super) fn load(sql: &SqlStorage) -> Result<Rows, Error> {
    let ledger: Vec<LedgerRow> = sql.exec("SELECT state FROM ledger WHERE id = 1", None)?.to_array()?;
    let health: Vec<HealthRow> = sql.exec("SELECT target, state FROM health", None)?.to_array()?;
    let settled: Vec<SettledRow> = sql.exec("SELECT id, granted_at FROM settled", None)?.to_array()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ms since 1970, whole")]
    let at = |row: &SettledRow| row.granted_at as u64;
    Ok(Rows {
        ledger: ledger.into_iter().next().map(|row| row.state),
        health: health.into_iter().map(|row| (row.target, row.state)).collect(),
        settled: settled.into_iter().map(|row| (row.id.clone(), at(&row))).collect(),
    })
}

/// Writes rows. The statements follow one another without an await: the runtime commits them together,
/// and holds every reply back until they are on disk. How many rows that was.
pub(super) fn write(sql: &SqlStorage, writes: &Writes) -> Result<usize, Error> {
    let mut written = 0;
    let mut run = |statement: &str, values: Vec<SqlStorageValue>| -> Result<(), Error> {
        written += sql.exec(statement, values)?.rows_written();
        Ok(())
    };
    let text = |value: &str| SqlStorageValue::String(value.to_owned());
    if let Some(state) = &writes.ledger {
        run(
            "INSERT INTO ledger (id, state) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state",
            vec![text(state)],
        )?;
    }
    for (target, state) in &writes.health {
        match state {
            Some(state) => run(
                "INSERT OR REPLACE INTO health (target, state) VALUES (?, ?)",
                vec![text(target), text(state)],
            )?,
            None => run("DELETE FROM health WHERE target = ?", vec![text(target)])?,
        }
    }
    for (id, at) in &writes.settled {
        match at {
            Some(at) => {
                let at = SqlStorageValue::try_from_i64(i64::try_from(*at).unwrap_or(i64::MAX))?;
                run("INSERT OR REPLACE INTO settled (id, granted_at) VALUES (?, ?)", vec![text(id), at])?;
            }
            None => run("DELETE FROM settled WHERE id = ?", vec![text(id)])?,
        }
    }
    Ok(written)
}
