//! The name of an account as a ledger has it, and what stands for the name where a token does not say it.
//!
//! Not whether two accounts are one: that nobody knows but the user.

use sha2::{Digest as _, Sha256};

use super::secret::Secret;

const UNNAMED: &str = "token:";

/// What stands for the account of a token that does not say whose it is. Another token has another: an account that is not
/// known is not the same account. It is too short to lead back to the token.
pub(crate) fn of_token(token: &Secret) -> String {
    let hash = Sha256::new().chain_update("noteferry account\0").chain_update(token.expose());
    let short = hash.finalize()[..4].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("{UNNAMED}{short}")
}

/// Whether it is the name of an account. Older versions wrote nothing where a token does not say it.
pub(crate) fn is_named(account: &str) -> bool {
    !account.is_empty() && !account.starts_with(UNNAMED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_name_nobody_are_told_apart_and_do_not_show() {
        let of = |token: &str| of_token(&Secret::new(token.to_owned()));
        assert_eq!(of("canary-1"), of("canary-1"));
        assert_ne!(of("canary-1"), of("canary-2"));
        assert!(!of("canary-1").contains("canary"));
        assert!(!is_named(&of("canary-1")) && !is_named("") && is_named("ann@example.com"));
    }
}
