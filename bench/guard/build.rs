//! Tells the program what it was built by and as: counts of another compiler or profile are others.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("--version").output().ok();
    let version = version.and_then(|it| String::from_utf8(it.stdout).ok()).unwrap_or_default();
    println!("cargo::rustc-env=GUARD_COMPILER={}", version.trim());
    // `target/PROFILE/build/guard-HASH/out`: cargo tells a profile of one's own by nothing else.
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    let folder = Path::new(&out).ancestors().nth(3).and_then(Path::file_name);
    let profile = folder.map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    println!("cargo::rustc-env=GUARD_PROFILE={profile}");
}
