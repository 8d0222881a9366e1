#pragma once

#include "feedwatch/base/time.hpp"
#include "feedwatch/model/stream_key.hpp"
#include "feedwatch/model/tick.hpp"

namespace feedwatch::sim {

/// What a venue really said about one stream in one message, on the true clock. Travels beside the
/// bytes and is shown to the checkers when the monitor's host reads them; the product never sees
/// it.
struct TrueTick {
  StreamKey stream;
  Prices prices;
  Fields fields;         ///< what the message carried
  MonoTime published{};  ///< when the venue made the message
  MonoTime arrived{};    ///< when its bytes reached the host
};

}  // namespace feedwatch::sim
