#include "feedwatch/model/symbol_table.hpp"

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <utility>

#include "feedwatch/base/random.hpp"

namespace feedwatch {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::pair<std::string, SymbolTable::Number>> all(const SymbolTable& table) {
  std::vector<std::pair<std::string, SymbolTable::Number>> rows;
  table.for_each([&](std::string_view symbol, SymbolTable::Number number) {
    rows.emplace_back(symbol, number);
  });
  return rows;
}

/// The text in memory that ends where it ends, so that the address sanitizer sees a read beyond it.
class Exact {
 public:
  explicit Exact(std::string_view text)
      : bytes_(std::make_unique<char[]>(text.size())), size_(text.size()) {
    text.copy(bytes_.get(), size_);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

TEST(SymbolTable, EmptyFindsNothing) {
  const SymbolTable table;
  EXPECT_EQ(table.find("BTCUSDT"), SymbolTable::none);
  EXPECT_EQ(table.find(""), SymbolTable::none);
  EXPECT_EQ(table.size(), 0U);
}

TEST(SymbolTable, NumbersAreDenseAndAKnownSymbolKeepsItsOwn) {
  SymbolTable table;
  EXPECT_EQ(table.insert("BTCUSDT"), 0U);
  EXPECT_EQ(table.insert("ETHUSDT"), 1U);
  EXPECT_EQ(table.insert("BTCUSDT"), 0U);
  EXPECT_EQ(table.find("ETHUSDT"), 1U);
  EXPECT_EQ(table.size(), 2U);
}

TEST(SymbolTable, TextsOfEveryLengthAreFoundAndNoOthers) {
  SymbolTable table;
  const std::string text = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    EXPECT_EQ(table.find(Exact(text.substr(0, size)).view()), SymbolTable::none) << size;
    table.insert(Exact(text.substr(0, size)).view());
  }
  for (std::size_t size = 0; size <= text.size(); ++size) {
    std::string same = text.substr(0, size);
    EXPECT_EQ(table.find(Exact(same).view()), size);
    for (char& c : same) {
      ++c;
      EXPECT_EQ(table.find(same), SymbolTable::none) << same;
      --c;
    }
  }
}

TEST(SymbolTable, TextsThatDifferInLengthAloneAreDifferent) {
  SymbolTable table;
  for (const char c : {'\0', 'a', '\x80', '\xff'}) {
    for (std::size_t size = 1; size <= 20; ++size) {
      const auto before = table.size();
      EXPECT_EQ(table.insert(std::string(size, c)), before) << size << " of " << int{c};
    }
  }
}

TEST(SymbolTable, ErasedIsGoneAndItsNumberServesTheNext) {
  SymbolTable table;
  table.insert("a");
  table.insert("b");
  table.insert("c");
  EXPECT_TRUE(table.erase("b"));
  EXPECT_FALSE(table.erase("b"));
  EXPECT_EQ(table.find("b"), SymbolTable::none);
  EXPECT_THAT(all(table), ElementsAre(Pair("a", 0U), Pair("c", 2U)));
  EXPECT_EQ(table.insert("d"), 1U);
  EXPECT_THAT(all(table), ElementsAre(Pair("a", 0U), Pair("d", 1U), Pair("c", 2U)));
}

TEST(SymbolTable, TheEmptySymbolIsOneLikeOthers) {
  SymbolTable table;
  table.insert("a");
  table.erase("a");  // leaves a number without a name
  EXPECT_TRUE(all(table).empty());
  EXPECT_EQ(table.insert(""), 0U);
  EXPECT_THAT(all(table), ElementsAre(Pair("", 0U)));
}

TEST(SymbolTable, AgreesWithAMapThroughThousandsOfChanges) {
  // Few enough to come back all the time, of lengths around what is kept inline.
  std::vector<std::string> symbols;
  for (std::size_t i = 0; i < 300; ++i) {
    symbols.push_back(std::string(9 + i % 5, 'x') + std::to_string(i));
  }
  SymbolTable table;
  std::map<std::string, SymbolTable::Number> map;
  Random random(7);
  for (int step = 0; step < 40'000; ++step) {
    const std::string& symbol = symbols[random.below(symbols.size())];
    const auto known = map.find(symbol);
    ASSERT_EQ(table.find(symbol), known == map.end() ? SymbolTable::none : known->second);
    if (random.below(2) == 0) {
      map[symbol] = table.insert(symbol);
    } else {
      ASSERT_EQ(table.erase(symbol), map.erase(symbol) == 1);
    }
    ASSERT_EQ(table.size(), map.size());
  }
  for (const auto& [symbol, number] : map) EXPECT_EQ(table.find(symbol), number) << symbol;
  EXPECT_EQ(all(table).size(), map.size());
}

}  // namespace
}  // namespace feedwatch
