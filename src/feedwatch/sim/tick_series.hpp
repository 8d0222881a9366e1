#pragma once

#include <istream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::sim {

/// The prices at which a real market traded, each with its distance from the first.
struct TickSeries {
  struct Trade {
    Duration at{};
    Decimal price;
  };
  static constexpr std::size_t max_trades = 1'000'000;

  std::vector<Trade> trades;  ///< by time, at least one
};

/// Reads a series, plain or compressed as capture::open_bytes knows. Two formats: a table separated
/// by commas under a line of names, whose first column is the time (seconds with a point, or whole
/// units told apart by size) and of whose others one is called `price` in any case; and a log of
/// `MILLISECONDS trade {… "price": P …}` among lines with other words. Errors name `name` and line.
Result<TickSeries> read_series(std::istream& in, const std::string& name);

/// As above, of a file. A path that begins with `$FEEDWATCH_DATA/` is looked up in the folder which
/// that variable names, another relative one in `folder`.
Result<std::shared_ptr<const TickSeries>> load_series(const std::string& path,
                                                      const std::string& folder);

}  // namespace feedwatch::sim
