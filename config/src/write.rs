//! A configuration file for a new data directory.

use std::fmt::Write;

use crate::error::Place;
use crate::layer::Setting;
use crate::load::Loaded;

/// The text of a `quoin.toml`: the documented defaults, each commented out, and the values that
/// differ from them because a file, a variable or a flag said so. The data directory is left out:
/// the file lies in it.
pub fn file_text(loaded: &Loaded) -> String {
    let mut text = String::from(
        "# Configuration of this data directory. Lines that begin with `#` show the defaults.\n",
    );
    let mut section = String::new();
    for line in crate::DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
        }
        // The head of the defaults and the data directory belong to the defaults alone.
        if section.is_empty() || section == "data" {
            continue;
        }
        let key = line.split_once(" = ").map(|(key, _)| format!("{section}.{key}"));
        let written = match (line, key) {
            (line, Some(key)) if !line.starts_with('#') => match chosen(loaded, &key) {
                Some(setting) => writeln!(text, "{} = {}", own_name(&key), setting.value),
                None => writeln!(text, "# {line}"),
            },
            (line, _) => writeln!(text, "{line}"),
        };
        written.expect("text grows");
    }
    text
}

fn chosen<'a>(loaded: &'a Loaded, key: &str) -> Option<&'a Setting> {
    loaded.settings.iter().find(|it| it.key == key && it.place != Place::Default)
}

/// The key inside its section.
fn own_name(key: &str) -> &str {
    key.split_once('.').map_or(key, |(_, name)| name)
}
