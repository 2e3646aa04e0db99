//! The example company: evidence and events made from a seed, with planted weaknesses.
