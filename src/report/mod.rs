//! One report model, laid out as PDF, JSON, HTML and CSV.
