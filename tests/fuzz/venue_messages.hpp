#pragma once

#include <string_view>

namespace feedwatch::fuzz {

/// The venue that this program is about, as the registry calls it.
extern const std::string_view venue_name;

}  // namespace feedwatch::fuzz
