//! The event engine: canonical events, Sigma rules and correlations, windows, slices. Pure over bytes; opens nothing.
