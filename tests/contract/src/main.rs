//! `cargo run -p contract`: writes `docs/openapi.json` anew.

use std::{fs, io};

fn main() -> io::Result<()> {
    let file = contract::description();
    fs::write(&file, contract::openapi::text())?;
    println!("{}", file.display());
    Ok(())
}
