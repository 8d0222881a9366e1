#pragma once

#include <cstdint>
#include <string>

namespace feedwatch::bench {

struct ScrapedProductOptions {
  std::uint16_t port = 0;  ///< of the venue
  std::string folder;      ///< where its state goes; its record is the file `record` there
  int feed_core = -1;      ///< the feed's thread alone stays on it; -1: where the scheduler puts it
};

/// The whole monitor as `feedwatch run` starts it, watching one venue, with a subscriber in line
/// that tells a FeedRecord of every price; never returns.
[[noreturn]] void run_scraped_product(const ScrapedProductOptions& options);

}  // namespace feedwatch::bench
