//! The shop's front on the web: asks the actor that `acme:shop/pricing` leads to, and answers in JSON.
//!
//! | request | answer |
//! |---|---|
//! | `GET /products` | 200 and all products |
//! | `GET /products/SKU` | 200 and the product, or 404 |
//! | `GET /quote?items=SKU:N,SKU:N` | 200 and what that costs, or 422 and why not |
//!
//! A quote may also have `percent=N`, `amount=CENTS`, `coupon=CODE`, `free-shipping`, `gift-wrap`, `express`,
//! `insured`.

wit_bindgen::generate!({
    path: ["../../../wit", "../wit", "front.wit"],
    world: "acme:shop-front/front",
    generate_all,
});

use acme::shop::pricing::{
    self, Currency, Discount, Extras, Item, Money, Order, Product, Quote, Refusal,
};
use exports::wasi::http::incoming_handler::Guest;
use wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Front;

impl Guest for Front {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let (status, json) = match (request.method(), path) {
            (Method::Get, "/products") => (200, list(pricing::catalogue().iter().map(product))),
            (Method::Get, "/quote") => match order(query) {
                Ok(order) => match pricing::price(&order) {
                    Ok(quote) => (200, quoted(&quote)),
                    Err(refusal) => (422, refused(&refusal)),
                },
                Err(error) => (400, object(&[("error", text(&error))])),
            },
            (Method::Get, _) => match path.strip_prefix("/products/").and_then(pricing::find) {
                Some(found) => (200, product(&found)),
                None => (404, object(&[("error", text("not found"))])),
            },
            _ => (405, object(&[("error", text("expected GET"))])),
        };
        respond(out, status, &(json + "\n"));
    }
}

fn order(query: &str) -> Result<Order, String> {
    let mut order = Order { items: Vec::new(), discounts: Vec::new(), extras: Extras::empty(), note: None };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "items" => {
                for item in value.split(',').filter(|item| !item.is_empty()) {
                    let (sku, quantity) = item.split_once(':').unwrap_or((item, "1"));
                    order.items.push(Item { sku: sku.to_string(), quantity: number(quantity)? });
                }
            }
            "percent" => order.discounts.push(Discount::Percent(number(value)?)),
            "amount" => {
                let money = Money { currency: Currency::Eur, cents: number(value)? };
                order.discounts.push(Discount::Amount(money));
            }
            "coupon" => order.discounts.push(Discount::Coupon(value.to_string())),
            "free-shipping" => order.discounts.push(Discount::FreeShipping),
            "gift-wrap" => order.extras |= Extras::GIFT_WRAP,
            "express" => order.extras |= Extras::EXPRESS,
            "insured" => order.extras |= Extras::INSURED,
            "note" => order.note = Some(value.to_string()),
            _ => return Err(format!("unknown parameter '{name}'")),
        }
    }
    Ok(order)
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("'{text}' is no number that fits"))
}

fn product(product: &Product) -> String {
    object(&[
        ("sku", text(&product.sku)),
        ("price", money(&product.price)),
        ("kilograms", product.weight.map_or("null".to_string(), |weight| weight.to_string())),
        ("tags", list(product.tags.iter().map(|tag| text(tag)))),
    ])
}

fn quoted(quote: &Quote) -> String {
    let line = |line: &pricing::Line| {
        object(&[
            ("sku", text(&line.sku)),
            ("quantity", line.quantity.to_string()),
            ("total", money(&line.total)),
        ])
    };
    let remark = |(sku, words): &(String, String)| match sku.as_str() {
        "" => text(words),
        _ => text(&format!("{sku}: {words}")),
    };
    object(&[
        ("lines", list(quote.lines.iter().map(line))),
        ("goods", money(&quote.goods)),
        ("discount", money(&quote.discount)),
        ("shipping", money(&quote.shipping)),
        ("total", money(&quote.total)),
        ("remarks", list(quote.remarks.iter().map(remark))),
    ])
}

fn refused(refusal: &Refusal) -> String {
    let words = match refusal {
        Refusal::Empty => "the order is empty".to_string(),
        Refusal::UnknownProduct(sku) => format!("no product '{sku}'"),
        Refusal::UnknownCoupon(code) => format!("no coupon '{code}'"),
        Refusal::BadDiscount(discount) => format!("no such discount: {discount:?}"),
        Refusal::MixedCurrencies((one, other)) => format!("{} and {} in one order", code(*one), code(*other)),
        Refusal::TooMany(most) => format!("at most {most} of one product"),
    };
    object(&[("error", text(&words))])
}

fn money(money: &Money) -> String {
    let sign = if money.cents < 0 { "-" } else { "" };
    let cents = money.cents.unsigned_abs();
    text(&format!("{sign}{}.{:02} {}", cents / 100, cents % 100, code(money.currency)))
}

fn code(currency: Currency) -> &'static str {
    match currency {
        Currency::Eur => "EUR",
        Currency::Usd => "USD",
    }
}

fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn list(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(","))
}

fn text(text: &str) -> String {
    let mut json = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            letter if letter < ' ' => json.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => json.push(letter),
        }
    }
    json.push('"');
    json
}

fn respond(out: ResponseOutparam, status: u16, json: &str) {
    let headers = Fields::from_list(&[("content-type".to_string(), b"application/json".to_vec())])
        .expect("headers that HTTP allows");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("a status that HTTP allows");
    let body = response.body().expect("a body not taken yet");
    ResponseOutparam::set(out, Ok(response));
    // One write takes at most 4096 bytes. A caller that went away is no error of this actor's.
    if let Ok(stream) = body.write() {
        for piece in json.as_bytes().chunks(4096) {
            if stream.blocking_write_and_flush(piece).is_err() {
                break;
            }
        }
    }
    let _ = OutgoingBody::finish(body, None);
}

export!(Front);
