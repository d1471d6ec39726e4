//! The two readings and what they decide.
