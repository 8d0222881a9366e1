#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/bench/ingest/shapes.hpp"

/// The clients under test, each the whole life of a process of its own.
namespace feedwatch::bench::ingest {

struct ClientOptions {
  std::uint16_t port = 0;
  Shape shape = Shape::book_ticker;
  std::string ca_file;        ///< not empty: TLS
  std::string folder;         ///< product: where its state goes
  bool busy = false;          ///< asks instead of sleeping
  std::size_t latencies = 0;  ///< not zero: takes the age of so many send stamps and prints them
  std::size_t symbols = 0;    ///< product: all kinds of so many symbols instead of the shape's
};

int run_product(const ClientOptions& options);
/// RFC 6455 scan of big reads, and the fields by simdjson on demand or by hand.
int run_bare_simdjson(const ClientOptions& options);
int run_bare_scan(const ClientOptions& options);
/// Boost.Beast, asynchronous reads, and simdjson on demand.
int run_beast(const ClientOptions& options);

/// Where a plain client dials to be sent the shape without asking.
std::string dial_target(Shape shape);

}  // namespace feedwatch::bench::ingest
