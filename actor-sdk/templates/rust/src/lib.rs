//! An actor that answers HTTP requests.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

struct MyActor;

impl Guest for MyActor {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("a body not taken yet");
        ResponseOutparam::set(out, Ok(response));
        if let Ok(stream) = body.write() {
            // One write takes at most 4096 bytes; samples/streaming-echo shows how more goes out.
            let _ = stream.blocking_write_and_flush(format!("You asked for {path}\n").as_bytes());
        }
        let _ = OutgoingBody::finish(body, None);
    }
}

wasip2::http::proxy::export!(MyActor);
