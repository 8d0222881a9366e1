#pragma once

#include <expected>
#include <string_view>

#include "feedwatch/base/decimal.hpp"

/// The two readers behind Decimal::parse(), apart so that a test can hold them to one answer. Both
/// read nothing past the end of the text and allocate nothing.
namespace feedwatch::decimal_reader {

/// The whole grammar, character by character.
std::expected<Decimal, DecimalError> read_any(std::string_view text);

/// Nineteen digits never leave 64 bits.
inline constexpr int usual_characters = 19;

/// Prices as venues send them ("-28145.10", "65000"): up to usual_characters after the sign, no
/// exponent. One pass of 64-bit steps: at these lengths faster than eight characters at once, whose
/// loads, masks and shifts cost the same for five digits as for sixteen. False, with `out`
/// untouched, for anything else, sound or not: there read_any() decides.
bool read_usual(std::string_view text, Decimal& out);

}  // namespace feedwatch::decimal_reader
