#pragma once

#include <cstdint>

#include "tests/bench/ingest/shapes.hpp"

/// One turn of one client: a process of its own on the second core, the blaster on the first.
namespace feedwatch::bench::ingest {

enum class Client : std::uint8_t { product, simdjson, scan, beast, ws, ccxt, python };

struct Load {
  Shape shape = Shape::book_ticker;
  bool tls = false;  ///< one record a message
};

/// CPU nanoseconds a message, user and system, of all the client's threads, over some hundred
/// milliseconds of as many messages as the client takes, after a warm-up.
double cpu_ns(Client client, const Load& load);

struct Ages {
  double p50 = 0, p99 = 0, p999 = 0;  ///< microseconds
};
/// From the moment before a message is written to the subscriber's call, at so many messages a
/// second, one write each.
Ages latencies(Client client, bool busy, double per_second);

struct Memory {
  double steady = 0, after_big_frame = 0;  ///< MB, anonymous and resident
};
/// The product with 2,001 streams on eight TLS lines, all of them heard; then again after a frame
/// of 5 MB.
Memory memory();

}  // namespace feedwatch::bench::ingest
