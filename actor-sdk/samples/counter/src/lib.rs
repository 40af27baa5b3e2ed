//! Counters over HTTP, kept with `wasi:keyvalue`: each under the key `counter:NAME`, as decimal text.
//!
//! | request | answer |
//! |---|---|
//! | `POST /counters/NAME`, or with `?by=N` | adds 1 or N; 200 and the new value |
//! | `GET /counters/NAME` | 200 and the value, or 404 |
//! | `DELETE /counters/NAME` | 204 |
//! | `GET /counters?names=A,B` | 200 and a line `NAME VALUE` for each that there is, in the order asked |
//! | `PUT /counters?A=1&B=2` | sets all of them; 204 |
//! | `DELETE /counters?names=A,B` | 204 |
//!
//! A name is up to 100 letters, digits, `-` or `_`. What a store refuses is a 503 with its words.

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package trellis:counter;

        world counter {
            import wasi:keyvalue/store@0.2.0-draft;
            import wasi:keyvalue/atomics@0.2.0-draft;
            import wasi:keyvalue/batch@0.2.0-draft;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "trellis:counter/counter",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::keyvalue::{atomics, batch, store};

const NAME_LENGTH_MAX: usize = 100;

struct Counter;

struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    fn of(status: u16, text: impl Into<String>) -> Self {
        Answer { status, text: text.into() }
    }
}

impl From<store::Error> for Answer {
    fn from(error: store::Error) -> Self {
        let words = match error {
            store::Error::NoSuchStore => "no such store".to_string(),
            store::Error::AccessDenied => "access denied".to_string(),
            store::Error::Other(words) => words,
        };
        Answer::of(503, format!("The store failed: {words}\n"))
    }
}

impl Guest for Counter {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let answer = answer(&request).unwrap_or_else(|failed| failed);
        respond(out, answer);
    }
}

fn answer(request: &IncomingRequest) -> Result<Answer, Answer> {
    let target = request.path_with_query().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    match path.strip_prefix("/counters") {
        Some("") => many(&request.method(), query),
        Some(rest) if rest.starts_with('/') => one(&request.method(), &rest[1..], query),
        _ => Err(Answer::of(404, "Not found\n")),
    }
}

fn one(method: &Method, name: &str, query: &str) -> Result<Answer, Answer> {
    let key = key(name)?;
    let bucket = store::open("default")?;
    match method {
        Method::Post => {
            let by = match parameter(query, "by") {
                Some(text) => number(text)?,
                None => 1,
            };
            let value = atomics::increment(&bucket, &key, by)?;
            Ok(Answer::of(200, format!("{value}\n")))
        }
        Method::Get => match bucket.get(&key)? {
            Some(value) => Ok(Answer::of(200, format!("{}\n", text(&value)))),
            None => Err(Answer::of(404, format!("No counter {name}\n"))),
        },
        Method::Delete => {
            bucket.delete(&key)?;
            Ok(Answer::of(204, ""))
        }
        _ => Err(Answer::of(405, "Expected GET, POST or DELETE\n")),
    }
}

fn many(method: &Method, query: &str) -> Result<Answer, Answer> {
    let bucket = store::open("default")?;
    match method {
        Method::Get => {
            let found = batch::get_many(&bucket, &keys(query)?)?;
            let lines = found.into_iter().flatten().map(|(key, value)| {
                format!("{} {}\n", key.trim_start_matches("counter:"), text(&value))
            });
            Ok(Answer::of(200, lines.collect::<String>()))
        }
        Method::Put => {
            let mut values = Vec::new();
            for pair in query.split('&').filter(|pair| !pair.is_empty()) {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                values.push((key(name)?, number(value)?.to_string().into_bytes()));
            }
            batch::set_many(&bucket, &values)?;
            Ok(Answer::of(204, ""))
        }
        Method::Delete => {
            batch::delete_many(&bucket, &keys(query)?)?;
            Ok(Answer::of(204, ""))
        }
        _ => Err(Answer::of(405, "Expected GET, PUT or DELETE\n")),
    }
}

fn keys(query: &str) -> Result<Vec<String>, Answer> {
    let names = parameter(query, "names").unwrap_or_default();
    names.split(',').filter(|name| !name.is_empty()).map(key).collect()
}

fn key(name: &str) -> Result<String, Answer> {
    let allowed = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_';
    if name.is_empty() || name.len() > NAME_LENGTH_MAX || !name.bytes().all(allowed) {
        return Err(Answer::of(400, "A name is 1 to 100 letters, digits, - or _\n"));
    }
    Ok(format!("counter:{name}"))
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn number(text: &str) -> Result<u64, Answer> {
    text.parse().map_err(|_| Answer::of(400, format!("'{text}' is no number from 0 to {}\n", u64::MAX)))
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

fn respond(out: ResponseOutparam, answer: Answer) {
    let headers = Fields::from_list(&[("content-type".to_string(), b"text/plain; charset=utf-8".to_vec())])
        .expect("headers that HTTP allows");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(answer.status).expect("a status that HTTP allows");
    let body = response.body().expect("a body not taken yet");
    ResponseOutparam::set(out, Ok(response));
    if !answer.text.is_empty() {
        // One write takes at most 4096 bytes.
        if let Ok(stream) = body.write() {
            for piece in answer.text.as_bytes().chunks(4096) {
                if stream.blocking_write_and_flush(piece).is_err() {
                    break;
                }
            }
        }
    }
    let _ = OutgoingBody::finish(body, None);
}

export!(Counter);
