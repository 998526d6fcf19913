//! Reading the layers, the later over the earlier.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use serde::Deserialize;
use toml::{Table, Value};

use crate::check::Checker;
use crate::checked::Config;
use crate::error::{ConfigError, Place};
use crate::layer::{self, Setting};
use crate::raw::Raw;

/// The configuration file's name inside a data directory.
pub const FILE_NAME: &str = "quoin.toml";

/// The most cores that a box runs.
const CORES_MAX: u16 = 256;
const DATA_KEY: &str = "data.directory";

/// A key that was set on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The key, one of those in `default.toml`.
    pub key: &'static str,
    /// The flag's name, such as `--http`.
    pub name: &'static str,
    /// The value as it was typed.
    pub text: String,
}

/// What is laid over the defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The file given with `--config`. Without it, `quoin.toml` in the data directory is read if it
    /// exists.
    pub file: Option<PathBuf>,
    /// The environment; variables that do not begin with `QUOIN_` are not looked at.
    pub environment: Vec<(String, String)>,
    /// The command line.
    pub flags: Vec<Flag>,
}

/// A configuration with the origin of each value.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The checked configuration.
    pub config: Config,
    /// Every key once, in the order of `default.toml`, with the value that won.
    pub settings: Vec<Setting>,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

/// Reads and checks all layers.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut settings = layer::defaults();
    let environment = layer::environment(&sources.environment, &settings)?;
    let flags = flags(&sources.flags, &settings)?;

    let (file, from_file) = if let Some(path) = &sources.file {
        (Some(path.clone()), file(path, &settings)?)
    } else {
        // The data directory decides which file is read, so it comes from the other layers.
        let later = environment.iter().chain(&flags).rev();
        let data = later.chain(&settings).find(|it| it.key == DATA_KEY);
        let data = data.and_then(|it| it.value.as_str()).unwrap_or_default();
        inside(Path::new(data), &settings)?
    };

    for setting in from_file.into_iter().chain(environment).chain(flags) {
        if let Some(place) = settings.iter_mut().find(|it| it.key == setting.key) {
            *place = setting;
        }
    }
    let raw =
        Raw::deserialize(tree(&settings)).expect("every layer was checked against the defaults");
    let cores_available = thread::available_parallelism()
        .map_or(1, |cores| u16::try_from(cores.get()).unwrap_or(CORES_MAX).min(CORES_MAX));
    let config = Checker { settings: &settings, cores_available }.config(&raw)?;
    Ok(Loaded { config, settings, file })
}

fn flags(flags: &[Flag], known: &[Setting]) -> Result<Vec<Setting>, ConfigError> {
    let setting = |flag: &Flag| {
        let default = known.iter().find(|it| it.key == flag.key);
        let default = default.expect("a flag's key is written in the program and exists");
        layer::typed(default, &flag.text, Place::Flag(flag.name))
    };
    flags.iter().map(setting).collect()
}

fn file(path: &Path, known: &[Setting]) -> Result<Vec<Setting>, ConfigError> {
    let text = fs::read_to_string(path)
        .map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
    layer::file(&text, path, known)
}

/// The file inside a data directory, and its settings: none when it does not exist.
fn inside(data: &Path, known: &[Setting]) -> Result<(Option<PathBuf>, Vec<Setting>), ConfigError> {
    let path = data.join(FILE_NAME);
    let settings = match file(&path, known) {
        Err(ConfigError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok((None, Vec::new()));
        }
        settings => settings?,
    };
    if let Some(setting) = settings.iter().find(|it| it.key == DATA_KEY) {
        return Err(ConfigError::DirectoryInside { place: setting.place.clone() });
    }
    Ok((Some(path), settings))
}

fn tree(settings: &[Setting]) -> Value {
    let mut tree = Table::new();
    for setting in settings {
        let (section, key) = setting.key.split_once('.').expect("every key lies in a section");
        let section = tree.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Some(section) = section.as_table_mut() {
            section.insert(key.to_owned(), setting.value.clone());
        }
    }
    Value::Table(tree)
}
