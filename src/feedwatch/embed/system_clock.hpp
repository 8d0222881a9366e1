#pragma once

#include "feedwatch/base/ports/clock.hpp"

namespace feedwatch::embed {

/// The host's clocks: CLOCK_BOOTTIME (counts while the host sleeps) and CLOCK_REALTIME. Any thread.
class SystemClock final : public Clock {
 public:
  MonoTime now() const override;
  WallTime wall_now() const override;
};

}  // namespace feedwatch::embed
