//! Answers in JSON, and what a query string holds.

use serde::Serialize;
use serde_json::json;
use wasmcloud_interface_httpserver::HttpResponse;

pub fn answer(status_code: u16, body: &impl Serialize) -> HttpResponse {
    json(status_code, serde_json::to_vec(body).expect("plain data is always JSON"))
}

pub fn json(status_code: u16, body: Vec<u8>) -> HttpResponse {
    with_header(HttpResponse { status_code, body, ..Default::default() }, "content-type", "application/json")
}

pub fn with_header(mut response: HttpResponse, name: &str, value: &str) -> HttpResponse {
    response.header.insert(name.to_string(), vec![value.to_string()]);
    response
}

pub fn problem(status_code: u16, reason: &str) -> HttpResponse {
    answer(status_code, &json!({ "error": reason }))
}

pub fn sql_problem(code: &str, message: &str) -> HttpResponse {
    answer(503, &json!({ "error": message, "code": code }))
}

pub fn not_found() -> HttpResponse {
    problem(404, "not found")
}

/// The value of `name` in a query string, decoded; none if it is not there, empty, or not UTF-8.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    decoded(value).filter(|text| !text.is_empty())
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|value| value as u8)
}
