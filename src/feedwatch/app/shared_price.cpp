// `feedwatch price --shm`: what the API would answer, from the shared board.
#include <pwd.h>

#include <charconv>
#include <memory>
#include <string>
#include <utility>

#include "feedwatch/api/render.hpp"
#include "feedwatch/api/reply.hpp"
#include "feedwatch/app/client.hpp"
#include "feedwatch/app/client_print.hpp"
#include "feedwatch/app/run.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/shm/reader.hpp"

namespace feedwatch::app {
namespace {

std::expected<Price, Refusal> ask(const shm::Reader& board, const StreamKey& key,
                                  Duration max_age) {
  const shm::Handle stream = board.find(key.text()).value_or(shm::Handle{});
  const auto said = board.price(stream, {.read = {.max_age = max_age}});
  if (!said) return std::unexpected(said.error());
  return said->price;
}

/// A number is a user whether or not this machine has a name for it; the highest is nobody's.
Result<uid_t> user_of(const std::string& text) {
  constexpr auto none = static_cast<uid_t>(-1);
  uid_t uid = none;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, uid);
  if (error == std::errc{} && stopped == end && uid != none) return uid;
  if (const passwd* user = ::getpwnam(text.c_str())) return user->pw_uid;
  return std::unexpected(Error{"", "'" + text + "' is no user here", "give a name or a number"});
}

std::expected<std::unique_ptr<shm::Reader>, Error> open(const std::string& name,
                                                        const shm::OpenOptions& options) {
  auto opened = shm::Reader::open(name, options);
  if (opened) return std::move(*opened);
  Error error = opened.error().error;
  if (opened.error().code == shm::OpenCode::wrong_owner) {
    error.fix = "name that user with --owner, if the monitor runs as it";
  }
  return std::unexpected(std::move(error));
}

}  // namespace

int run_shared_price(const ClientArgs& args, const SharedBoardArgs& shared,
                     const std::string& stream, const std::string& max_age) {
  const auto key = StreamKey::parse(stream);
  if (!key) return print_usage("STREAM", key.error());
  const auto limit = parse_duration(max_age);
  if (!limit) return print_usage("--max-age", limit.error());
  shm::OpenOptions options;
  if (!shared.owner.empty()) {
    const auto owner = user_of(shared.owner);
    if (!owner) return print_usage("--owner", owner.error());
    options.owner = *owner;
  }
  const auto board = open(shared.name, options);
  if (!board) {
    print_error(board.error());
    return exit_failure;
  }
  const auto price = ask(**board, *key, *limit);
  if (!price) {
    return print_refused(*key, api::refused_reply(*key, price.error()).body, max_age, args.json);
  }
  return print_price(api::price_json(*key, *price), args.json);
}

}  // namespace feedwatch::app
