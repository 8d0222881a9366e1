#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/protect/position.hpp"
#include "feedwatch/protect/position_sources.hpp"

namespace feedwatch::engine {

/// What names of sources begin with that are files: nobody else reports under them.
inline constexpr std::string_view file_source = "file:";

/// One element of a list that was not taken.
struct ListFault {
  std::size_t element = 0;  ///< from 0
  std::string id;           ///< as far as it could be read
  Error error;
};
/// "element 3 (p1): side: must be long or short"
std::string text_of(const ListFault& fault);

/// What somebody has said of a position's terms; the rest he has left out.
struct TermsSaid {
  bool strategy = false, trailing = false, aged = false;
};

/// Positions as one source reports them, all it knows of.
struct PositionList {
  struct Element {
    std::size_t number = 0;  ///< from 0
    Position position;
    bool dated = false;  ///< it says when it was opened
    std::optional<Duration> ttl;
    std::string owner;  ///< empty: the source
    PositionTerms terms;
    TermsSaid said;  ///< which of them it names: the others stay as they are
  };
  bool ready = false;  ///< else it knows nothing (yet), and the rest is empty
  /// It was told before and is no newer than then: only what was refused of it is tried again.
  bool again = false;
  std::vector<Element> elements;
  std::vector<ListFault> faults;  ///< of elements that cannot be read
};

/// What became of a list.
struct ListTaken {
  PositionSourceView source;
  std::size_t registered = 0, changed = 0, renewed = 0;
  std::vector<ListFault> faults;  ///< of all elements that were not taken
};

}  // namespace feedwatch::engine
