#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/board/judge.hpp"

namespace feedwatch::shm {

/// Why a board cannot be opened.
enum class OpenCode : std::uint8_t {
  not_found,           ///< no monitor writes a board of that name
  not_permitted,       ///< we may not read it
  not_a_file,          ///< a symbolic link, a directory, a pipe: never followed, never opened
  wrong_owner,         ///< neither ours, nor root's, nor that of the owner we were told
  writable_by_others,  ///< others than its owner may write it
  truncated,
  not_a_board,
  other_version,  ///< of the format, older or newer
  other_layout,   ///< same version, other structures
  inconsistent,   ///< its sizes contradict each other
  initializing,   ///< its writer has not finished it
  system,         ///< the system refused something else
};
constexpr std::size_t open_code_count = static_cast<std::size_t>(OpenCode::system) + 1;
std::string_view to_text(OpenCode code);

struct OpenFailure {
  OpenCode code = OpenCode::system;
  Error error;
};

struct OpenOptions {
  /// A user beside ourselves and root whose board is believed: whoever owns a board can make its
  /// readers act on any price, and crash them by truncating it.
  std::optional<uid_t> owner{};
};

/// A stream of one board. Kept beyond the board's end it is refused (old_epoch), and never means
/// another stream. A default one is none's (unconfigured).
using Handle = StrongId<struct HandleTag, std::uint64_t>;

/// What the price is wanted for (semantics §5). `reduce_risk` may also take the REST price that
/// bridges an outage, within its own limit.
enum class Intent : std::uint8_t { increase_risk, reduce_risk };
enum class Source : std::uint8_t { live, rest_bridge };

struct Question {
  ReadOptions read;
  Intent intent = Intent::increase_risk;
  Duration bridge_max_age{};  ///< reduce_risk: of a REST price; zero takes none
};

struct Answer {
  Price price;
  Source source = Source::live;
  Reason reason = Reason::ok;  ///< of the stream: what is wrong with it although it has a price
};

/// The board of a monitor in another process, read-only.
///
/// find() and price() never wait, allocate or make a system call; any number of threads. refresh()
/// and the destructor must not run beside them. The verdict is the core's own judge(), preceded by
/// what only another process can get wrong: a dead, stuck or replaced writer, a foreign clock.
class Reader {
 public:
  /// `path`, or the bare name of a board in /dev/shm.
  static std::expected<std::unique_ptr<Reader>, OpenFailure> open(std::string_view path,
                                                                  OpenOptions options = {});
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// "binance-usdm/BTCUSDT/mark"; nothing while no stream has this name.
  std::optional<Handle> find(std::string_view stream) const;
  /// Reads the slot first, CLOCK_BOOTTIME second.
  std::expected<Answer, Refusal> price(Handle stream, const Question& question) const;
  /// The same at a `now` the caller read after nothing was written any more: for tests.
  std::expected<Answer, Refusal> price_at(Handle stream, const Question& question,
                                          MonoTime now) const;

  enum class Refreshed : std::uint8_t { same, reopened };
  /// Looks whether the path names another board by now, and changes over to it: handles have to be
  /// found anew. One system call when it does not. Failing, it keeps what it has.
  std::expected<Refreshed, OpenFailure> refresh();

  bool closed() const;                 ///< its writer has ended or begun anew elsewhere
  std::uint64_t writer_epoch() const;  ///< UTC nanoseconds of the writer's start
  std::uint64_t writer_pid() const;

 private:
  struct Segment;
  struct Look;
  Reader(std::string path, OpenOptions options, std::unique_ptr<Segment> segment);
  template <class Now>
  std::expected<Answer, Refusal> answer(Handle stream, const Question& question, Now&& now) const;

  std::string path_;
  OpenOptions options_;
  std::unique_ptr<Segment> segment_;
};

}  // namespace feedwatch::shm
