/// Which rule wins, against the words of semantics §4 taken literally, over random globs.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "feedwatch/freshness/policy.hpp"

namespace feedwatch {
namespace {

constexpr Duration of_the_preset = 300s;

/// The meaning of a pattern by recursion; without escapes, which the generator does not make.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && text.front() == pattern.front() &&
           matches(pattern.substr(1), text.substr(1));
  }
  return matches(pattern.substr(1), text) || (!text.empty() && matches(pattern, text.substr(1)));
}

std::size_t stars(std::string_view pattern) {
  return static_cast<std::size_t>(std::ranges::count(pattern, '*'));
}

/// Exact before globs, more literal characters before fewer, later before earlier.
bool beats(const std::string& later, const std::string& earlier) {
  const bool exact = stars(later) == 0;
  if (exact != (stars(earlier) == 0)) return exact;
  return later.size() - stars(later) >= earlier.size() - stars(earlier);
}

rc::Gen<std::string> text_of(const std::string& letters, int longest) {
  return rc::gen::mapcat(rc::gen::inRange(0, longest + 1), [letters](int length) {
    return rc::gen::container<std::string>(static_cast<std::size_t>(length),
                                           rc::gen::elementOf(letters));
  });
}

/// A pattern made of the text itself, so that many match: some letters replaced by stars.
std::string pattern_of(std::string text) {
  if (*rc::gen::inRange(0, 6) == 0) return text;
  const int cuts = *rc::gen::inRange(1, 4);
  for (int i = 0; i < cuts && !text.empty(); ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const auto length = *rc::gen::inRange<std::size_t>(0, text.size() - at + 1);
    text.replace(at, length, "*");
  }
  return text;
}

RC_GTEST_PROP(PolicyProperty, TheMostSpecificRuleWinsAsAWhole, ()) {
  const std::string stream = *text_of("ab/", 8);
  std::vector<PolicyRule> rules;
  Duration expected = of_the_preset;
  const std::string* best = nullptr;
  for (int count = *rc::gen::inRange(0, 8); count > 0; --count) {
    PolicyRule rule;
    rule.match = *rc::gen::inRange(0, 3) == 0 ? *text_of("ab/*", 6) : pattern_of(stream);
    rule.stale_after = Duration{static_cast<std::int64_t>(rules.size()) + 1};
    rules.push_back(rule);
  }
  for (const PolicyRule& rule : rules) {
    if (!matches(rule.match, stream)) continue;
    if (best != nullptr && !beats(rule.match, *best)) continue;
    best = &rule.match;
    expected = *rule.stale_after;
  }
  RC_CLASSIFY(best != nullptr, "some rule matches");
  RC_CLASSIFY(best != nullptr && stars(*best) == 0, "an exact one");
  const Policy policy =
      PolicySet(rules).for_stream(stream, {.cadence = event_driven(), .suspect_after = {}});
  RC_ASSERT(policy.stale_after == expected);
}

}  // namespace
}  // namespace feedwatch
