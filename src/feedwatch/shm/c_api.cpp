// feedwatch/board.h over Reader. Nothing throws across it: what allocates catches.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "feedwatch/board.h"
#include "feedwatch/board/layout.hpp"
#include "feedwatch/shm/reader.hpp"

// The board behind the C interface.
struct fw_board {
  std::unique_ptr<feedwatch::shm::Reader> reader;
};

namespace feedwatch::shm {
namespace {

// The numbers of the header are ours plus one: 0 is "yes".
constexpr int number_of(RefusalCode code) {
  return static_cast<int>(code) + 1;
}
static_assert(number_of(RefusalCode::unconfigured) == FW_UNCONFIGURED);
static_assert(number_of(RefusalCode::unknown) == FW_UNKNOWN);
static_assert(number_of(RefusalCode::never_received) == FW_NEVER_RECEIVED);
static_assert(number_of(RefusalCode::awaiting_fresh) == FW_AWAITING_FRESH);
static_assert(number_of(RefusalCode::stale) == FW_STALE);
static_assert(number_of(RefusalCode::too_old) == FW_TOO_OLD);
static_assert(number_of(RefusalCode::clock_backwards) == FW_CLOCK_BACKWARDS);
static_assert(number_of(RefusalCode::no_event_time) == FW_NO_EVENT_TIME);
static_assert(number_of(RefusalCode::clock_suspect) == FW_CLOCK_SUSPECT);
static_assert(number_of(RefusalCode::old_epoch) == FW_OLD_EPOCH);
static_assert(number_of(RefusalCode::writer_stuck) == FW_WRITER_STUCK);
static_assert(number_of(RefusalCode::writer_dead) == FW_WRITER_DEAD);
static_assert(number_of(RefusalCode::writer_gone) == FW_WRITER_GONE);
static_assert(number_of(RefusalCode::foreign_clock) == FW_FOREIGN_CLOCK);
static_assert(refusal_count == FW_FOREIGN_CLOCK, "a new refusal needs a number in board.h");

constexpr int number_of(OpenCode code) {
  return static_cast<int>(code) + 1;
}
static_assert(number_of(OpenCode::not_found) == FW_OPEN_NOT_FOUND);
static_assert(number_of(OpenCode::truncated) == FW_OPEN_TRUNCATED);
static_assert(number_of(OpenCode::system) == FW_OPEN_SYSTEM);
static_assert(static_cast<int>(Level::unknown) == FW_LEVEL_UNKNOWN);
static_assert(static_cast<int>(Basis::event) == FW_BASIS_EVENT);
static_assert(Decimal::max_text <= FW_DECIMAL_TEXT);
// What crosses the boundary must not depend on the compiler.
static_assert(sizeof(fw_read_options) == 40 && sizeof(fw_decimal) == 72 && sizeof(fw_price) == 232);

void tell(fw_error* error, int code, std::string_view text) {
  if (error == nullptr || error->size < sizeof(fw_error)) return;
  error->code = code;
  const std::size_t length = std::min(text.size(), sizeof error->text - 1);
  std::memcpy(error->text, text.data(), length);
  error->text[length] = '\0';
}

void tell(fw_error* error, const OpenFailure& failure) {
  tell(error, number_of(failure.code), failure.error.text());
}

/// The caller's options as far as we know them; false when there is one that we do not.
bool take(const fw_read_options* given, fw_read_options& known) {
  if (given == nullptr) return false;
  constexpr std::size_t most = 4096;
  std::uint32_t size = 0;
  std::memcpy(&size, given, sizeof size);
  if (size < offsetof(fw_read_options, accept_confirmed) || size > most) return false;
  std::memcpy(&known, given, std::min<std::size_t>(size, sizeof known));
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (std::size_t i = sizeof known; i < size; ++i) {
    if (bytes[i] != 0) return false;
  }
  return known.basis <= FW_BASIS_EVENT && known.intent <= FW_REDUCE_RISK && known.reserved == 0;
}

Question question_of(const fw_read_options& options) {
  Question question;
  question.read.max_age = Duration{options.max_age_ns};
  question.read.basis = static_cast<Basis>(options.basis);
  question.read.accept_confirmed = options.accept_confirmed != 0;
  question.intent = static_cast<Intent>(options.intent);
  question.bridge_max_age = Duration{options.bridge_max_age_ns};
  return question;
}

void put(fw_decimal& out, const Decimal& value, bool with_text) {
  const Decimal::Mantissa mantissa = value.mantissa();
  out.mantissa_low = static_cast<std::uint64_t>(mantissa);
  out.mantissa_high = static_cast<std::int64_t>(mantissa >> 64);
  out.scale = value.scale();
  if (!with_text) return;
  std::array<char, Decimal::max_text> text;  // NOLINT: written before it is read
  const std::size_t length = std::min(value.write(text.data()), sizeof out.text - 1);
  std::memcpy(out.text, text.data(), length);
  out.length = static_cast<std::uint32_t>(length);
}

void put(fw_price& out, const Answer& answer, bool with_text) {
  const Price& price = answer.price;
  out.level = static_cast<std::uint32_t>(price.level);
  out.reason = static_cast<std::uint32_t>(answer.reason);
  out.source = static_cast<std::uint32_t>(answer.source);
  out.epoch = price.epoch;
  put(out.price, price.prices.price, with_text);
  // No ask of a quote is ever zero.
  if (!price.prices.ask.is_zero()) put(out.ask, price.prices.ask, with_text);
  out.receive_age_ns = to_ns(price.receive_age);
  out.confirmed_age_ns = to_ns(price.confirmed_age);
  if (price.event_age) out.event_age_ns = to_ns(*price.event_age);
  out.level_since_ns = to_ns(price.level_since);
  out.ts_recv_ns = to_ns(price.ts_recv);
  if (price.ts_event) out.ts_event_ns = to_ns(*price.ts_event);
  out.seq = price.seq;
}

void put(fw_price& out, const Refusal& refusal) {
  out.refusal = number_of(refusal.code);
  out.level = static_cast<std::uint32_t>(refusal.level);
  out.reason = static_cast<std::uint32_t>(refusal.reason);
  if (refusal.age) out.refused_age_ns = to_ns(*refusal.age);
}

/// Asks, and fills in a structure as this version has it.
template <class Ask>
void make(fw_price& made, const fw_board* board, const fw_read_options* given, Ask ask) {
  made = {};
  made.level = FW_LEVEL_UNKNOWN;
  made.event_age_ns = made.refused_age_ns = made.ts_event_ns = -1;
  fw_read_options options{};
  if (board == nullptr || !take(given, options)) {
    made.refusal = FW_BAD_ARGUMENT;
  } else if (const auto said = ask(*board->reader, question_of(options))) {
    put(made, *said, options.without_text == 0);
  } else {
    put(made, said.error());
  }
}

/// As much as the caller has room for; zeros where it has more than we know of.
template <class Ask>
int answer(const fw_board* board, const fw_read_options* given, fw_price* out, Ask ask) {
  constexpr std::uint32_t most = 4096;  // no version of the structure will be as large
  if (out == nullptr || out->size < offsetof(fw_price, price) || out->size > most) {
    return FW_BAD_ARGUMENT;
  }
  const std::uint32_t room = out->size;
  int refusal = FW_OK;
  if (room >= sizeof(fw_price)) {
    make(*out, board, given, ask);
    refusal = out->refusal;
    std::memset(reinterpret_cast<char*>(out) + sizeof(fw_price), 0, room - sizeof(fw_price));
  } else {
    fw_price made;
    make(made, board, given, ask);
    refusal = made.refusal;
    std::memcpy(out, &made, room);
  }
  out->size = room;
  return refusal;
}

fw_board* open(const char* path, OpenOptions options, fw_error* error) {
  if (path == nullptr || *path == '\0') {
    tell(error, FW_OPEN_BAD_ARGUMENT, "board: no path");
    return nullptr;
  }
  try {
    auto reader = Reader::open(path, options);
    if (reader) return new fw_board{std::move(*reader)};
    tell(error, reader.error());
  } catch (const std::exception& failure) {
    tell(error, FW_OPEN_SYSTEM, failure.what());
  }
  return nullptr;
}

}  // namespace
}  // namespace feedwatch::shm

using namespace feedwatch;
using namespace feedwatch::shm;

std::uint32_t fw_board_abi_version(void) {
  return FW_BOARD_ABI;
}

std::uint32_t fw_board_format_version(void) {
  return board::version;
}

fw_board* fw_board_open(const char* path, fw_error* error) {
  return shm::open(path, {}, error);
}

fw_board* fw_board_open_of(const char* path, std::uint32_t owner, fw_error* error) {
  return shm::open(path, {.owner = owner}, error);
}

void fw_board_close(fw_board* board) {
  delete board;
}

int fw_board_refresh(fw_board* board, fw_error* error) {
  if (board == nullptr) {
    tell(error, FW_OPEN_BAD_ARGUMENT, "board: none is open");
    return -1;
  }
  try {
    const auto refreshed = board->reader->refresh();
    if (refreshed) return *refreshed == Reader::Refreshed::reopened ? 1 : 0;
    tell(error, refreshed.error());
  } catch (const std::exception& failure) {
    tell(error, FW_OPEN_SYSTEM, failure.what());
  }
  return -1;
}

std::uint64_t fw_board_epoch(const fw_board* board) {
  return board == nullptr ? 0 : board->reader->writer_epoch();
}

fw_stream fw_board_find(const fw_board* board, const char* stream) {
  if (board == nullptr || stream == nullptr) return FW_NO_STREAM;
  const auto found = board->reader->find(stream);
  return found ? found->value : FW_NO_STREAM;
}

int fw_board_price(const fw_board* board, fw_stream stream, const fw_read_options* options,
                   fw_price* price) {
  return answer(board, options, price, [stream](const Reader& reader, const Question& question) {
    return reader.price(Handle{stream}, question);
  });
}

int fw_board_price_at(const fw_board* board, fw_stream stream, std::int64_t now_ns,
                      const fw_read_options* options, fw_price* price) {
  return answer(board, options, price,
                [stream, now_ns](const Reader& reader, const Question& question) {
                  return reader.price_at(Handle{stream}, question, mono_from_ns(now_ns));
                });
}

// The words are literals, so that each view ends in a zero.
const char* fw_refusal_text(int refusal) {
  if (refusal == FW_OK) return "ok";
  if (refusal == FW_BAD_ARGUMENT) return "bad_argument";
  const bool known = refusal > 0 && static_cast<std::size_t>(refusal) <= refusal_count;
  return known ? to_text(static_cast<RefusalCode>(refusal - 1)).data() : "";
}

const char* fw_open_code_text(int code) {
  if (code == FW_OPEN_OK) return "ok";
  if (code == FW_OPEN_BAD_ARGUMENT) return "bad_argument";
  const bool known = code > 0 && static_cast<std::size_t>(code) <= open_code_count;
  return known ? to_text(static_cast<OpenCode>(code - 1)).data() : "";
}

const char* fw_level_text(std::uint32_t level) {
  return level <= FW_LEVEL_UNKNOWN ? to_text(static_cast<Level>(level)).data() : "";
}

const char* fw_reason_text(std::uint32_t reason) {
  return reason < reason_count ? to_text(static_cast<Reason>(reason)).data() : "";
}
