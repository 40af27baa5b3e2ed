//! Bodies that move while the call runs, in little memory however large they are.
//!
//! | request | answer |
//! |---|---|
//! | `POST /echo` | the request's body and trailers, piece by piece as they come |
//! | `POST /splice` | the same, with the host moving the bytes |
//! | `POST /sink` | `N bytes` once the body has ended; with `?sum`, a second word: the sum of the bytes |
//! | `GET /big?bytes=N` | N bytes: 0, 1, ... 250, 0, 1 and so on |
//! | `GET /slow?pieces=N&millis=M` | N lines `piece I`, M milliseconds apart |

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package trellis:streaming;

        world streaming-echo {
            import wasi:io/poll@0.2.12;
            import wasi:clocks/monotonic-clock@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "trellis:streaming/streaming-echo",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use wasi::clocks::monotonic_clock;
use wasi::http::types::{
    Fields, FutureTrailers, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::io::poll;
use wasi::io::streams::{InputStream, OutputStream, StreamError};

/// Most bytes taken in one read.
const PIECE_BYTES: u64 = 65_536;
/// Most bytes that one `blocking-write-and-flush` takes.
const BLOCKING_WRITE_BYTES: usize = 4_096;

struct Streaming;

impl Guest for Streaming {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        // An error here is a caller that went away or a body that broke off: nobody is left to tell.
        let _ = match path {
            "/echo" => echo(request, out, pump),
            "/splice" => echo(request, out, splice),
            "/sink" => sink(request, out, query.split('&').any(|pair| pair == "sum")),
            "/big" => big(out, number(query, "bytes", 1 << 20)),
            "/slow" => slow(out, number(query, "pieces", 5), number(query, "millis", 100)),
            _ => answer(out, 404, "text/plain", |stream| write_all(stream, b"Not found\n")),
        };
    }
}

/// Moves all bytes from one stream to the other; an error where either end breaks off.
type Move = fn(&InputStream, &OutputStream) -> Result<(), StreamError>;

fn echo(request: IncomingRequest, out: ResponseOutparam, move_all: Move) -> Result<(), StreamError> {
    let headers = request.headers();
    let content_type = headers
        .get("content-type")
        .pop()
        .unwrap_or_else(|| b"application/octet-stream".to_vec());
    drop(headers);
    let body = request.consume().expect("a body not taken yet");
    let response = OutgoingResponse::new(
        Fields::from_list(&[("content-type".to_string(), content_type)]).expect("headers that HTTP allows"),
    );
    let answer = response.body().expect("a body not taken yet");
    ResponseOutparam::set(out, Ok(response));

    {
        let input = body.stream().expect("a stream not taken yet");
        let output = answer.write().expect("a stream not taken yet");
        move_all(&input, &output)?;
    }
    let trailers = trailers(IncomingBody::finish(body));
    let _ = OutgoingBody::finish(answer, trailers);
    Ok(())
}

/// Waits for both ends at once: neither a slow sender nor a slow reader keeps more than one piece here.
fn pump(input: &InputStream, output: &OutputStream) -> Result<(), StreamError> {
    let readable = input.subscribe();
    let writable = output.subscribe();
    let mut piece: Vec<u8> = Vec::new();
    let mut written = 0;
    loop {
        if written == piece.len() {
            written = 0;
            piece = match input.read(PIECE_BYTES) {
                Ok(bytes) => bytes,
                Err(StreamError::Closed) => break,
                Err(failed) => return Err(failed),
            };
            if piece.is_empty() {
                output.flush()?;
                poll::poll(&[&readable]);
                continue;
            }
        }
        let room = output.check_write()? as usize;
        if room == 0 {
            poll::poll(&[&writable]);
            continue;
        }
        let end = piece.len().min(written + room);
        output.write(&piece[written..end])?;
        written = end;
    }
    output.blocking_flush()
}

fn splice(input: &InputStream, output: &OutputStream) -> Result<(), StreamError> {
    loop {
        match output.blocking_splice(input, PIECE_BYTES) {
            Ok(_) => {}
            // Which end has closed does not say: the output tells.
            Err(StreamError::Closed) => return output.blocking_flush(),
            Err(failed) => return Err(failed),
        }
    }
}

fn trailers(future: FutureTrailers) -> Option<Fields> {
    future.subscribe().block();
    let trailers = future.get()?.ok()?.ok()??;
    // What came in cannot go out: the copy can.
    Fields::from_list(&trailers.entries()).ok()
}

fn sink(request: IncomingRequest, out: ResponseOutparam, summed: bool) -> Result<(), StreamError> {
    let body = request.consume().expect("a body not taken yet");
    let mut count = 0_u64;
    let mut sum = 0_u64;
    {
        let input = body.stream().expect("a stream not taken yet");
        loop {
            match input.blocking_read(PIECE_BYTES) {
                Ok(bytes) => {
                    count += bytes.len() as u64;
                    if summed {
                        sum += bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
                    }
                }
                Err(StreamError::Closed) => break,
                Err(failed) => {
                    let words = format!("the body broke off after {count} bytes\n");
                    let _ = answer(out, 400, "text/plain", |stream| write_all(stream, words.as_bytes()));
                    return Err(failed);
                }
            }
        }
    }
    drop(IncomingBody::finish(body));
    let text = if summed { format!("{count} bytes {sum}\n") } else { format!("{count} bytes\n") };
    answer(out, 200, "text/plain", |stream| write_all(stream, text.as_bytes()))
}

fn big(out: ResponseOutparam, bytes: u64) -> Result<(), StreamError> {
    // Whole periods, so that each piece starts with 0.
    let pattern: Vec<u8> = (0..251 * 256).map(|i| (i % 251) as u8).collect();
    answer(out, 200, "application/octet-stream", |stream| {
        let mut left = bytes;
        while left > 0 {
            let piece = &pattern[..left.min(pattern.len() as u64) as usize];
            write_all(stream, piece)?;
            left -= piece.len() as u64;
        }
        Ok(())
    })
}

fn slow(out: ResponseOutparam, pieces: u64, millis: u64) -> Result<(), StreamError> {
    answer(out, 200, "text/plain", |stream| {
        for piece in 1..=pieces {
            if piece > 1 {
                monotonic_clock::subscribe_duration(millis.saturating_mul(1_000_000)).block();
            }
            for bytes in format!("piece {piece}\n").as_bytes().chunks(BLOCKING_WRITE_BYTES) {
                stream.blocking_write_and_flush(bytes)?;
            }
        }
        Ok(())
    })
}

/// Answers with what is written while the call runs.
fn answer(
    out: ResponseOutparam,
    status: u16,
    content_type: &str,
    write: impl FnOnce(&OutputStream) -> Result<(), StreamError>,
) -> Result<(), StreamError> {
    let headers = Fields::from_list(&[("content-type".to_string(), content_type.as_bytes().to_vec())])
        .expect("headers that HTTP allows");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("a status that HTTP allows");
    let body = response.body().expect("a body not taken yet");
    ResponseOutparam::set(out, Ok(response));
    {
        let stream = body.write().expect("a stream not taken yet");
        write(&stream)?;
        stream.blocking_flush()?;
    }
    let _ = OutgoingBody::finish(body, None);
    Ok(())
}

fn write_all(stream: &OutputStream, bytes: &[u8]) -> Result<(), StreamError> {
    let writable = stream.subscribe();
    let mut written = 0;
    while written < bytes.len() {
        let room = stream.check_write()? as usize;
        if room == 0 {
            writable.block();
            continue;
        }
        let end = bytes.len().min(written + room);
        stream.write(&bytes[written..end])?;
        written = end;
    }
    Ok(())
}

fn number(query: &str, name: &str, without: u64) -> u64 {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
        .unwrap_or(without)
}

export!(Streaming);
