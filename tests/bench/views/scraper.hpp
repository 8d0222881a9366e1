#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "feedwatch/base/time.hpp"
#include "feedwatch/net/socket.hpp"

namespace feedwatch::bench {

/// Asks for /metrics again and again on one connection, as Prometheus does. Throws
/// std::runtime_error when the answer is none.
class MetricsClient {
 public:
  explicit MetricsClient(std::uint16_t port);
  /// The whole answer, head included.
  std::string scrape();

 private:
  net::Fd fd_;
};

/// Answers every request with the same bytes, on a thread of its own; one client at a time.
class StandIn {
 public:
  explicit StandIn(std::string answer);
  ~StandIn();
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  void run() const;
  void serve(int client) const;

  std::string answer_;
  net::Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

/// Scrapes at a steady pace, on a thread of its own, until finish(): the product, or who stands in
/// for it.
class Scraper {
 public:
  struct Ports {
    std::uint16_t product, stand_in;
  };
  Scraper(Ports ports, Duration every);
  ~Scraper();
  Scraper(const Scraper&) = delete;
  Scraper& operator=(const Scraper&) = delete;

  /// Whom the next scrapes ask; at first the stand-in.
  void ask_product(bool product) { product_ = product; }
  std::uint64_t scrapes() const { return scrapes_; }  ///< of the product, so far
  /// How long each scrape of the product took, milliseconds. Throws when one went wrong.
  std::vector<double> finish();

 private:
  void run(Ports ports, Duration every);
  void end();

  std::atomic<bool> product_ = false;
  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint64_t> scrapes_ = 0;
  std::vector<double> took_ms_;
  std::string failure_;
  std::thread thread_;
};

}  // namespace feedwatch::bench
