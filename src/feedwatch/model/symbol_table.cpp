#include "feedwatch/model/symbol_table.hpp"

#include <functional>
#include <utility>

namespace feedwatch {
namespace {

constexpr std::size_t first_entries = 16;

}  // namespace

SymbolTable::Number SymbolTable::insert(std::string_view symbol) {
  const Number known = find(symbol);
  if (known != none) return known;
  if ((size() + 1) * 2 > entries_.size()) grow();
  const Number number = next_number(symbol);
  place({key_of(symbol), number});
  return number;
}

bool SymbolTable::erase(std::string_view symbol) {
  const Number number = find(symbol);
  if (number == none) return false;
  std::size_t at = hash(key_of(symbol)) & mask_;
  while (entries_[at].number != number) at = (at + 1) & mask_;
  close_gap(at);
  free_.push_back(number);
  names_[number].clear();
  return true;
}

SymbolTable::Number SymbolTable::find_long(std::string_view symbol) const {
  return find(long_key(symbol), [&](Number number) { return names_[number] == symbol; });
}

SymbolTable::Key SymbolTable::long_key(std::string_view text) {
  return {std::hash<std::string_view>{}(text), std::uint64_t{255} << 56U};
}

SymbolTable::Number SymbolTable::next_number(std::string_view symbol) {
  if (free_.empty()) {
    names_.emplace_back(symbol);
    return static_cast<Number>(names_.size() - 1);
  }
  const Number number = free_.back();
  free_.pop_back();
  names_[number] = symbol;
  return number;
}

void SymbolTable::place(const Entry& entry) {
  std::size_t at = hash(entry.key) & mask_;
  while (entries_[at].number != none) at = (at + 1) & mask_;
  entries_[at] = entry;
}

void SymbolTable::grow() {
  const std::size_t larger = entries_.empty() ? first_entries : entries_.size() * 2;
  const std::vector<Entry> old = std::exchange(entries_, std::vector<Entry>(larger));
  mask_ = larger - 1;
  for (const Entry& entry : old) {
    if (entry.number != none) place(entry);
  }
}

/// Moves up what was displaced by the entry that goes, so that no search ends early (Knuth 6.4, R).
void SymbolTable::close_gap(std::size_t gap) {
  for (std::size_t at = (gap + 1) & mask_; entries_[at].number != none; at = (at + 1) & mask_) {
    const std::size_t home = hash(entries_[at].key) & mask_;
    const bool reaches_gap = ((at - home) & mask_) >= ((at - gap) & mask_);
    if (!reaches_gap) continue;
    entries_[gap] = entries_[at];
    gap = at;
  }
  entries_[gap] = {};
}

}  // namespace feedwatch
