#include "feedwatch/exchange/market.hpp"

namespace feedwatch::exchange {

std::size_t Market::add(std::string_view symbol) {
  if (const auto at = index_.find(symbol); at != index_.end()) return at->second;
  const std::size_t index = states_.size();
  states_.push_back({.symbol = std::string{symbol}});
  index_.emplace(symbol, index);
  return index;
}

std::optional<std::size_t> Market::find(std::string_view symbol) const {
  const auto at = index_.find(symbol);
  if (at == index_.end()) return std::nullopt;
  return at->second;
}

}  // namespace feedwatch::exchange
