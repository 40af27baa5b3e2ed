//! The orders table, in the SQL that SQLite and PostgreSQL have in common.

use serde::Serialize;
use wasmbus_rpc::common::Context;
use wasmbus_rpc::error::RpcError;
use wasmcloud_interface_sqldb::minicbor::{self, Decoder};
use wasmcloud_interface_sqldb::{SqlDb, SqlDbError, SqlDbSender, Statement};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS orders \
    (id TEXT PRIMARY KEY, customer TEXT NOT NULL, item TEXT NOT NULL, quantity BIGINT NOT NULL)";
const INSERT: &str = "INSERT INTO orders (id, customer, item, quantity) VALUES ($1, $2, $3, $4)";
const UPDATE: &str = "UPDATE orders SET customer = $2, item = $3, quantity = $4 WHERE id = $1";
const FIND: &str = "SELECT id, customer, item, quantity FROM orders WHERE id = $1";
const OF_CUSTOMER: &str = "SELECT id, customer, item, quantity FROM orders WHERE customer = $1 ORDER BY id LIMIT 100";

/// SQLSTATE of a statement about a table that is not there.
const UNDEFINED_TABLE: &str = "42P01";

#[derive(Serialize)]
pub struct Order {
    pub id: String,
    pub customer: String,
    pub item: String,
    pub quantity: i64,
}

/// Why there is no answer.
pub enum Failure {
    /// The database refused a statement, or said something that cannot be understood.
    Sql { code: String, message: String },
    /// A call did not come through.
    Call(RpcError),
}

impl From<RpcError> for Failure {
    fn from(failure: RpcError) -> Self {
        Failure::Call(failure)
    }
}

impl From<SqlDbError> for Failure {
    fn from(error: SqlDbError) -> Self {
        match sqlstate(&error) {
            Some((state, message)) => Failure::Sql { code: state.to_string(), message: message.to_string() },
            None => Failure::Sql { code: error.code, message: error.message },
        }
    }
}

/// SQLSTATE and text of what the database said; none if it is not from there.
fn sqlstate(error: &SqlDbError) -> Option<(&str, &str)> {
    error.message.strip_prefix("SQLSTATE ")?.split_once(": ")
}

impl From<minicbor::decode::Error> for Failure {
    fn from(error: minicbor::decode::Error) -> Self {
        SqlDbError::from(error).into()
    }
}

/// A value of a statement: encoded on its own, as the interface wants it.
enum Value<'a> {
    Text(&'a str),
    Number(i64),
}

impl Value<'_> {
    fn encoded(&self) -> Vec<u8> {
        let encoded = match self {
            Value::Text(text) => minicbor::to_vec(text),
            Value::Number(number) => minicbor::to_vec(number),
        };
        encoded.expect("writing to a Vec cannot fail")
    }
}

pub async fn insert(ctx: &Context, order: &Order) -> Result<(), Failure> {
    execute(ctx, INSERT, &values(order)).await.map(|_| ())
}

/// Whether there was such an order.
pub async fn update(ctx: &Context, order: &Order) -> Result<bool, Failure> {
    Ok(execute(ctx, UPDATE, &values(order)).await? > 0)
}

pub async fn find(ctx: &Context, id: &str) -> Result<Option<Order>, Failure> {
    Ok(query(ctx, FIND, &[Value::Text(id)]).await?.pop())
}

pub async fn of_customer(ctx: &Context, customer: &str) -> Result<Vec<Order>, Failure> {
    query(ctx, OF_CUSTOMER, &[Value::Text(customer)]).await
}

fn values(order: &Order) -> [Value<'_>; 4] {
    [
        Value::Text(&order.id),
        Value::Text(&order.customer),
        Value::Text(&order.item),
        Value::Number(order.quantity),
    ]
}

fn statement(sql: &str, values: &[Value<'_>]) -> Statement {
    Statement {
        database: None,
        parameters: if values.is_empty() { None } else { Some(values.iter().map(Value::encoded).collect()) },
        sql: sql.to_string(),
    }
}

async fn execute(ctx: &Context, sql: &str, values: &[Value<'_>]) -> Result<u64, Failure> {
    let statement = statement(sql, values);
    let mut result = SqlDbSender::new().execute(ctx, &statement).await?;
    if result.error.as_ref().is_some_and(no_table) {
        create_table(ctx).await?;
        result = SqlDbSender::new().execute(ctx, &statement).await?;
    }
    match result.error {
        Some(error) => Err(error.into()),
        None => Ok(result.rows_affected),
    }
}

async fn query(ctx: &Context, sql: &str, values: &[Value<'_>]) -> Result<Vec<Order>, Failure> {
    let statement = statement(sql, values);
    let mut result = SqlDbSender::new().query(ctx, &statement).await?;
    if result.error.as_ref().is_some_and(no_table) {
        create_table(ctx).await?;
        result = SqlDbSender::new().query(ctx, &statement).await?;
    }
    match result.error {
        Some(error) => Err(error.into()),
        None => rows(&result.rows),
    }
}

/// A fresh instance answers each request, so nobody can remember that the table is there: it is made when it is missed.
fn no_table(error: &SqlDbError) -> bool {
    sqlstate(error).is_some_and(|(state, _)| state == UNDEFINED_TABLE)
}

/// Two requests may do so at once, and one of them be refused: what counts is the statement that follows.
async fn create_table(ctx: &Context) -> Result<(), Failure> {
    SqlDbSender::new().execute(ctx, &statement(CREATE, &[])).await?;
    Ok(())
}

/// Rows are a CBOR array of arrays; nothing at all if there are none.
fn rows(encoded: &[u8]) -> Result<Vec<Order>, Failure> {
    let mut orders = Vec::new();
    if encoded.is_empty() {
        return Ok(orders);
    }
    let mut rows = Decoder::new(encoded);
    let count = rows.array()?.ok_or_else(|| minicbor::decode::Error::message("rows without a length"))?;
    for _ in 0..count {
        rows.array()?;
        orders.push(Order {
            id: rows.str()?.to_string(),
            customer: rows.str()?.to_string(),
            item: rows.str()?.to_string(),
            quantity: rows.i64()?,
        });
    }
    Ok(orders)
}
