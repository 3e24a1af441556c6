//! Settings: documented defaults, then file, environment and flags, validated with all faults at once.
