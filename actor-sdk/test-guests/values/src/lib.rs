//! One call with five strings and lists, for the benchmark of calls.

wit_bindgen::generate!({ path: "values.wit", world: "guest" });

use exports::trellis::values::values::Guest;

struct Values;

impl Guest for Values {
    fn describe(name: String, tags: Vec<String>, sizes: Vec<u32>, data: Vec<u8>, note: String) -> String {
        let sum = sizes.iter().fold(0u64, |sum, size| sum + u64::from(*size));
        let mut line = name;
        for tag in &tags {
            line.push(' ');
            line.push_str(tag);
        }
        line.push_str(&note);
        line.push((b'a' + ((sum + data.len() as u64) % 26) as u8) as char);
        line
    }
}

export!(Values);
