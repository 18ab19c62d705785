//! How values travel to a server and back.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgRow, PgTypeInfo};
use sqlx::{Decode, Encode, Postgres, Row as _, Type, TypeInfo, ValueRef};

use crate::{Row, Value};

/// A value of a statement.
pub(super) struct Parameter(pub(super) Value);

/// Of any type: the server finds out which.
const ANY: PgTypeInfo = PgTypeInfo::with_oid(Oid(0));

impl Type<Postgres> for Parameter {
    fn type_info() -> PgTypeInfo {
        ANY
    }
}

impl Encode<'_, Postgres> for Parameter {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match &self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) => Encode::<Postgres>::encode_by_ref(number, buffer),
            Value::Text(text) => Encode::<Postgres>::encode_by_ref(text, buffer),
            Value::Bytes(bytes) => Encode::<Postgres>::encode_by_ref(bytes, buffer),
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(match &self.0 {
            Value::Null => ANY,
            Value::Integer(_) => <i64 as Type<Postgres>>::type_info(),
            Value::Text(_) => <String as Type<Postgres>>::type_info(),
            Value::Bytes(_) => <Vec<u8> as Type<Postgres>>::type_info(),
        })
    }
}

pub(super) fn row(row: &PgRow) -> Result<Row, sqlx::Error> {
    let values: Result<Vec<Value>, sqlx::Error> = (0..row.len()).map(|column| value(row, column)).collect();
    Ok(values?.into())
}

/// A value of a row. What we never store (fractions, times) arrives as bytes, which is not what is asked for.
fn value(row: &PgRow, column: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let decoded = match raw.type_info().name() {
        "INT8" => <i64 as Decode<Postgres>>::decode(raw).map(Value::Integer),
        "INT4" => <i32 as Decode<Postgres>>::decode(raw).map(|number| Value::Integer(number.into())),
        "TEXT" | "VARCHAR" | "NAME" => <String as Decode<Postgres>>::decode(raw).map(Value::Text),
        _ => raw.as_bytes().map(|bytes| Value::Bytes(bytes.to_vec())),
    };
    decoded.map_err(sqlx::Error::Decode)
}
