//! Large answers in small rows: JSON text, compressed.

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use serde_json::Value;

/// Largest answer that is kept, as JSON text. A loan of 360 instalments with all that belongs to it has about 0.6 MiB.
pub const JSON_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The same, as the text in JSON that a function hands to Lambda, which takes 6 MB: each quote and backslash is two bytes there.
pub const ESCAPED_BYTES_MAX: usize = 11 * 512 * 1024;
/// Largest answer, compressed: the row has to fit into an item of the table.
pub const PACKED_BYTES_MAX: usize = 256 * 1024;
/// Up to here an answer stays as it is: it is read by releases that know no compressed ones, and there is little to save.
const PLAIN_BYTES_MAX: usize = 4 * 1024;
/// zlib's own middle between time and size.
const LEVEL: u8 = 6;

/// An answer as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// As JSON text.
    Plain(String),
    /// As JSON text in the zlib format.
    Packed(Vec<u8>),
}

/// The answer as it is stored.
pub fn store(answer: &Value) -> Stored {
    let text = answer.to_string();
    if text.len() <= PLAIN_BYTES_MAX {
        Stored::Plain(text)
    } else {
        Stored::Packed(compress_to_vec_zlib(text.as_bytes(), LEVEL))
    }
}

/// The JSON text of what was stored compressed, unless it is damaged or larger than anything that is kept.
pub fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    decompress_to_vec_zlib_with_limit(packed, JSON_BYTES_MAX).ok()
}

/// Whether an answer can be kept and told.
pub fn fits(answer: &Value) -> bool {
    let text = answer.to_string();
    let escapes = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    text.len() <= JSON_BYTES_MAX
        && text.len() + escapes <= ESCAPED_BYTES_MAX
        && (text.len() <= PLAIN_BYTES_MAX || compress_to_vec_zlib(text.as_bytes(), LEVEL).len() <= PACKED_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::digest::{derived_uuid, hex};

    /// A text that cannot be made much smaller than half of its length.
    fn chance(bytes: usize) -> String {
        let parts = (0_u64..).map(|number| hex(derived_uuid(&[&number.to_be_bytes()]).as_bytes()));
        let mut text: String = parts.take(bytes / 32 + 1).collect();
        text.truncate(bytes);
        text
    }

    #[test]
    fn what_is_stored_is_read_again_digit_by_digit() {
        for (size, plain) in [(0, true), (4_000, true), (5_000, false), (1_000_000, false)] {
            let text = format!(r#"{{"a":0.10,"b":1e400,"c":"\u0000","d":"{}"}}"#, "y".repeat(size));
            let answer: Value = serde_json::from_str(&text).unwrap();
            let read = match store(&answer) {
                Stored::Plain(text) => (true, text.into_bytes()),
                Stored::Packed(bytes) => (false, unpack(&bytes).unwrap()),
            };
            assert_eq!(read, (plain, answer.to_string().into_bytes()), "{size}");
        }
    }

    #[test]
    fn what_is_damaged_is_not_read() {
        let Stored::Packed(bytes) = store(&json!("y".repeat(100_000))) else {
            panic!("it is large");
        };
        assert!(unpack(&bytes[..bytes.len() - 1]).is_none());
        let mut other = bytes.clone();
        *other.last_mut().unwrap() ^= 1;
        assert!(unpack(&other).is_none(), "the sum of what is there is wrong");
        let bomb = compress_to_vec_zlib(&vec![b' '; JSON_BYTES_MAX + 1], LEVEL);
        assert!(unpack(&bomb).is_none());
        assert!(unpack(&[]).is_none());
    }

    #[test]
    fn an_answer_fits_if_the_row_holds_it_and_lambda_tells_it() {
        for (what, answer, fits_in) in [
            ("a small one", json!({}), true),
            ("4 MiB", json!("y".repeat(JSON_BYTES_MAX - 2)), true),
            ("more", json!("y".repeat(JSON_BYTES_MAX - 1)), false),
            ("3 MB of quotes alone", json!(vec![""; 1_000_000]), true),
            ("4 MB of quotes alone", json!(vec![""; 1_200_000]), false),
            ("what cannot be compressed", json!(chance(600_000)), false),
            ("less of it", json!(chance(400_000)), true),
        ] {
            assert_eq!(fits(&answer), fits_in, "{what}");
        }
    }
}
