//! The pay database's interface, read list by list.

mod link;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use fairwork::reading::{AnswerError, AnswerList, Expected, FileReport, Rows, read};
use fairwork::{Sheet, award_code, award_number};
use serde::Deserialize;

use self::link::Link;
use crate::telemetry::SYSTEM_AUTHORITIES;

/// How often a list that changed while it was read is begun anew.
const BEGINNINGS_MAX: u32 = 3;
/// Results of a page: the most that the interface gives.
const LIMIT: u32 = 100;

/// Where the interface is, and how it is asked.
#[derive(Debug, Args)]
pub(super) struct Api {
    /// Read from the pay database's interface, or from another box's mirror of it, in place of files
    #[arg(
        long = "api",
        value_name = "URL",
        conflicts_with_all = ["award", "classification", "wage_allowance", "expense_allowance", "penalty"]
    )]
    url: Option<String>,
    /// The file with the subscription key (a box's mirror takes an API key)
    #[arg(long, value_name = "FILE", requires = "url")]
    key_file: Option<PathBuf>,
    /// The least time between two requests
    #[arg(long, value_name = "MS", default_value_t = 200, requires = "url")]
    pace_ms: u64,
    /// Leave penalties out: they are most of the pages
    #[arg(long, requires = "url")]
    no_penalties: bool,
    /// Keep every list that was read whole here, and do not ask again for one that is there
    #[arg(long, value_name = "DIR", requires = "url")]
    keep: Option<PathBuf>,
    /// PEM file of the authorities that vouch for the server, in place of the system's
    #[arg(long, value_name = "FILE", requires = "url")]
    authorities: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Listed {
    award_fixed_id: u32,
    code: String,
}

/// A crawl: the connection, and which form of an award's id the server knows.
struct Crawl<'a> {
    link: Link,
    keep: Option<&'a Path>,
    is_by_id: bool,
}

impl Api {
    /// Whether the interface is to be read.
    pub(super) const fn is_wanted(&self) -> bool {
        self.url.is_some()
    }

    /// Reads everything of every award, or of the one.
    pub(super) fn read(
        &self,
        year: Option<u32>,
        of_award: Option<u32>,
    ) -> Result<(Rows, Vec<FileReport>)> {
        let url = self.url.as_deref().context("--api is not given")?;
        let key = match &self.key_file {
            None => None,
            Some(file) => {
                let text = fs::read_to_string(file);
                Some(text.with_context(|| format!("--key-file {}", file.display()))?)
            }
        };
        let authorities = match &self.authorities {
            Some(file) => vec![file.clone()],
            None => SYSTEM_AUTHORITIES.map(PathBuf::from).to_vec(),
        };
        if let Some(folder) = &self.keep {
            fs::create_dir_all(folder).with_context(|| format!("--keep {}", folder.display()))?;
        }
        let link =
            Link::new(url, key.as_deref(), &authorities, Duration::from_millis(self.pace_ms))?;
        let mut crawl = Crawl { link, keep: self.keep.as_deref(), is_by_id: false };
        let awards = crawl.awards(of_award)?;
        let (mut rows, mut reports, count) = (Rows::default(), Vec::new(), awards.len());
        for (at, (number, fixed_id)) in awards.into_iter().enumerate() {
            let code = award_code(number);
            for (sheet, list) in crawl.lists(&code, fixed_id, !self.no_penalties)? {
                let mut list = list;
                if let Some(year) = year {
                    list.retain_year(year).with_context(|| code.clone())?;
                }
                let file = format!("{code} {}", sheet.name());
                let expected = Expected { file: &file, sheet, year: None, award: Some(number) };
                let (good, report) = read(expected, &list.json());
                rows.append(good);
                reports.push(report);
            }
            let Link { asked, again, .. } = &crawl.link;
            eprintln!("{code}: {} of {count} awards read, {asked} requests, {again} again", at + 1);
        }
        Ok((rows, reports))
    }
}

impl Crawl<'_> {
    /// Numbers and fixed ids of the awards.
    fn awards(&mut self, only: Option<u32>) -> Result<BTreeMap<u32, u32>> {
        let list = self.list("awards", "awards")?.context("the server has no awards")?;
        let listed: Vec<Listed> =
            serde_json::from_slice(&list.json()).context("awards: a result has no code")?;
        let mut awards = BTreeMap::new();
        for it in listed {
            let number = award_number(&it.code)
                .with_context(|| format!("awards: {:?} is not a code such as MA000004", it.code))?;
            if only.is_none_or(|it| it == number) {
                awards.insert(number, it.award_fixed_id);
            }
        }
        if let (Some(only), true) = (only, awards.is_empty()) {
            bail!("--of-award: the server has no award {}", award_code(only));
        }
        Ok(awards)
    }

    /// Every list of an award, by the table that it is.
    fn lists(
        &mut self,
        code: &str,
        fixed_id: u32,
        with_penalties: bool,
    ) -> Result<Vec<(Sheet, AnswerList)>> {
        let mut all = vec![(Sheet::Award, self.of_award(code, fixed_id, "")?)];
        let classifications = self.of_award(code, fixed_id, "/classifications")?;
        let rates = self.of_award(code, fixed_id, "/pay-rates")?;
        let rates =
            rates.with_classifications(&classifications).with_context(|| code.to_owned())?;
        all.push((Sheet::Classification, rates));
        all.push((Sheet::WageAllowance, self.of_award(code, fixed_id, "/wage-allowances")?));
        all.push((Sheet::ExpenseAllowance, self.of_award(code, fixed_id, "/expense-allowances")?));
        if with_penalties {
            all.push((Sheet::Penalty, self.of_award(code, fixed_id, "/penalties")?));
        }
        Ok(all)
    }

    /// A list of an award by its code; by its fixed id where the server does not know codes.
    fn of_award(&mut self, code: &str, fixed_id: u32, list: &str) -> Result<AnswerList> {
        let name = format!("{code}{}", list.replace('/', "."));
        if !self.is_by_id
            && let Some(found) = self.list(&name, &format!("awards/{code}{list}"))?
        {
            return Ok(found);
        }
        let path = format!("awards/{fixed_id}{list}");
        match self.list(&name, &path)? {
            Some(found) => {
                self.is_by_id = true;
                Ok(found)
            }
            None if list.is_empty() => bail!("the server knows neither awards/{code} nor {path}"),
            None => {
                eprintln!("{path}: the server has none");
                Ok(AnswerList::default())
            }
        }
    }

    /// A whole list, from the folder or from the server; `None` when the server has none.
    fn list(&mut self, name: &str, path: &str) -> Result<Option<AnswerList>> {
        let kept = self.keep.map(|it| it.join(format!("{name}.json")));
        if let Some(file) = kept.as_ref().filter(|it| it.exists()) {
            let text = fs::read(file).with_context(|| file.display().to_string())?;
            let list = AnswerList::of_json(&text);
            return Ok(Some(list.with_context(|| format!("{}: delete it", file.display()))?));
        }
        for beginning in 1.. {
            match self.pages(path)? {
                None => return Ok(None),
                Some(Ok(list)) => {
                    if let Some(file) = kept {
                        // A list that is there is whole.
                        let unfinished = file.with_extension("new");
                        fs::write(&unfinished, list.json())
                            .and_then(|()| fs::rename(&unfinished, &file))
                            .with_context(|| file.display().to_string())?;
                    }
                    return Ok(Some(list));
                }
                Some(Err(error)) if error.is_moved() && beginning < BEGINNINGS_MAX => {
                    eprintln!("{path}: {error}: read anew");
                }
                Some(Err(error)) => return Err(error).with_context(|| path.to_owned()),
            }
        }
        unreachable!("the last beginning returns")
    }

    fn pages(&mut self, path: &str) -> Result<Option<Result<AnswerList, AnswerError>>> {
        let mut list = AnswerList::default();
        loop {
            let page = list.next_page();
            let Some(answer) = self.link.get(&format!("{path}?page={page}&limit={LIMIT}"))? else {
                return Ok(None);
            };
            match list.take(&answer) {
                Ok(true) => {}
                Ok(false) => return Ok(Some(Ok(list))),
                Err(error) => return Ok(Some(Err(error))),
            }
        }
    }
}
