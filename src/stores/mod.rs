//! Where jobs survive the process: implementations of the job store port.
