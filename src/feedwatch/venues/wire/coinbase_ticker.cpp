#include "feedwatch/venues/wire/coinbase_ticker.hpp"

namespace feedwatch::venues::wire {

bool CoinbaseTicker::add(FieldReader& fields, JsonReader& reader, WireTick common,
                         Decoded& out) const {
  if (!fields.text(reader, product, "product_id", common.symbol)) return false;
  fields.about(common.symbol, Kind::last);
  WireTick last = common;
  if (!fields.price_if_any(price, "price", last.prices.price, last.price_text)) return false;
  last.fields.price = !last.price_text.empty();
  fields.about(common.symbol, Kind::quote);
  WireTick quote = common;
  quote.kind = Kind::quote;
  if (!fields.price_if_any(bid, "best_bid", quote.prices.price, quote.price_text) ||
      !fields.price_if_any(ask, "best_ask", quote.prices.ask, quote.ask_text)) {
    return false;
  }
  quote.fields = {.price = true, .ask = true};
  if (last.fields.price) out.ticks.push_back(last);
  // One side alone is no quote.
  if (!quote.price_text.empty() && !quote.ask_text.empty()) out.ticks.push_back(quote);
  return true;
}

simdjson::error_code add_topics(JsonReader& reader, std::uint8_t channel, ondemand::value& symbols,
                                std::vector<Topic>& topics) {
  if (raw_token(symbols) != "[") return simdjson::SUCCESS;
  ondemand::array list;
  if (const auto error = symbols.get_array().get(list)) return error;
  for (auto item : list) {
    ondemand::value member;
    if (const auto error = std::move(item).get(member)) return error;
    Token token;
    token.set(raw_token(member));
    if (const auto symbol = reader.unescape(token)) {
      topics.push_back({channel, std::string(*symbol)});
    }
  }
  return simdjson::SUCCESS;
}

}  // namespace feedwatch::venues::wire
