//! The parts list: builds every part from the settings.
