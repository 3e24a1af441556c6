//! The program: reads the command line and the settings, then hands over to `startup`.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser as _;
use generation_service::{
    config::{Cli, Settings, process_environment},
    startup,
};

/// Chosen by measurement; see docs/performance.md.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The conventional exit code for wrong usage.
const BAD_USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let settings = match Settings::load(&cli, process_environment()) {
        Ok(settings) => settings,
        Err(faults) => {
            let _nobody_reads = writeln!(io::stderr(), "{faults}");
            return ExitCode::from(BAD_USAGE);
        }
    };
    if cli.check {
        let _nobody_reads = writeln!(io::stdout(), "the configuration is valid");
        return ExitCode::SUCCESS;
    }
    startup::init_logging(settings.log.level);
    match startup::run(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nobody_reads = writeln!(io::stderr(), "generation-service: {error}");
            ExitCode::FAILURE
        }
    }
}
