//! Reports of ledgers that are written by hand.
