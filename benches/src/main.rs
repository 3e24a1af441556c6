//! `bench`: measures what is asked for, and reports it. `benches/run` builds everything and starts it.

use std::panic;

use anyhow::{Context, Result, anyhow, ensure};
use chrono::{SecondsFormat, Utc};
use clap::Parser;
use generation_bench::{
    machine, report,
    results::{Results, Row, Scale},
    rows,
};
use generation_testkit::project_path;

/// Measures the generation service beside other servers of event streams.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only these rows; all of them without any.
    rows: Vec<String>,
    /// Lists the rows and does nothing else.
    #[arg(long)]
    list: bool,
    /// A few readers for a moment: shows that everything works, the figures mean nothing.
    #[arg(long)]
    smoke: bool,
    /// Writes what a run of all rows has found to docs/performance.md, and its JSON and plots to docs/performance.
    #[arg(long, conflicts_with_all = ["rows", "smoke"])]
    publish: bool,
    /// Writes that page and its plots again from what docs/performance/results.json holds.
    #[arg(long, conflicts_with_all = ["rows", "smoke", "publish"])]
    render: bool,
}

fn main() -> Result<()> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).format_target(false).init();
    let arguments = Arguments::parse();
    if arguments.list {
        print(&rows::ALL.map(|(name, _)| format!("{name}\n")).concat());
        return Ok(());
    }
    let docs = project_path("docs");
    let (folder, page) = (docs.join("performance"), docs.join("performance.md"));
    if arguments.render {
        return report::write(&report::read(&folder.join("results.json"))?, &folder, &page);
    }
    for name in &arguments.rows {
        ensure!(rows::ALL.iter().any(|(known, _)| known == name), "there is no row {name}; --list shows all");
    }
    // Ten thousand readers are as many open files, here and in the servers, which inherit the limit.
    rlimit::increase_nofile_limit(u64::MAX).context("raising the limit of open files")?;
    let mut results = Results {
        date: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
        revision: machine::revision()?,
        machine: machine::describe()?,
        scale: if arguments.smoke { Scale::Smoke } else { Scale::Full },
        rows: Vec::new(),
    };
    let mut failed = Vec::new();
    for (name, measure) in rows::ALL {
        if arguments.rows.is_empty() || arguments.rows.iter().any(|wanted| wanted == name) {
            log::info!("{name}");
            match row(measure, results.scale) {
                Ok(row) => results.rows.push(row),
                Err(error) => {
                    log::error!("{name}: {error:#}");
                    failed.push(name);
                }
            }
        }
    }
    print(&report::table::text(&results));
    if arguments.publish {
        report::write(&results, &folder, &page)?;
    }
    ensure!(failed.is_empty(), "not measured: {}", failed.join(", "));
    Ok(())
}

/// Measures a row. A panic, which is how the test kit says that something is missing, fails this row and no other.
fn row(measure: rows::Measure, scale: Scale) -> Result<Row> {
    panic::catch_unwind(|| measure(scale)).unwrap_or_else(|_| Err(anyhow!("it panicked, see above")))
}

#[expect(clippy::print_stdout, reason = "the table is what the command is for")]
fn print(text: &str) {
    print!("{text}");
}
