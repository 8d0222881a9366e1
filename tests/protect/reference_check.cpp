// reference_check COUNT < reference.py's lines: the product's answers to the same cases.

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "feedwatch/protect/aged.hpp"
#include "feedwatch/protect/trailing_stop.hpp"

namespace feedwatch {
namespace {

/// The fields of a line, in order.
class Fields {
 public:
  explicit Fields(const std::string& line) : in_(line) {}

  std::string word() {
    std::string field;
    if (!(in_ >> field)) throw std::runtime_error("the line ends too soon");
    return field;
  }
  Decimal decimal() { return parsed(word()); }
  std::optional<Decimal> maybe() {
    const std::string field = word();
    return field == "-" ? std::nullopt : std::optional(parsed(field));
  }
  Duration time() { return Duration{std::stoll(word())}; }
  Side side() { return side_from_text(word()).value(); }
  bool at_end() { return (in_ >> std::ws).eof(); }

 private:
  static Decimal parsed(const std::string& text) {
    const auto value = Decimal::parse(text);
    if (!value) throw std::runtime_error("no decimal: " + text);
    return *value;
  }
  std::istringstream in_;
};

std::string text(const std::optional<Decimal>& value) {
  return value ? value->to_string() : "-";
}

template <class T>
void expect(const char* what, const T& seen, const T& wanted) {
  if (seen == wanted) return;
  if constexpr (std::is_same_v<T, std::string>) {
    throw std::runtime_error(fmt::format("{}: {} instead of {}", what, seen, wanted));
  } else {
    throw std::runtime_error(fmt::format("{}: {} instead of {}", what, text(seen), text(wanted)));
  }
}

void check_aged(Fields fields) {
  Position position;
  position.side = fields.side();
  position.entry_price = fields.decimal();
  AgedOptions options;
  options.max_age = fields.time();
  options.grace = fields.time();
  options.progressive = fields.time();
  options.commission_percent = fields.decimal();
  options.loss_step_percent = fields.decimal();
  options.max_loss_percent = fields.decimal();
  const Duration age = fields.time();
  expect("phase", std::string(to_text(aged_phase(age, options))), fields.word());
  expect("tolerance", std::optional(tolerance_percent(age, options).value()), fields.maybe());
  expect("target", aged_target(position, age, options).value(), fields.maybe());
}

void check_trailing(Fields fields) {
  const Side side = fields.side();
  const Decimal entry = fields.decimal();
  TrailingOptions options;
  options.activation_percent = fields.decimal();
  options.callback_percent = fields.decimal();
  TrailingStop stop(side, entry, options);
  MonoTime now{1h};
  while (!fields.at_end()) {
    const Decimal low = fields.decimal();
    const Decimal high = fields.decimal();
    const PriceWindow window{low, high, fields.decimal()};
    now += 1s;
    std::optional<Decimal> hit;
    const TrailingStop::Decisions decisions = stop.on_prices(window, now).value();
    for (const TrailingDecision& decision : decisions) {
      if (decision.type == TrailingDecision::Type::triggered) hit = decision.price;
    }
    expect("state", std::string(to_text(stop.memory().state)), fields.word());
    expect("peak", std::optional(stop.memory().peak), fields.maybe());
    expect("stop", stop.memory().stop, fields.maybe());
    expect("hit", hit, fields.maybe());
  }
}

int main_of(std::uint64_t wanted) {
  std::uint64_t count = 0;
  std::uint64_t wrong = 0;
  for (std::string line; std::getline(std::cin, line); ++count) {
    try {
      Fields fields(line);
      const std::string rule = fields.word();
      if (rule == "aged") {
        check_aged(std::move(fields));
      } else if (rule == "trailing") {
        check_trailing(std::move(fields));
      } else {
        throw std::runtime_error("no rule " + rule);
      }
    } catch (const std::exception& failure) {
      if (++wrong <= 10) fmt::print(stderr, "{}\n  {}\n", failure.what(), line.substr(0, 400));
    }
  }
  fmt::print("{} cases, {} wrong\n", count, wrong);
  return count == wanted && wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace feedwatch

int main(int argc, char** argv) {
  std::uint64_t wanted = 0;
  if (argc != 2 ||
      std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), wanted).ptr == argv[1]) {
    fmt::print(stderr, "usage: reference_check COUNT\n");
    return 2;
  }
  return feedwatch::main_of(wanted);
}
