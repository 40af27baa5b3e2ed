//! A small order service: orders live in a SQL database, one is cached in a key-value store for a while, and a counter there
//! says how many were taken.
//!
//! The actor knows contracts only. Which database and which store are behind them is decided by its links, so its SQL is
//! what SQLite and PostgreSQL have in common, and values travel as parameters, never as part of the text.

mod database;
mod web;

use database::{Failure, Order};
use serde::{Deserialize, Serialize};
use wasmbus_rpc::actor::prelude::*;
use wasmcloud_interface_httpserver::{HttpRequest, HttpResponse, HttpServer, HttpServerReceiver};
use wasmcloud_interface_keyvalue::{IncrementRequest, KeyValue, KeyValueSender, SetRequest};
use wasmcloud_interface_logging::log;
use wasmcloud_interface_numbergen::generate_guid;
use web::{answer, not_found, problem, with_header};

const COUNT_KEY: &str = "orders:count";
const QUANTITY_KEY: &str = "orders:quantity";
/// Bounds how long an old answer may be given if a write and a read of the same order overtake each other.
const CACHE_SECONDS: u32 = 60;
const TEXT_CHARS_MAX: usize = 200;
const QUANTITY_MAX: i64 = 1_000_000;

/// What a client sends; the id is not its to choose.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOrder {
    customer: String,
    item: String,
    quantity: i64,
}

#[derive(Serialize)]
struct Stats {
    orders: i32,
    quantity: i32,
}

#[derive(Debug, Default, Actor, HealthResponder)]
#[services(Actor, HttpServer)]
struct OrdersActor {}

#[async_trait]
impl HttpServer for OrdersActor {
    async fn handle_request(&self, ctx: &Context, request: &HttpRequest) -> RpcResult<HttpResponse> {
        let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let handled = match (request.method.as_str(), path.as_slice()) {
            ("POST", ["orders"]) => create(ctx, &request.body).await,
            ("GET", ["orders"]) => list(ctx, &request.query_string).await,
            ("GET", ["orders", "stats"]) => stats(ctx).await,
            ("GET", ["orders", id]) => find(ctx, id).await,
            ("PUT", ["orders", id]) => replace(ctx, id, &request.body).await,
            (_, ["orders"]) => Ok(with_header(problem(405, "use GET or POST"), "allow", "GET, POST")),
            (_, ["orders", "stats"]) => Ok(with_header(problem(405, "use GET"), "allow", "GET")),
            (_, ["orders", _]) => Ok(with_header(problem(405, "use GET or PUT"), "allow", "GET, PUT")),
            _ => Ok(not_found()),
        };
        match handled {
            Ok(response) => Ok(response),
            Err(Failure::Sql { code, message }) => Ok(web::sql_problem(&code, &message)),
            // A call that failed is an `Err`, never an HTTP answer: the host knows why it failed and picks the status.
            Err(Failure::Call(failure)) => Err(failure),
        }
    }
}

async fn create(ctx: &Context, body: &[u8]) -> Result<HttpResponse, Failure> {
    let new = match read(body) {
        Ok(new) => new,
        Err(reason) => return Ok(problem(400, &reason)),
    };
    let order = Order { id: generate_guid().await?, customer: new.customer, item: new.item, quantity: new.quantity };
    database::insert(ctx, &order).await?;
    for (key, value) in [(COUNT_KEY, 1), (QUANTITY_KEY, order.quantity as i32)] {
        let increment = IncrementRequest { key: key.to_string(), value };
        if let Err(failure) = KeyValueSender::new().increment(ctx, &increment).await {
            // The order is taken; a client that is told otherwise would send it again.
            log("warn", format!("order {} is not counted in {}: {}", order.id, key, failure)).await?;
        }
    }
    let location = format!("/orders/{}", order.id);
    Ok(with_header(answer(201, &order), "location", &location))
}

async fn list(ctx: &Context, query: &str) -> Result<HttpResponse, Failure> {
    match web::parameter(query, "customer") {
        Some(customer) => Ok(answer(200, &database::of_customer(ctx, &customer).await?)),
        None => Ok(problem(400, "say whose orders: /orders?customer=NAME")),
    }
}

async fn find(ctx: &Context, id: &str) -> Result<HttpResponse, Failure> {
    if !is_id(id) {
        return Ok(not_found());
    }
    let key = cache_key(id);
    // Without its cache the service is slower, not gone.
    if let Ok(cached) = KeyValueSender::new().get(ctx, &key).await {
        if cached.exists {
            return Ok(with_header(web::json(200, cached.value.into_bytes()), "x-cache", "hit"));
        }
    }
    let Some(order) = database::find(ctx, id).await? else {
        return Ok(not_found());
    };
    let response = answer(200, &order);
    let entry = SetRequest {
        key,
        value: String::from_utf8_lossy(&response.body).into_owned(),
        expires: CACHE_SECONDS,
    };
    if let Err(failure) = KeyValueSender::new().set(ctx, &entry).await {
        log("debug", format!("order {id} is not cached: {failure}")).await?;
    }
    Ok(with_header(response, "x-cache", "miss"))
}

async fn replace(ctx: &Context, id: &str, body: &[u8]) -> Result<HttpResponse, Failure> {
    let new = match read(body) {
        Ok(new) => new,
        Err(reason) => return Ok(problem(400, &reason)),
    };
    if !is_id(id) {
        return Ok(not_found());
    }
    let order = Order { id: id.to_string(), customer: new.customer, item: new.item, quantity: new.quantity };
    if !database::update(ctx, &order).await? {
        return Ok(not_found());
    }
    if let Err(failure) = KeyValueSender::new().del(ctx, &cache_key(id)).await {
        log("warn", format!("order {id} may be old for {CACHE_SECONDS} s: {failure}")).await?;
    }
    Ok(answer(200, &order))
}

async fn stats(ctx: &Context) -> Result<HttpResponse, Failure> {
    let mut numbers = [0; 2];
    for (number, key) in numbers.iter_mut().zip([COUNT_KEY, QUANTITY_KEY]) {
        let increment = IncrementRequest { key: key.to_string(), value: 0 };
        *number = KeyValueSender::new().increment(ctx, &increment).await?;
    }
    let [orders, quantity] = numbers;
    Ok(answer(200, &Stats { orders, quantity }))
}

/// The order that a body asks for, or what is wrong with it.
fn read(body: &[u8]) -> Result<NewOrder, String> {
    let order: NewOrder = serde_json::from_slice(body)
        .map_err(|e| format!("send JSON such as {{\"customer\":\"Ada\",\"item\":\"tea\",\"quantity\":2}}: {e}"))?;
    for (name, text) in [("customer", &order.customer), ("item", &order.item)] {
        let chars = text.chars().count();
        if text.trim().is_empty() || chars > TEXT_CHARS_MAX || text.contains('\0') {
            return Err(format!("{name} must have from 1 to {TEXT_CHARS_MAX} characters, and not only blanks"));
        }
    }
    if !(1..=QUANTITY_MAX).contains(&order.quantity) {
        return Err(format!("quantity must be from 1 to {QUANTITY_MAX}, was {}", order.quantity));
    }
    Ok(order)
}

fn cache_key(id: &str) -> String {
    format!("order:{id}")
}

/// Whether `id` can be one of ours: what cannot be asks neither the cache nor the database.
fn is_id(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
