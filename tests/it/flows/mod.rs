mod rights;
mod run_audit;
