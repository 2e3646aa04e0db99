mod book;
mod clocks;
