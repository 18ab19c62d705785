//! Reading: statements on one unchanging view of the database.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::session::Session;
use crate::statement::Statement;
use crate::{DatabaseError, Row, Value};

/// How many values one statement asks for at once; longer lists take several statements.
const LIST: usize = 256;

/// A view of the database: every statement sees the same commits.
pub struct Reader {
    pub(crate) session: Session,
}

impl Reader {
    /// The rows that `statement` finds.
    pub fn rows(
        &mut self,
        statement: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) -> BoxFuture<'_, Result<Vec<Row>, DatabaseError>> {
        // Boxed, here and below, so that the future holds values and not the caller's iterator.
        self.session.rows(Statement::plain(statement), values.into_iter().collect()).boxed()
    }

    /// The first row that `statement` finds.
    pub fn row(
        &mut self,
        statement: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) -> BoxFuture<'_, Result<Option<Row>, DatabaseError>> {
        let rows = self.rows(statement, values);
        async { Ok(rows.await?.into_iter().next()) }.boxed()
    }

    /// The rows that `statement` finds when `$list` in it stands for any of `list`; the fixed `values`
    /// are its `$1`, `$2` and so on.
    pub fn rows_among(
        &mut self,
        statement: &'static str,
        values: impl IntoIterator<Item = Value>,
        list: impl IntoIterator<Item = Value>,
    ) -> BoxFuture<'_, Result<Vec<Row>, DatabaseError>> {
        let values: Vec<Value> = values.into_iter().collect();
        let list: Vec<Value> = list.into_iter().collect();
        async move {
            let mut found = Vec::new();
            for part in list.chunks(LIST) {
                // Few different lengths, so that prepared statements are found again.
                let width = part.len().next_power_of_two();
                let padding = part.last().into_iter().cycle().take(width - part.len());
                let all = values.iter().chain(part).chain(padding).cloned().collect();
                let statement = Statement::with_list(statement, values.len(), width);
                found.append(&mut self.session.rows(statement, all).await?);
            }
            Ok(found)
        }
        .boxed()
    }
}
