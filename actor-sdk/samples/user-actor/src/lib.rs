//! Keeps one user in a key-value store and serves it over HTTP.
//!
//! `/users` stores the request body, or a default user, under `user:1`; `/users/1` answers what is stored.
//! The actor knows contracts only: which store is behind `wasmcloud:keyvalue` is decided by its link.

use wasmbus_rpc::actor::prelude::*;
use wasmcloud_interface_httpserver::{HttpRequest, HttpResponse, HttpServer, HttpServerReceiver};
use wasmcloud_interface_keyvalue::{KeyValue, KeyValueSender, SetRequest};

const USER_KEY: &str = "user:1";
const DEFAULT_USER: &str = r#"{"id":1,"name":"Ada"}"#;

#[derive(Debug, Default, Actor, HealthResponder)]
#[services(Actor, HttpServer)]
struct UserActor {}

#[async_trait]
impl HttpServer for UserActor {
    async fn handle_request(&self, ctx: &Context, request: &HttpRequest) -> RpcResult<HttpResponse> {
        match request.path.as_str() {
            "/users" => create_user(ctx, &request.body).await,
            "/users/1" => find_user(ctx).await,
            _ => Ok(not_found()),
        }
    }
}

/// A failed store is an `Err`, never an HTTP answer: the host knows why it failed and picks the status.
async fn create_user(ctx: &Context, body: &[u8]) -> RpcResult<HttpResponse> {
    let value = match body {
        [] => DEFAULT_USER.to_string(),
        body => match std::str::from_utf8(body) {
            Ok(text) => text.to_string(),
            Err(_) => return Ok(respond(400, "User must be UTF-8 text")),
        },
    };
    let user = SetRequest { key: USER_KEY.to_string(), value, expires: 0 };
    KeyValueSender::new().set(ctx, &user).await?;
    Ok(respond(200, "User created"))
}

async fn find_user(ctx: &Context) -> RpcResult<HttpResponse> {
    let stored = KeyValueSender::new().get(ctx, USER_KEY).await?;
    Ok(if stored.exists { respond(200, stored.value) } else { not_found() })
}

fn not_found() -> HttpResponse {
    respond(404, "Not found")
}

fn respond(status_code: u16, body: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse { status_code, body: body.into(), ..Default::default() }
}
