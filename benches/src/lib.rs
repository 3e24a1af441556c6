//! Measures the generation service beside other servers of event streams, in one run on one machine.

pub mod contenders;
pub mod http;
pub mod load;
pub mod machine;
pub mod process;
pub mod report;
pub mod results;
pub mod rows;
