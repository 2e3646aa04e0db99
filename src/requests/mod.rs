//! Data subjects' requests: the pure workflow.
