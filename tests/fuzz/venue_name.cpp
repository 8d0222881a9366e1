#include "tests/fuzz/venue_messages.hpp"

namespace feedwatch::fuzz {

const std::string_view venue_name = FEEDWATCH_FUZZ_VENUE;

}  // namespace feedwatch::fuzz
