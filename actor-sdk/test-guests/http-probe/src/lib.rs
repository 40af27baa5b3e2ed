//! Uses wasi:http in every order there is, right and wrong. The path says how.

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package trellis:probe;

        world http-probe {
            import wasi:cli/exit@0.2.12;
            import wasi:cli/stdout@0.2.12;
            import wasi:clocks/monotonic-clock@0.2.12;
            import wasi:http/outgoing-handler@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "trellis:probe/http-probe",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use std::mem::ManuallyDrop;
use wasi::cli::exit;
use wasi::clocks::monotonic_clock;
use wasi::http::outgoing_handler;
use wasi::http::types::*;
use wasi::io::streams::{OutputStream, StreamError};

struct Probe;

impl Guest for Probe {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let number = |name: &str| -> u64 { text(query, name).parse().unwrap_or(0) };
        match path {
            // ---- right
            "/request" => say(out, &described(&request)),
            "/fields" => say(out, &fields()),
            "/once" => say(out, &once(&request)),
            "/setters" => say(out, &setters()),
            "/length" => say(out, &length(number("declared"), number("written"))),
            "/head" => ResponseOutparam::set(out, Ok(OutgoingResponse::new(Fields::new()))),
            "/status" => {
                let response = OutgoingResponse::new(Fields::new());
                response.set_status_code(number("code") as u16).unwrap();
                ResponseOutparam::set(out, Ok(response));
            }
            "/wait-between" => {
                let (body, stream) = begin(out, Fields::new());
                stream.blocking_write_and_flush(b"before ").unwrap();
                monotonic_clock::subscribe_duration(1_000_000).block();
                stream.blocking_write_and_flush(b"after").unwrap();
                drop(stream);
                OutgoingBody::finish(body, None).unwrap();
            }
            "/wait-then-run" => {
                monotonic_clock::subscribe_duration(400_000_000).block();
                loop {
                    monotonic_clock::now();
                }
            }
            "/late-flush" => {
                let (body, stream) = begin(out, Fields::new());
                let end = monotonic_clock::now() + 15_000_000;
                while monotonic_clock::now() < end {}
                stream.blocking_write_and_flush(b"late").unwrap();
                drop(stream);
                OutgoingBody::finish(body, None).unwrap();
            }
            "/trailers" => {
                let (body, stream) = begin(out, Fields::new());
                stream.blocking_write_and_flush(b"text").unwrap();
                drop(stream);
                let trailers = Fields::from_list(&[("x-sum".into(), b"4".to_vec())]).unwrap();
                OutgoingBody::finish(body, Some(trailers)).unwrap();
            }
            "/write" => {
                let (body, stream) = begin(out, Fields::new());
                let _ = write(&stream, number("bytes"));
                drop(stream);
                let _ = OutgoingBody::finish(body, None);
            }
            "/write-then-say" => {
                // What became of writing to somebody who went away.
                let (body, stream) = begin(out, Fields::new());
                let failed = write(&stream, number("bytes"));
                if let Err(StreamError::LastOperationFailed(error)) = failed {
                    println(&format!("{:?}", http_error_code(&error)));
                }
                drop(stream);
                let _ = OutgoingBody::finish(body, None);
            }
            "/exit-after" => {
                say(out, "said");
                exit::exit(Ok(()));
            }
            "/exit-before" => exit::exit(Ok(())),

            // ---- wrong
            "/no-response" => {}
            "/error" => ResponseOutparam::set(
                out,
                Err(ErrorCode::DnsError(DnsErrorPayload { rcode: Some("NXDOMAIN".into()), info_code: Some(3) })),
            ),
            "/forged" => {
                say(out, "said");
                let forged = unsafe { Fields::from_handle(number("handle") as u32) };
                forged.entries();
            }
            "/set-twice" => {
                let handle = out.handle();
                say(out, "once");
                let again = unsafe { ResponseOutparam::from_handle(handle) };
                say(again, "twice");
            }
            "/body-dropped" => {
                let (body, stream) = begin(out, Fields::new());
                stream.blocking_write_and_flush(b"half").unwrap();
                drop(stream);
                drop(body);
            }
            "/body-kept" => {
                let (body, stream) = begin(out, Fields::new());
                let _ = write(&stream, number("bytes"));
                let _ = (ManuallyDrop::new(stream), ManuallyDrop::new(body));
            }
            "/finish-before-stream" => {
                let (body, stream) = begin(out, Fields::new());
                let _stream = ManuallyDrop::new(stream);
                let _ = OutgoingBody::finish(body, None);
            }
            "/body-before-stream" => {
                let body = request.consume().unwrap();
                let _stream = ManuallyDrop::new(body.stream().unwrap());
                drop(body);
            }
            "/stream-before-pollable" => {
                let (_body, stream) = begin(out, Fields::new());
                let _pollable = ManuallyDrop::new(stream.subscribe());
                drop(stream);
            }
            "/unpermitted" => {
                let (_body, stream) = begin(out, Fields::new());
                let room = stream.check_write().unwrap() as usize;
                let _ = stream.write(&vec![0; room + 1]);
            }
            "/many-lines" => {
                let fields = Fields::new();
                for line in 0.. {
                    fields.append(&format!("x-{line}"), b"value").unwrap();
                }
            }
            "/large-value" => {
                let fields = Fields::new();
                fields.append("x-large", &vec![b'a'; number("bytes") as usize]).unwrap();
                say(out, "taken");
            }
            "/many-fields" => {
                let large = Fields::new();
                large.append("x-large", &vec![b'a'; 100_000]).unwrap();
                loop {
                    let _ = ManuallyDrop::new(large.clone());
                }
            }
            "/trap-after" => {
                let (_body, stream) = begin(out, Fields::new());
                let _ = write(&stream, number("bytes"));
                unreachable!();
            }

            // ---- requests to others
            "/out" => say(out, &fetched(&text(query, "to"), None)),
            "/out-options" => {
                let options = RequestOptions::new();
                options.set_connect_timeout(Some(1_500_001)).unwrap();
                options.set_first_byte_timeout(Some(2_000_000_000)).unwrap();
                options.set_between_bytes_timeout(Some(u64::MAX)).unwrap();
                assert_eq!(options.connect_timeout(), Some(1_500_001));
                options.set_connect_timeout(options.connect_timeout()).unwrap();
                say(out, &fetched("other", Some(options)));
            }
            "/out-dropped" => {
                drop(outgoing_handler::handle(asked("other"), None).unwrap());
                say(out, "dropped");
            }
            "/out-response-dropped" => {
                let future = outgoing_handler::handle(asked("other"), None).unwrap();
                future.subscribe().block();
                drop(future.get());
                say(out, "dropped");
            }
            "/out-left" => {
                let _ = ManuallyDrop::new(outgoing_handler::handle(asked("other"), None).unwrap());
                say(out, "left");
            }
            "/out-many" => {
                let mut futures = Vec::new();
                let mut codes = Vec::new();
                for _ in 0..number("count") {
                    match outgoing_handler::handle(asked("other"), None) {
                        Ok(future) => futures.push(future),
                        Err(code) => codes.push(format!("{code:?}")),
                    }
                }
                say(out, &format!("{} {}", futures.len(), codes.join(" ")));
            }
            "/out-twice" => {
                let future = outgoing_handler::handle(asked("other"), None).unwrap();
                let pollable = future.subscribe();
                pollable.block();
                let first = future.get().unwrap().unwrap().map(|response| response.status());
                let second = future.get().unwrap().is_err();
                say(out, &format!("{first:?} {second}"));
            }
            "/out-future-before-pollable" => {
                let future = outgoing_handler::handle(asked("other"), None).unwrap();
                let _pollable = ManuallyDrop::new(future.subscribe());
                drop(future);
            }
            "/out-body" => {
                let (request, body, stream) = asked_with_body("other", Fields::new());
                let future = outgoing_handler::handle(request, None).unwrap();
                let wrote = write(&stream, number("bytes")).is_ok();
                drop(stream);
                let trailers = Fields::from_list(&[("x-end".into(), b"yes".to_vec())]).unwrap();
                let finished = OutgoingBody::finish(body, Some(trailers));
                say(out, &format!("{wrote} {finished:?} {}", awaited(future)));
            }
            "/out-body-dropped" => {
                let (request, body, stream) = asked_with_body("other", Fields::new());
                let future = outgoing_handler::handle(request, None).unwrap();
                write(&stream, number("bytes")).unwrap();
                drop(stream);
                drop(body);
                say(out, &awaited(future));
            }
            "/out-length" => {
                let headers = Fields::from_list(&[("content-length".into(), b"5".to_vec())]).unwrap();
                let (request, body, stream) = asked_with_body("other", headers);
                let future = outgoing_handler::handle(request, None).unwrap();
                write(&stream, number("bytes")).unwrap_or_else(|failed| println(&format!("{failed:?}")));
                drop(stream);
                let finished = OutgoingBody::finish(body, None);
                say(out, &format!("{finished:?} {}", awaited(future)));
            }
            _ => {
                let response = OutgoingResponse::new(Fields::new());
                response.set_status_code(404).unwrap();
                ResponseOutparam::set(out, Ok(response));
            }
        }
    }
}

fn println(line: &str) {
    let _ = wasi::cli::stdout::get_stdout().blocking_write_and_flush(format!("{line}\n").as_bytes());
}

fn text(query: &str, name: &str) -> String {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .unwrap_or_default()
        .to_string()
}

fn begin(out: ResponseOutparam, headers: Fields) -> (OutgoingBody, OutputStream) {
    let response = OutgoingResponse::new(headers);
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().unwrap();
    (body, stream)
}

fn say(out: ResponseOutparam, text: &str) {
    let (body, stream) = begin(out, Fields::new());
    for piece in text.as_bytes().chunks(4096) {
        stream.blocking_write_and_flush(piece).unwrap();
    }
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
}

fn write(stream: &OutputStream, bytes: u64) -> Result<(), StreamError> {
    let piece = vec![b'x'; 64 << 10];
    let pollable = stream.subscribe();
    let mut left = bytes;
    while left > 0 {
        let room = stream.check_write()?;
        if room == 0 {
            pollable.block();
            continue;
        }
        let next = left.min(room).min(piece.len() as u64);
        stream.write(&piece[..next as usize])?;
        left -= next;
    }
    Ok(())
}

fn described(request: &IncomingRequest) -> String {
    let headers = request.headers();
    let immutable = headers.append("x-more", b"1").unwrap_err();
    let lines: Vec<String> = headers
        .entries()
        .iter()
        .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)))
        .collect();
    let changed = headers.clone();
    changed.append("x-more", b"1").unwrap();
    format!(
        "{:?} {:?} {:?} {:?} [{}] {immutable:?} {}",
        request.method(),
        request.path_with_query(),
        request.scheme(),
        request.authority(),
        lines.join(" "),
        changed.entries().len()
    )
}

fn fields() -> String {
    let fields = Fields::new();
    let mut said = vec![
        format!("{:?}", fields.append("X-One", b"1")),
        format!("{:?}", fields.append("x-one", b"2")),
        format!("{:?}", fields.append("bad name", b"1")),
        format!("{:?}", fields.append("", b"1")),
        format!("{:?}", fields.append("x-bad", b"a\nb")),
        format!("{:?}", fields.append("x-bad", b"a\x7f")),
        format!("{:?}", fields.append("x-bad", &[0xff])),
        format!("{:?}", fields.append("x-tab", "\tblöd ".as_bytes())),
    ];
    for name in ["Connection", "host", "Keep-Alive", "transfer-encoding", "upgrade", "proxy-connection"] {
        said.push(format!("{:?}", fields.append(name, b"1")));
    }
    said.push(format!("{:?}", fields.set("host", &[])));
    said.push(format!("{:?}", fields.delete("host")));
    said.push(format!("{:?}", fields.get("X-ONE")));
    said.push(format!("{:?}", fields.has("X-one")));
    said.push(format!("{:?}", fields.get("bad name")));
    said.push(format!("{:?}", fields.set("x-one", &[b"3".to_vec(), b"4".to_vec()])));
    said.push(format!("{:?}", fields.set("x-one", &[b"\n".to_vec()])));
    let copy = fields.clone();
    said.push(format!("{:?}", copy.delete("x-one")));
    said.push(format!("{:?}", copy.has("x-one")));
    said.push(format!("{:?}", fields.get("x-one")));
    said.push(format!("{:?}", Fields::from_list(&[("upgrade".into(), vec![])]).err()));
    let response = OutgoingResponse::new(fields);
    said.push(format!("{:?}", response.headers().append("x-one", b"5")));
    said.push(format!("{:?}", response.headers().entries().len()));
    said.push(format!("{:?}", response.set_status_code(99)));
    said.push(format!("{:?}", response.set_status_code(1000)));
    said.join("\n")
}

fn once(request: &IncomingRequest) -> String {
    let body = request.consume().unwrap();
    let mut said = vec![request.consume().is_err()];
    let stream = body.stream().unwrap();
    said.push(body.stream().is_err());
    drop(stream);
    let trailers = IncomingBody::finish(body);
    trailers.subscribe().block();
    said.push(matches!(trailers.get(), Some(Ok(Ok(None)))));
    said.push(matches!(trailers.get(), Some(Err(()))));
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().unwrap();
    said.push(response.body().is_err());
    let stream = body.write().unwrap();
    said.push(body.write().is_err());
    drop(stream);
    format!("{said:?}")
}

fn setters() -> String {
    let request = OutgoingRequest::new(Fields::new());
    let mut said = Vec::new();
    for method in ["BREW", "", "A B"] {
        said.push(request.set_method(&Method::Other(method.into())).is_ok());
    }
    for scheme in ["ftp", "", "a b", "1a"] {
        said.push(request.set_scheme(Some(&Scheme::Other(scheme.into()))).is_ok());
    }
    let authorities = ["example.org", "example.org:80", "[::1]:80", "", "a:", "a:x", "a:65536", "u@a", "a/b", "a b", "[::1", "a]"];
    for authority in authorities {
        said.push(request.set_authority(Some(authority)).is_ok());
    }
    for path in ["/a?b=c", "?b", "", "*", "a", "/a b", "/a#b", "/a\n"] {
        said.push(request.set_path_with_query(Some(path)).is_ok());
    }
    said.iter().map(|ok| if *ok { '+' } else { '-' }).collect()
}

fn length(declared: u64, written: u64) -> String {
    let headers = Fields::from_list(&[("content-length".into(), declared.to_string().into_bytes())]).unwrap();
    let body = OutgoingResponse::new(headers).body().unwrap();
    let stream = body.write().unwrap();
    let wrote = match write(&stream, written) {
        Ok(()) => "ok".to_string(),
        Err(StreamError::LastOperationFailed(error)) => format!("{:?}", http_error_code(&error)),
        Err(StreamError::Closed) => "closed".to_string(),
    };
    drop(stream);
    let finished = OutgoingBody::finish(body, None);
    let unreadable = OutgoingResponse::new(Fields::from_list(&[("content-length".into(), b"x".to_vec())]).unwrap());
    format!("{wrote} {finished:?} {}", unreadable.body().is_err())
}

fn asked(to: &str) -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    if !to.is_empty() {
        request.set_authority(Some(to)).unwrap();
    }
    request.set_path_with_query(Some("/path?query")).unwrap();
    request
}

fn asked_with_body(to: &str, headers: Fields) -> (OutgoingRequest, OutgoingBody, OutputStream) {
    let request = OutgoingRequest::new(headers);
    request.set_method(&Method::Post).unwrap();
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(to)).unwrap();
    let body = request.body().unwrap();
    let stream = body.write().unwrap();
    (request, body, stream)
}

fn fetched(to: &str, options: Option<RequestOptions>) -> String {
    match outgoing_handler::handle(asked(to), options) {
        Ok(future) => awaited(future),
        Err(code) => format!("refused {code:?}"),
    }
}

fn awaited(future: FutureIncomingResponse) -> String {
    future.subscribe().block();
    let response = match future.get().unwrap().unwrap() {
        Ok(response) => response,
        Err(code) => return format!("{code:?}"),
    };
    let body = response.consume().unwrap();
    let stream = body.stream().unwrap();
    let mut bytes = 0;
    let ended = loop {
        match stream.blocking_read(64 << 10) {
            Ok(piece) => bytes += piece.len(),
            Err(StreamError::Closed) => break "closed".to_string(),
            Err(StreamError::LastOperationFailed(error)) => break format!("{:?}", http_error_code(&error)),
        }
    };
    drop(stream);
    let future = IncomingBody::finish(body);
    future.subscribe().block();
    let trailers = match future.get().unwrap().unwrap() {
        Ok(trailers) => format!("{:?}", trailers.map(|fields| fields.entries().len())),
        Err(code) => format!("{code:?}"),
    };
    format!("{} {bytes} {ended} {trailers}", response.status())
}

export!(Probe);
