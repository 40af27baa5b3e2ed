//! Fetches over HTTP what it is asked for, and answers with that.
//!
//! The URL comes from the query (`/?url=http%3A%2F%2Fexample.org%2F`), or else from the key `url` of the actor's
//! configuration. The method, the header `content-type` and the body of the request go along; status, `content-type`,
//! body and trailers of the answer come back as they arrive. No answer is a 502 that says why.

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package trellis:outgoing;

        world outgoing-http {
            import wasi:config/store@0.2.0-draft;
            import wasi:http/outgoing-handler@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "trellis:outgoing/outgoing-http",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use wasi::config::store;
use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, IncomingResponse, OutgoingBody, OutgoingRequest,
    OutgoingResponse, ResponseOutparam, Scheme,
};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

const PIECE_BYTES: u64 = 65_536;

struct Fetcher;

/// Why there is no answer to pass on: a status and a sentence.
struct Failure(u16, String);

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Failure(502, format!("The request failed: {code:?}\n"))
    }
}

impl Guest for Fetcher {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        match fetch(request) {
            Ok(response) => pass_on(response, out),
            Err(Failure(status, words)) => respond(out, status, &words),
        }
    }
}

fn fetch(request: IncomingRequest) -> Result<IncomingResponse, Failure> {
    let url = url(&request)?;
    let (scheme, authority, path) = split(&url)?;
    let asked = OutgoingRequest::new(content_type(&request.headers()));
    let refused = |()| Failure(400, format!("'{url}' is no URL that can be asked\n"));
    asked.set_method(&request.method()).map_err(refused)?;
    asked.set_scheme(Some(&scheme)).map_err(refused)?;
    asked.set_authority(Some(authority)).map_err(refused)?;
    asked.set_path_with_query(Some(path)).map_err(refused)?;

    let sent = asked.body().expect("a body not taken yet");
    let future = outgoing_handler::handle(asked, None)?;
    let body = request.consume().expect("a body not taken yet");
    {
        let input = body.stream().expect("a stream not taken yet");
        let output = sent.write().expect("a stream not taken yet");
        // Whoever does not want the whole body may still answer.
        let _ = copy(&input, &output);
    }
    drop(IncomingBody::finish(body));
    let finished = OutgoingBody::finish(sent, None);
    future.subscribe().block();
    let response = future.get().expect("an answer that was waited for").expect("an answer not taken yet")?;
    finished?;
    Ok(response)
}

fn pass_on(response: IncomingResponse, out: ResponseOutparam) {
    let answer = OutgoingResponse::new(content_type(&response.headers()));
    let _ = answer.set_status_code(response.status());
    let sent = answer.body().expect("a body not taken yet");
    ResponseOutparam::set(out, Ok(answer));

    let body = response.consume().expect("a body not taken yet");
    let copied = {
        let input = body.stream().expect("a stream not taken yet");
        let output = sent.write().expect("a stream not taken yet");
        copy(&input, &output)
    };
    if copied.is_err() {
        return; // Without its end, the answer is seen to have broken off.
    }
    let future = IncomingBody::finish(body);
    future.subscribe().block();
    let trailers = match future.get() {
        Some(Ok(Ok(Some(trailers)))) => Fields::from_list(&trailers.entries()).ok(),
        _ => None,
    };
    let _ = OutgoingBody::finish(sent, trailers);
}

fn copy(input: &InputStream, output: &OutputStream) -> Result<(), StreamError> {
    loop {
        match output.blocking_splice(input, PIECE_BYTES) {
            Ok(_) => {}
            // Which end has closed does not say: the output tells.
            Err(StreamError::Closed) => return output.blocking_flush(),
            Err(failed) => return Err(failed),
        }
    }
}

fn content_type(headers: &Fields) -> Fields {
    let values = headers.get("content-type").into_iter();
    let list: Vec<_> = values.map(|value| ("content-type".to_string(), value)).collect();
    Fields::from_list(&list).expect("headers that came over HTTP")
}

fn url(request: &IncomingRequest) -> Result<String, Failure> {
    let target = request.path_with_query().unwrap_or_default();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    if let Some(url) = query.split('&').find_map(|pair| pair.strip_prefix("url=")) {
        return decoded(url).ok_or_else(|| Failure(400, "The parameter url is not percent-encoded UTF-8\n".into()));
    }
    match store::get("url") {
        Ok(Some(url)) => Ok(url),
        Ok(None) => Err(Failure(400, "Expected the parameter url, or url in the configuration\n".into())),
        Err(error) => Err(Failure(503, format!("No configuration: {error:?}\n"))),
    }
}

fn split(url: &str) -> Result<(Scheme, &str, &str), Failure> {
    let (scheme, rest) = match url.split_once("://") {
        Some(("http", rest)) => (Scheme::Http, rest),
        Some(("https", rest)) => (Scheme::Https, rest),
        _ => return Err(Failure(400, format!("'{url}' does not start with http:// or https://\n"))),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let path = if rest[end..].is_empty() { "/" } else { &rest[end..] };
    Ok((scheme, &rest[..end], path))
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                (digit(rest.next()?)? * 16 + digit(rest.next()?)?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn respond(out: ResponseOutparam, status: u16, words: &str) {
    let headers = Fields::from_list(&[("content-type".to_string(), b"text/plain; charset=utf-8".to_vec())])
        .expect("headers that HTTP allows");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("a status that HTTP allows");
    let body = response.body().expect("a body not taken yet");
    ResponseOutparam::set(out, Ok(response));
    if let Ok(stream) = body.write() {
        for piece in words.as_bytes().chunks(4096) {
            let _ = stream.blocking_write_and_flush(piece);
        }
    }
    let _ = OutgoingBody::finish(body, None);
}

export!(Fetcher);
