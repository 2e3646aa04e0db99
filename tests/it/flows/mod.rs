mod run_audit;
