//! Prices orders: the actor behind `acme:shop/pricing`. It needs nothing of its host.

wit_bindgen::generate!({
    path: "../wit",
    world: "pricer",
    additional_derives: [Clone],
});

use exports::acme::shop::pricing::{
    Currency, Discount, Extras, Guest, Item, Line, Money, Order, Product, Quote, Refusal,
};

const QUANTITY_MAX: u32 = 10_000;
const SHIPPING_CENTS: i64 = 490;
const SHIPPING_CENTS_PER_KILOGRAM: f64 = 50.0;
const GIFT_WRAP_CENTS: i64 = 250;
const EXPRESS_CENTS: i64 = 900;

struct Pricer;

impl Guest for Pricer {
    fn catalogue() -> Vec<Product> {
        vec![
            product("apple", Currency::Eur, 50, Some(0.2), &["fruit", "fresh"]),
            product("boat", Currency::Usd, 1_999_900, Some(350.5), &[]),
            product("e-book", Currency::Eur, 1_299, None, &["digital"]),
            product("pear", Currency::Eur, 65, Some(0.25), &["fruit", "fresh"]),
            product("straße-map", Currency::Eur, 899, Some(0.1), &["paper", "füßgänger"]),
        ]
    }

    fn find(sku: String) -> Option<Product> {
        Self::catalogue().into_iter().find(|product| product.sku == sku)
    }

    fn price(order: Order) -> Result<Quote, Refusal> {
        let (lines, currency, kilograms) = lines(&order.items)?;
        let goods: i64 = lines.iter().map(|line| line.total.cents).sum();

        let mut discount = 0_i64;
        let mut free_shipping = false;
        for asked in &order.discounts {
            match asked {
                Discount::Percent(percent) if *percent <= 100 => {
                    discount = discount.saturating_add(goods * i64::from(*percent) / 100);
                }
                Discount::Amount(money) if money.cents >= 0 => {
                    if money.currency != currency {
                        return Err(Refusal::MixedCurrencies((currency, money.currency)));
                    }
                    discount = discount.saturating_add(money.cents);
                }
                Discount::Coupon(code) => match code.as_str() {
                    "SAVE10" => discount = discount.saturating_add(goods / 10),
                    _ => return Err(Refusal::UnknownCoupon(code.clone())),
                },
                Discount::FreeShipping => free_shipping = true,
                Discount::Percent(_) | Discount::Amount(_) => return Err(Refusal::BadDiscount(asked.clone())),
            }
        }
        let discount = discount.min(goods);
        let (shipping, remarks) = shipping(&order, kilograms, free_shipping);

        let money = |cents| Money { currency, cents };
        Ok(Quote {
            lines,
            goods: money(goods),
            discount: money(discount),
            shipping: money(shipping),
            total: money(goods - discount + shipping),
            remarks,
        })
    }
}

/// The lines of an order, their one currency, and the weight of what is sent by post; none where nothing is.
fn lines(items: &[Item]) -> Result<(Vec<Line>, Currency, Option<f64>), Refusal> {
    let mut lines = Vec::with_capacity(items.len());
    let mut currency = None;
    let mut kilograms = None;
    for Item { sku, quantity } in items {
        let product = Pricer::find(sku.clone()).ok_or_else(|| Refusal::UnknownProduct(sku.clone()))?;
        if *quantity > QUANTITY_MAX {
            return Err(Refusal::TooMany(QUANTITY_MAX));
        }
        let first = *currency.get_or_insert(product.price.currency);
        if first != product.price.currency {
            return Err(Refusal::MixedCurrencies((first, product.price.currency)));
        }
        if let Some(weight) = product.weight {
            *kilograms.get_or_insert(0.0) += weight * f64::from(*quantity);
        }
        let cents = product.price.cents * i64::from(*quantity);
        lines.push(Line { sku: sku.clone(), quantity: *quantity, total: Money { currency: first, cents } });
    }
    Ok((lines, currency.ok_or(Refusal::Empty)?, kilograms))
}

fn shipping(order: &Order, kilograms: Option<f64>, free: bool) -> (i64, Vec<(String, String)>) {
    let mut cents = 0;
    let mut remarks = Vec::new();
    match kilograms {
        Some(_) if free => remarks.push(("".to_string(), "shipping is free".to_string())),
        Some(kilograms) => cents += SHIPPING_CENTS + (kilograms * SHIPPING_CENTS_PER_KILOGRAM).round() as i64,
        None => remarks.push(("".to_string(), "nothing to send by post".to_string())),
    }
    if order.extras.contains(Extras::EXPRESS) {
        cents += EXPRESS_CENTS;
    }
    if order.extras.contains(Extras::INSURED) {
        cents += cents / 10;
    }
    if order.extras.contains(Extras::GIFT_WRAP) {
        for item in &order.items {
            cents += GIFT_WRAP_CENTS;
            remarks.push((item.sku.clone(), "gift-wrapped".to_string()));
        }
    }
    (cents, remarks)
}

fn product(sku: &str, currency: Currency, cents: i64, weight: Option<f64>, tags: &[&str]) -> Product {
    Product {
        sku: sku.to_string(),
        price: Money { currency, cents },
        weight,
        tags: tags.iter().map(|tag| tag.to_string()).collect(),
    }
}

export!(Pricer);
