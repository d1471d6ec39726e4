//! Query strings and path segments, decoded.
//!
//! Only what the API needs: no building, no whole URLs.

use super::answer::Refusal;

/// The parameters of a query string, in order.
///
/// # Errors
/// A parameter is given twice or is not decodable.
pub(super) fn parameters(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut parameters: Vec<(String, String)> = Vec::with_capacity(4);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(value)) = (decode(name, b' '), decode(value, b' ')) else {
            return Err(Refusal::field(name, "is not decodable"));
        };
        if parameters.iter().any(|(earlier, _)| *earlier == name) {
            return Err(Refusal::field(&name, "is given twice"));
        }
        parameters.push((name, value));
    }
    Ok(parameters)
}

/// A path segment; none when it is not decodable.
pub(super) fn segment(text: &str) -> Option<String> {
    decode(text, b'+')
}

/// Undoes percent-encoding; `plus` is what a `+` stands for.
fn decode(text: &str, plus: u8) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => plus,
            b'%' => hexadecimal(bytes.next()?)? * 16 + hexadecimal(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_in_order() {
        let found = parameters("ticket=tk%5F1&a=b+c%2B&&empty=&bare&%C3%A9=%E1%BA%A1").unwrap();
        let expected = [("ticket", "tk_1"), ("a", "b c+"), ("empty", ""), ("bare", ""), ("é", "ạ")];
        let found: Vec<_> = found.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn broken_and_doubled_parameters_are_refused() {
        for query in ["a=%", "a=%4", "a=%zz", "a=%FF", "a=1&%61=2"] {
            assert_eq!(parameters(query).unwrap_err().r, 2, "{query}");
        }
    }

    #[test]
    fn a_plus_in_a_path_is_a_plus() {
        assert_eq!(segment("a+b%20c").as_deref(), Some("a+b c"));
        assert_eq!(segment("a%f"), None);
    }
}
