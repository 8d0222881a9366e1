#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch::integration {

/// What somebody saw who asked for prices while something else was going on.
struct Figures {
  std::size_t asked = 0, failed = 0;  ///< failed: any answer but an accepted price
  std::string first_failure;
  Duration median{}, p99{}, longest{};  ///< of an answer, connecting included
  Duration oldest{};                    ///< the greatest age of a price
  void print() const;
};

/// Asks a monitor for BTCUSDT's quote, no older than 2 s, 50 times a second, from a thread of its
/// own, until end().
class Bystander {
 public:
  explicit Bystander(std::string url);
  ~Bystander();
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;

  Figures end();

 private:
  void ask();

  std::string url_;
  std::atomic<bool> over_ = false;
  Figures figures_;
  std::vector<Duration> took_;
  std::thread thread_;
};

}  // namespace feedwatch::integration
