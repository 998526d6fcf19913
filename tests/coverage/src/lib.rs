//! Completeness as tests: every operation, refusal and record is exercised.
