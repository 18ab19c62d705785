//! The plans of the statements that tests run: one that reads a whole table is an error, unless `$walk` in it says
//! that it may. So no statement is forgotten that any test of a keeper runs.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::DatabaseError;

/// Databases whose statements are looked at, by path or name.
static WATCHED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
/// What is wrong with the plans of statements, if anything.
static KNOWN: LazyLock<Mutex<HashMap<String, Option<String>>>> = LazyLock::new(Mutex::default);

/// Looks at the plans of all that is asked of a database from now on.
pub(crate) fn watch(database: &str) {
    locked(&WATCHED).insert(database.to_owned());
}

/// Whether the plans of what is asked of a database are looked at.
pub(crate) fn is_watched(database: &str) -> bool {
    locked(&WATCHED).contains(database)
}

/// Refuses a statement whose plan was found wanting; none if its plan is not known yet.
pub(crate) fn known(text: &str) -> Option<Result<(), DatabaseError>> {
    let known = locked(&KNOWN).get(text).cloned()?;
    Some(known.map_or(Ok(()), |problem| Err(DatabaseError::Sql(Arc::new(io::Error::other(problem))))))
}

/// Whether a statement has a plan, and must not read a whole table.
pub(crate) fn is_planned(text: &str) -> bool {
    ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].iter().any(|verb| text.trim_start().starts_with(verb))
}

/// Remembers the plan of a statement, as SQLite explains it; refuses it when it reads a whole table.
pub(crate) fn of_sqlite(text: &str, steps: &[String]) -> Result<(), DatabaseError> {
    let walks = |step: &&String| {
        let scanned = step.strip_prefix("SCAN ");
        let is_given = |what: &str| {
            what.starts_with("(subquery") || what.ends_with("CONSTANT ROW") || what.ends_with("VALUES CLAUSE")
        };
        scanned.is_some_and(|what| !is_given(what)) || step.contains(" USING AUTOMATIC ")
    };
    remember(text, steps, steps.iter().find(walks))
}

/// Remembers the plan of a statement, as PostgreSQL explains it where it reads a whole table only if it must. Which
/// index it then takes for a few rows, it says by itself: a bitmap may be of all rows of a partial one.
pub(crate) fn of_postgres(text: &str, steps: &[String]) -> Result<(), DatabaseError> {
    let whole = steps.iter().enumerate().find(|(at, step)| {
        let mut details = steps.iter().skip(at + 1).take_while(|step| !step.contains("->"));
        let in_order = step.contains("Index Scan using") || step.contains("Index Only Scan using");
        step.contains("Seq Scan") || (in_order && !details.any(|detail| detail.contains("Index Cond:")))
    });
    remember(text, steps, whole.map(|(_, step)| step))
}

fn remember(text: &str, steps: &[String], whole: Option<&String>) -> Result<(), DatabaseError> {
    let problem = whole.map(|step| {
        format!("this statement reads a whole table ({}):\n{text}\n{}", step.trim(), steps.join("\n"))
    });
    if let Some(problem) = &problem {
        // Keepers tell their peers nothing of it.
        eprintln!("{problem}");
    }
    locked(&KNOWN).insert(text.to_owned(), problem);
    known(text).unwrap_or(Ok(()))
}

fn locked<T>(shared: &'static LazyLock<Mutex<T>>) -> MutexGuard<'static, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
