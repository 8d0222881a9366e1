// `feedwatch price --shm`: what the API would answer, from the shared board.
#include <string>

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

}  // namespace

int run_shared_price(const ClientArgs& args, const std::string& shm, const std::string& stream,
                     const std::string& max_age) {
  const auto key = StreamKey::parse(stream);
  if (!key) return print_usage("STREAM", key.error());
  const auto limit = parse_duration(max_age);
  if (!limit) return print_usage("--max-age", limit.error());
  const auto board = shm::Reader::open(shm);
  if (!board) {
    print_error(board.error().error);
    return exit_failure;
  }
  const auto price = ask(**board, *key, *limit);
  if (!price) {
    return print_refused(*key, api::refused_reply(*key, price.error()).body, max_age, args.json);
  }
  return print_price(api::price_json(*key, *price), args.json);
}

}  // namespace feedwatch::app
