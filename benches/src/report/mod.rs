//! A run's results as its readers meet them: a table in the terminal, a section of a page, and pictures.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::results::Results;

mod figure;
pub mod markdown;
pub mod plot;
#[cfg(test)]
mod sample;
pub mod table;

/// Keeps the results: as `results.json` and as plots in the folder, and as a section of the page.
///
/// The folder is made if need be and has to lie below the page's own, because the page links to the plots by relative
/// paths. Plots of earlier runs that this one no longer makes are removed.
///
/// # Errors
/// A file cannot be read or written, or the page lacks the [markers](markdown::replace) of its section. The figures are
/// written first, so that they survive a page that is not fit for them.
pub fn write(results: &Results, folder: &Path, page: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let json = serde_json::to_string_pretty(results)?;
    store(&folder.join("results.json"), &format!("{json}\n"))?;

    let plots = plot::plots(results)?;
    for (name, svg) in &plots {
        store(&folder.join(name), svg)?;
    }
    for path in stale(folder, &plots)? {
        fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
    }

    let section = markdown::section(results, &link(folder, page)?);
    let text = fs::read_to_string(page).with_context(|| format!("reading {}", page.display()))?;
    let text = markdown::replace(&text, &section).with_context(|| format!("writing into {}", page.display()))?;
    store(page, &text)
}

/// The results that an earlier [`write`] has kept in that file.
///
/// # Errors
/// The file cannot be read or holds something else.
pub fn read(path: &Path) -> Result<Results> {
    let json = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&json).with_context(|| format!("{} holds no results", path.display()))
}

fn store(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// The plots in the folder that are none of these.
fn stale(folder: &Path, plots: &[(String, String)]) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        let is_plot = path.extension().is_some_and(|extension| extension == "svg");
        let is_kept = plots.iter().any(|(name, _)| path.ends_with(name));
        if is_plot && !is_kept {
            stale.push(path);
        }
    }
    Ok(stale)
}

/// The folder as a link from the page.
fn link(folder: &Path, page: &Path) -> Result<String> {
    let home = page.parent().context("the page has no folder")?;
    let path = folder
        .strip_prefix(home)
        .with_context(|| format!("{} is not below the folder of {}", folder.display(), page.display()))?;
    Ok(path.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Speed\n\n<!-- results: written by benches/run -->\n<!-- end of results -->\n\nTail.\n";

    fn folder_with_page(text: &str) -> (tempfile::TempDir, PathBuf, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let (folder, page) = (home.path().join("performance"), home.path().join("performance.md"));
        fs::write(&page, text).unwrap();
        (home, folder, page)
    }

    #[test]
    fn results_written_are_read_back_the_same() {
        let (_home, folder, page) = folder_with_page(PAGE);
        let results = sample::results();

        write(&results, &folder, &page).unwrap();

        assert_eq!(read(&folder.join("results.json")).unwrap(), results);
    }

    #[test]
    fn every_image_of_the_page_is_a_file() {
        let (home, folder, page) = folder_with_page(PAGE);

        write(&sample::results(), &folder, &page).unwrap();

        let text = fs::read_to_string(page).unwrap();
        let links: Vec<_> = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
            .filter(|to| to.ends_with("svg"))
            .collect();
        assert_eq!(links.len(), 2, "{links:?}");
        for link in links {
            assert!(home.path().join(link).is_file(), "{link}");
        }
    }

    #[test]
    fn a_second_run_removes_the_plots_it_no_longer_makes_and_nothing_else() {
        let (_home, folder, page) = folder_with_page(PAGE);
        let mut results = sample::results();
        write(&results, &folder, &page).unwrap();
        fs::write(folder.join("profile.txt"), "kept").unwrap();

        results.rows.truncate(1);
        write(&results, &folder, &page).unwrap();

        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["fan-out-cpu-per-event.svg", "profile.txt", "results.json"]);
    }

    #[test]
    fn figures_survive_a_page_without_markers() {
        let (_home, folder, page) = folder_with_page("# Speed\n");
        let results = sample::results();

        let error = write(&results, &folder, &page).unwrap_err();

        assert!(format!("{error:#}").contains("<!-- results: written by benches/run -->"), "{error:#}");
        assert_eq!(fs::read_to_string(page).unwrap(), "# Speed\n");
        assert_eq!(read(&folder.join("results.json")).unwrap(), results);
    }

    #[test]
    fn a_folder_away_from_the_page_is_refused() {
        let (_home, _, page) = folder_with_page(PAGE);
        let elsewhere = tempfile::tempdir().unwrap();

        let error = write(&sample::results(), elsewhere.path(), &page).unwrap_err();

        assert!(error.to_string().contains("is not below the folder of"), "{error}");
    }
}
