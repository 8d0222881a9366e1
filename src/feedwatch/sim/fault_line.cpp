#include "feedwatch/sim/fault_line.hpp"

#include <fmt/format.h>

namespace feedwatch::sim {
namespace {

std::vector<std::string> take_argument(LineReader& words, const FaultWord& word, Fault& fault) {
  using enum FaultWord::Argument;
  const bool number = !words.peek().empty() && words.peek()[0] >= '0' && words.peek()[0] <= '9';
  const bool is_signed = words.peek().starts_with('+') || words.peek().starts_with('-');
  if (word.type == FaultType::silence_all) words.accept("all");
  switch (word.argument) {
    case none:
      break;
    case symbol:
      if (!words.accept("symbol"))
        LineReader::fail(fmt::format("{} what?", word.word), "symbol NAME");
      return expand_range(words.take("a symbol"));
    case optional_symbol:
      if (words.accept("symbol")) return expand_range(words.take("a symbol"));
      break;
    case duration:
      fault.amount = words.take_signed_duration(word.word);
      break;
    case optional_duration:
      if (number || is_signed) fault.amount = words.take_signed_duration(word.word);
      break;
    case status:
      fault.status = static_cast<int>(words.take_number("a status"));
      break;
    case optional_status:
      if (number) fault.status = static_cast<int>(words.take_number("a close code"));
      break;
  }
  return {""};
}

MonoTime take_end(LineReader& words, Duration at, const FaultWord& word, std::string_view what) {
  if (word.once) {
    LineReader::fail(fmt::format("{} happens once and is over", word.word),
                     fmt::format("remove \"{}\"", what));
  }
  return MonoTime{at + words.take_duration(what)};
}

/// A fault that does not look at how it heals would never do so, or always.
void take_healing(LineReader& words, Duration at, const FaultWord& word, Fault& fault) {
  using enum FaultWord::Healing;
  const std::string how =
      words.take("how it heals", "never, on_resubscribe, on_reconnect, after D");
  if (how == "after") {
    fault.until = take_end(words, at, word, "after");
  } else if (how == "never") {
    fault.heals = Heals::never;
  } else if (how == "on_resubscribe" || how == "on_reconnect") {
    const bool anew = how == "on_reconnect";
    if (word.healing != either && !(anew && word.healing == reconnect)) {
      LineReader::fail(
          fmt::format("{} does not heal {}", word.word, how),
          word.healing == reconnect ? "never, on_reconnect, after D" : "never, after D");
    }
    fault.heals = anew ? Heals::on_reconnect : Heals::on_resubscribe;
  } else {
    LineReader::fail(fmt::format("\"{}\" heals nothing", how),
                     "never, on_resubscribe, on_reconnect, after D");
  }
}

void take_fault_end(LineReader& words, Duration at, const FaultWord& word, Fault& fault) {
  // Ends are counted from the moment of the step; the runner adds the world's start.
  if (words.accept("for")) {
    fault.until = take_end(words, at, word, "for");
  } else if (words.accept("retry-after")) {
    if (!word.tells_retry_after) {
      LineReader::fail(fmt::format("{} tells nobody when to retry", word.word),
                       "retry-after belongs to handshake and rest-429");
    }
    fault.retry_after = words.take_duration("retry-after");
  } else if (words.accept("connection")) {
    if (!word.of_connections) {
      LineReader::fail(fmt::format("{} befalls no single connection", word.word),
                       "remove \"connection\"");
    }
    fault.connection = static_cast<std::uint64_t>(words.take_number("connection"));
  } else if (words.accept("heals")) {
    take_healing(words, at, word, fault);
  } else {
    LineReader::fail(fmt::format("unexpected \"{}\"", words.peek()),
                     "for D, heals never|on_resubscribe|on_reconnect|after D, retry-after D, "
                     "connection N");
  }
}

}  // namespace

FaultLine read_fault(LineReader& words, Duration at, const FaultWord& word) {
  FaultLine line{.fault = {.type = word.type, .heals = word.heals}, .symbols = {}};
  line.symbols = take_argument(words, word, line.fault);
  while (!words.done()) take_fault_end(words, at, word, line.fault);
  return line;
}

std::string fault_list() {
  std::string list;
  for (const FaultWord& word : fault_words()) list += fmt::format("{}, ", word.word);
  return list + "restore";
}

}  // namespace feedwatch::sim
