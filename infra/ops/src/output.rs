//! What a command answers: lines and tables for people, JSON for programs.

use std::io::{self, Write};

use serde_json::Value;

/// What stands for nothing in a table.
pub(crate) const NOTHING: &str = "-";

/// An answer in both forms.
pub(crate) struct Output {
    /// For people.
    pub(crate) text: String,
    /// For programs.
    pub(crate) json: Value,
}

impl Output {
    /// Writes it to standard output.
    pub(crate) fn print(&self, json: bool) {
        let mut out = io::stdout().lock();
        // A reader that went away (`| head`) is no reason to fail.
        let _ = if json {
            writeln!(out, "{}", self.json)
        } else {
            writeln!(out, "{}", self.text.trim_end())
        }
        .and_then(|()| out.flush());
    }
}

/// Rows below their heads, in columns as wide as they must be.
pub(crate) fn table<const COLUMNS: usize>(heads: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    let mut widths = heads.map(|head| head.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in std::iter::once(&heads.map(str::to_owned)).chain(rows) {
        let cells = row.iter().zip(widths).map(|(cell, width)| {
            let blanks = width.saturating_sub(cell.chars().count());
            // What was stored must not move the terminal's cursor.
            let shown = cell
                .chars()
                .map(|c| if c.is_control() { '?' } else { c })
                .collect::<String>();
            format!("{shown}{}", " ".repeat(blanks))
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let rows = [
            ["a".to_owned(), "ü\u{1b}".to_owned()],
            ["long".to_owned(), "b".to_owned()],
        ];
        assert_eq!(table(["ONE", "TWO"], &rows), "ONE   TWO\na     ü?\nlong  b\n");
    }
}
