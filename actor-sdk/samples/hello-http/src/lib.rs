//! Says hello over HTTP. `/hello` answers `Hello, World!`; any other path answers the method and the path with its
//! query. The header `x-method` carries the method.

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package trellis:hello;

        world hello-http {
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "trellis:hello/hello-http",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Hello;

impl Guest for Hello {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let method = method_name(&request.method());
        let path = request.path_with_query().unwrap_or_default();
        let text = match path.as_str() {
            "/hello" => "Hello, World!".to_string(),
            _ => format!("{method} {path}\n"),
        };

        let headers = Fields::from_list(&[
            ("content-type".to_string(), b"text/plain; charset=utf-8".to_vec()),
            ("x-method".to_string(), method.into_bytes()),
        ])
        .expect("headers that HTTP allows");
        let response = OutgoingResponse::new(headers);
        let body = response.body().expect("a body not taken yet");
        ResponseOutparam::set(out, Ok(response));

        // A caller that went away is no error of this actor's: what is left of the answer has no reader.
        if let Ok(stream) = body.write() {
            let _ = stream.blocking_write_and_flush(text.as_bytes());
        }
        let _ = OutgoingBody::finish(body, None);
    }
}

fn method_name(method: &Method) -> String {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => name,
    }
    .to_string()
}

export!(Hello);
