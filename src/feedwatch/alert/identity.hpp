#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch::alert {

/// `name{label="value",…}` in the order of the labels, which are sorted by name; the name alone
/// when there are none. Quotes and backslashes of values are escaped, so that different scopes
/// never make the same text.
std::string identity_of(std::string_view name, const Labels& labels);

/// 64 bits of an identity (FNV-1a), the same on every machine.
std::uint64_t fingerprint(std::string_view identity);

/// The fingerprint as the 16 hexadecimal digits receivers of webhooks expect.
std::string fingerprint_text(std::string_view identity);

}  // namespace feedwatch::alert
