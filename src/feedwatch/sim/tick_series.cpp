#include "feedwatch/sim/tick_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <expected>
#include <filesystem>
#include <fstream>
#include <optional>

#include "feedwatch/capture/formats.hpp"
#include "feedwatch/capture/lines.hpp"

namespace feedwatch::sim {
namespace {

constexpr std::string_view data_folder = "$FEEDWATCH_DATA/";
constexpr std::string_view price_key = R"("price":)";
constexpr std::string_view formats =
    "a table \"TIME,…,price,…\" under a line of names, or a log \"MILLISECONDS trade {\"price\": "
    "P}\"";

struct Row {
  WallTime at;
  Decimal price;
};
/// nullopt: the line holds no trade. The error is for people.
using ReadRow = std::expected<std::optional<Row>, std::string>;

std::string_view part(std::string_view line, char between, std::size_t index) {
  for (; index > 0; --index) {
    const std::size_t at = line.find(between);
    if (at == std::string_view::npos) return {};
    line.remove_prefix(at + 1);
  }
  return line.substr(0, line.find(between));
}

std::optional<WallTime> time_of(std::string_view text) {
  return text.find('.') == std::string_view::npos ? capture::parse_epoch_by_size(text)
                                                  : capture::parse_epoch_seconds(text);
}

ReadRow row_of(std::string_view time, std::string_view price) {
  const auto at = time_of(time);
  if (!at) return std::unexpected(fmt::format("\"{}\" is no time", time));
  const auto value = Decimal::parse(price);
  if (!value || !value->is_positive()) {
    return std::unexpected(fmt::format("\"{}\" is no price", price));
  }
  return Row{*at, *value};
}

bool is_price(std::string_view name) {
  return std::ranges::equal(name, std::string_view{"price"}, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
  });
}

/// Column of the price in a line of names; 0 where it is none (the first is the time).
std::size_t price_column(std::string_view names) {
  const auto columns = static_cast<std::size_t>(std::ranges::count(names, ',')) + 1;
  for (std::size_t i = 1; i < columns; ++i) {
    if (is_price(part(names, ',', i))) return i;
  }
  return 0;
}

ReadRow logged_trade(std::string_view line) {
  if (part(line, ' ', 1) != "trade") return std::nullopt;
  const std::size_t key = line.find(price_key);
  if (key == std::string_view::npos) return std::unexpected("a trade without a \"price\"");
  std::string_view price = line.substr(key + price_key.size());
  price.remove_prefix(std::min(price.find_first_not_of(" \""), price.size()));
  return row_of(part(line, ' ', 0), price.substr(0, price.find_first_of("\",} ")));
}

/// Takes the lines one by one and knows after the first what they are.
class SeriesReader {
 public:
  std::expected<void, std::string> take(std::string_view line, bool first) {
    if (first) {
      column_ = price_column(line);
      if (column_ > 0) return {};
      if (part(line, ' ', 1).empty()) return std::unexpected("no series of trades");
    }
    const ReadRow row =
        column_ > 0 ? row_of(part(line, ',', 0), part(line, ',', column_)) : logged_trade(line);
    if (!row) return std::unexpected(row.error());
    return *row ? add(**row) : std::expected<void, std::string>{};
  }

  TickSeries& series() { return series_; }

 private:
  std::expected<void, std::string> add(const Row& row) {
    if (!begin_) begin_ = row.at;
    const Duration at = row.at - *begin_;
    if (at < (series_.trades.empty() ? Duration{} : series_.trades.back().at)) {
      return std::unexpected("older than the trade before it");
    }
    if (series_.trades.size() == TickSeries::max_trades) {
      return std::unexpected(fmt::format("more than {} trades", TickSeries::max_trades));
    }
    series_.trades.push_back({at, row.price});
    return {};
  }

  TickSeries series_;
  std::size_t column_ = 0;  ///< of the price in a table; 0 = it is a log
  std::optional<WallTime> begin_;
};

}  // namespace

Result<TickSeries> read_series(std::istream& in, const std::string& name) {
  capture::Lines lines(capture::open_bytes(in));
  SeriesReader reader;
  const auto fail = [&](std::string why) {
    return std::unexpected(Error{.what = fmt::format("{}:{}", name, lines.number()),
                                 .why = std::move(why),
                                 .fix = fmt::format("a series is {}", formats)});
  };
  for (;;) {
    const auto line = lines.next();
    if (!line) return fail(line.error());
    if (!*line) break;
    if ((*line)->empty()) continue;
    if (const auto taken = reader.take(**line, lines.number() == 1); !taken) {
      return fail(taken.error());
    }
  }
  if (reader.series().trades.empty()) return fail("no trade in it");
  return std::move(reader.series());
}

Result<std::shared_ptr<const TickSeries>> load_series(const std::string& path,
                                                      const std::string& folder) {
  std::filesystem::path file = path;
  if (path.starts_with(data_folder)) {
    const char* const data = std::getenv("FEEDWATCH_DATA");
    if (data == nullptr) {
      return std::unexpected(Error{.what = path,
                                   .why = "FEEDWATCH_DATA is not set",
                                   .fix = "set it to the folder that holds recorded data"});
    }
    file = std::filesystem::path{data} / path.substr(data_folder.size());
  } else if (file.is_relative()) {
    file = std::filesystem::path{folder} / file;
  }
  std::ifstream in{file, std::ios::binary};
  if (!in) {
    return std::unexpected(
        Error{.what = file.string(), .why = "cannot be read", .fix = "check the path"});
  }
  Result<TickSeries> series = read_series(in, file.string());
  if (!series) return std::unexpected(std::move(series.error()));
  return std::make_shared<const TickSeries>(std::move(*series));
}

}  // namespace feedwatch::sim
