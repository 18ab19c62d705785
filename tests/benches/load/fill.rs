//! Fills the registry of a node that does not run: rows that the node wrote itself are repeated in SQL, with other
//! patients, keys and ids. What stays is what is inside the fragments: there, copies name the ids of their originals.

use std::path::Path;

use rusqlite::Connection;

/// Safe only because the whole file is thrown away when something fails.
const SETTINGS: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1048576; \
     PRAGMA temp_store = FILE; PRAGMA foreign_keys = OFF;";

/// Tables whose rows are repeated, with the column that they are sorted by so that pages are written once.
const TABLES: [(&str, &str); 4] =
    [("patient", "no"), ("entry_uuid", "uuid"), ("unique_id", "value"), ("object", "")];

/// Copies that are made and sorted at a time.
const BATCH: usize = 100;

/// How a column of the copy numbered `k` follows from the original.
fn copied(column: &str, patients: i64) -> String {
    match column {
        "no" => format!("no + k * {patients}"),
        "id" => format!("printf('P%07d', CAST(substr(id, 2) AS INTEGER) + k * {patients})"),
        "key" | "object" | "source" | "target" => format!("{column} + ((k * {patients}) << 24)"),
        "uuid" | "lid" => format!("CAST(substr({column}, 1, 12) || unhex(printf('%08x', k)) AS BLOB)"),
        // A point where no original has one, so that no copy is another's original.
        "unique_id" | "value" => format!("substr({column}, 1, 35) || printf('.1%06d', k)"),
        same => same.to_owned(),
    }
}

/// Repeats all that is registered so many times.
pub(crate) fn fill(file: &Path, times: usize) {
    let connection = Connection::open(file).unwrap();
    connection.execute_batch(SETTINGS).unwrap();
    let run = |statement: &str| connection.execute_batch(statement).unwrap();
    let patients: i64 = connection.query_row("SELECT MAX(no) FROM patient", [], |row| row.get(0)).unwrap();
    let indexes =
        texts(&connection, "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL");
    let names = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    texts(&connection, names).iter().for_each(|index| run(&format!("DROP INDEX {index}")));
    run(&format!(
        "CREATE TEMP TABLE copy AS WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {times}) \
         SELECT k FROM n"
    ));
    run("BEGIN");
    for (table, sorted_by) in TABLES {
        let columns = texts(&connection, &format!("SELECT name FROM pragma_table_info('{table}')"));
        let copies: Vec<String> = columns.iter().map(|column| copied(column, patients)).collect();
        // Without an order, the copies come one after the other and the rows of each in the order of their keys.
        let order = columns.iter().position(|column| column == sorted_by);
        let order = order.map_or(String::new(), |column| format!("ORDER BY {}", column + 1));
        run(&format!("CREATE TEMP TABLE original AS SELECT * FROM {table} ORDER BY 1"));
        for first in (1..=times).step_by(BATCH) {
            run(&format!(
                "INSERT INTO {table} ({}) SELECT {} FROM temp.copy CROSS JOIN temp.original \
                 WHERE k >= {first} AND k < {first} + {BATCH} {order}",
                columns.join(", "),
                copies.join(", ")
            ));
        }
        run("DROP TABLE temp.original");
        eprintln!("filled {table}");
    }
    run("COMMIT");
    indexes.iter().for_each(|index| run(index));
    run("PRAGMA optimize");
    drop(connection);
    std::fs::File::open(file).unwrap().sync_all().unwrap(); // Or the node would do it when it starts.
    eprintln!("indexed");
}

fn texts(connection: &Connection, statement: &str) -> Vec<String> {
    let mut statement = connection.prepare(statement).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}
