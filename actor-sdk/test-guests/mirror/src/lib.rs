//! Values of every type, there and back: for tests that compare this host with others.

wit_bindgen::generate!({ path: "wit", world: "mirror" });

use exports::trellis::mirror::values::{Color, Few, Guest, Many, Mixed, Numbers, Tree};
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

struct Mirror;

impl Guest for Mirror {
    fn same_numbers(value: Numbers) -> Numbers {
        value
    }

    fn same_mixed(value: Mixed) -> Mixed {
        value
    }

    fn same_tree(value: Tree) -> Tree {
        value
    }

    fn same_color(value: Color) -> Color {
        value
    }

    fn same_options(value: Option<Option<Option<u32>>>) -> Option<Option<Option<u32>>> {
        value
    }

    fn same_result(value: Result<Vec<u8>, String>) -> Result<Vec<u8>, String> {
        value
    }

    fn same_results(value: Vec<Result<Option<i16>, (char, bool)>>) -> Vec<Result<Option<i16>, (char, bool)>> {
        value
    }

    fn same_bools(value: Vec<bool>) -> Vec<bool> {
        value
    }

    fn same_s8s(value: Vec<i8>) -> Vec<i8> {
        value
    }

    fn same_u8s(value: Vec<u8>) -> Vec<u8> {
        value
    }

    fn same_s16s(value: Vec<i16>) -> Vec<i16> {
        value
    }

    fn same_u16s(value: Vec<u16>) -> Vec<u16> {
        value
    }

    fn same_s32s(value: Vec<i32>) -> Vec<i32> {
        value
    }

    fn same_u32s(value: Vec<u32>) -> Vec<u32> {
        value
    }

    fn same_s64s(value: Vec<i64>) -> Vec<i64> {
        value
    }

    fn same_u64s(value: Vec<u64>) -> Vec<u64> {
        value
    }

    fn same_f32s(value: Vec<f32>) -> Vec<f32> {
        value
    }

    fn same_f64s(value: Vec<f64>) -> Vec<f64> {
        value
    }

    fn same_chars(value: Vec<char>) -> Vec<char> {
        value
    }

    fn same_strings(value: Vec<String>) -> Vec<String> {
        value
    }

    fn same_lists(value: Vec<Vec<Vec<u16>>>) -> Vec<Vec<Vec<u16>>> {
        value
    }

    fn same_flags(few: Few, many: Many) -> (Many, Few) {
        (many, few)
    }

    fn same_bare_result(ok: bool) -> Result<(), ()> {
        if ok { Ok(()) } else { Err(()) }
    }

    fn sum(
        a: u8,
        b: u16,
        c: u32,
        d: u64,
        e: i8,
        f: i16,
        g: i32,
        h: i64,
        i: String,
        j: Vec<u8>,
        k: Vec<String>,
        l: Option<u64>,
        m: f32,
        n: f64,
        o: char,
        p: bool,
    ) -> (u64, String) {
        let numbers = [u64::from(a), u64::from(b), u64::from(c), d, e as u64, f as u64, g as u64, h as u64];
        let bytes = j.iter().map(|byte| u64::from(*byte));
        let sum = numbers.into_iter().chain(bytes).chain(l).fold(0_u64, u64::wrapping_add);
        (sum, format!("{i}|{}|{m}|{n}|{o}|{p}", k.join(",")))
    }

    fn reversed(text: String) -> String {
        text.chars().rev().collect()
    }

    fn letters(text: String) -> Vec<(char, u32)> {
        text.chars().map(|letter| (letter, u32::from(letter))).collect()
    }

    fn range(values: Vec<f64>) -> (Option<f64>, Option<f64>, u32) {
        let numbers = || values.iter().copied().filter(|value| !value.is_nan());
        (
            numbers().reduce(|a, b| if b < a { b } else { a }),
            numbers().reduce(|a, b| if b > a { b } else { a }),
            (values.len() - numbers().count()) as u32,
        )
    }

    fn strings(count: u32) -> Vec<String> {
        (0..count as usize).map(|length| "abcdefghij".chars().cycle().take(length).collect()).collect()
    }

    fn divide(dividend: i32, divisor: i32) -> i32 {
        dividend / divisor
    }

    fn at(values: Vec<u32>, index: u32) -> u32 {
        values[index as usize]
    }

    fn unreachable(unless: bool) -> String {
        if unless { "reached".to_string() } else { unreachable!() }
    }

    fn deep(levels: u32) -> u32 {
        if black_box(levels) == 0 { 0 } else { Self::deep(levels - 1) + black_box(1) }
    }

    fn allocate(bytes: u64) -> u64 {
        black_box(vec![1_u8; usize::try_from(bytes).expect("no more than there is")]).len() as u64
    }

    fn count() -> u32 {
        COUNT.fetch_add(1, Ordering::Relaxed) + 1
    }
}

export!(Mirror);
