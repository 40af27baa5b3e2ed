// The pricer of the shop in JavaScript: exports acme:shop/pricing as samples/shop/pricing does, and answers the same
// up to amounts of 2^53: the runtime has no other numbers.

const QUANTITY_MAX = 10_000;
const SHIPPING_CENTS = 490;
const SHIPPING_CENTS_PER_KILOGRAM = 50;
const GIFT_WRAP_CENTS = 250;
const EXPRESS_CENTS = 900;

const product = (sku, currency, cents, weight, tags) => ({ sku, price: { currency, cents }, weight, tags });

const CATALOGUE = [
  product('apple', 'eur', 50, 0.2, ['fruit', 'fresh']),
  product('boat', 'usd', 1_999_900, 350.5, []),
  product('e-book', 'eur', 1_299, null, ['digital']),
  product('pear', 'eur', 65, 0.25, ['fruit', 'fresh']),
  product('straße-map', 'eur', 899, 0.1, ['paper', 'füßgänger']),
];

const find = (sku) => CATALOGUE.find((one) => one.sku === sku) ?? null;

// An error of the interface is what is thrown: the runtime makes the result's error of it.
const refuse = (tag, val) => {
  throw { tag, val };
};

function lines(items) {
  const lines = [];
  let currency;
  let kilograms;
  for (const { sku, quantity } of items) {
    const found = find(sku) ?? refuse('unknown-product', sku);
    if (quantity > QUANTITY_MAX) {
      refuse('too-many', QUANTITY_MAX);
    }
    currency ??= found.price.currency;
    if (currency !== found.price.currency) {
      refuse('mixed-currencies', [currency, found.price.currency]);
    }
    if (found.weight !== null) {
      kilograms = (kilograms ?? 0) + found.weight * quantity;
    }
    lines.push({ sku, quantity, total: { currency, cents: found.price.cents * quantity } });
  }
  return { lines, currency: currency ?? refuse('empty'), kilograms };
}

function discounted(discounts, goods, currency) {
  let cents = 0;
  let freeShipping = false;
  for (const discount of discounts) {
    const { tag, val } = discount;
    if (tag === 'percent' && val <= 100) {
      cents += Math.trunc((goods * val) / 100);
    } else if (tag === 'amount' && val.cents >= 0) {
      if (val.currency !== currency) {
        refuse('mixed-currencies', [currency, val.currency]);
      }
      cents += val.cents;
    } else if (tag === 'coupon') {
      cents += val === 'SAVE10' ? Math.trunc(goods / 10) : refuse('unknown-coupon', val);
    } else if (tag === 'free-shipping') {
      freeShipping = true;
    } else {
      refuse('bad-discount', discount);
    }
  }
  return { cents: cents < goods ? cents : goods, freeShipping };
}

function shipping(order, kilograms, free) {
  let cents = 0;
  const remarks = [];
  if (kilograms === undefined) {
    remarks.push(['', 'nothing to send by post']);
  } else if (free) {
    remarks.push(['', 'shipping is free']);
  } else {
    cents += SHIPPING_CENTS + Math.round(kilograms * SHIPPING_CENTS_PER_KILOGRAM);
  }
  if (order.extras.express) {
    cents += EXPRESS_CENTS;
  }
  if (order.extras.insured) {
    cents += Math.trunc(cents / 10);
  }
  if (order.extras.giftWrap) {
    for (const { sku } of order.items) {
      cents += GIFT_WRAP_CENTS;
      remarks.push([sku, 'gift-wrapped']);
    }
  }
  return { cents, remarks };
}

function price(order) {
  const { lines: priced, currency, kilograms } = lines(order.items);
  const goods = priced.reduce((sum, line) => sum + line.total.cents, 0);
  const discount = discounted(order.discounts, goods, currency);
  const { cents, remarks } = shipping(order, kilograms, discount.freeShipping);
  const money = (amount) => ({ currency, cents: amount });
  return {
    lines: priced,
    goods: money(goods),
    discount: money(discount.cents),
    shipping: money(cents),
    total: money(goods - discount.cents + cents),
    remarks,
  };
}

export const pricing = { catalogue: () => CATALOGUE, find, price };
