#include "feedwatch/api/probes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "feedwatch/api/reply.hpp"
#include "feedwatch/api/terminal_text.hpp"

namespace feedwatch::api {

namespace {

net::Response text(int status, std::string body) {
  return reply(status, "text/plain; charset=utf-8", std::move(body));
}

std::string line(const ProbeCheck& check) {
  if (check.ok) return fmt::format("[+]{} ok\n", check.name);
  return fmt::format("[-]{} failed{}{}\n", check.name, check.why.empty() ? "" : ": ", check.why);
}

net::Response single(std::string_view name, std::span<const ProbeCheck> checks) {
  const auto found = std::ranges::find(checks, name, &ProbeCheck::name);
  if (found == checks.end()) {
    std::string names;
    for (const ProbeCheck& check : checks) {
      names += names.empty() ? "" : ", ";
      names += check.name;
    }
    return problem(404, "Not Found", "no such check (there are: " + names + ")");
  }
  return found->ok ? text(200, "ok\n") : text(503, line(*found));
}

}  // namespace

net::Response probe(const Target& target, std::span<const ProbeCheck> checks) {
  if (target.segments.size() == 2) return single(target.segments[1], checks);
  const std::vector<std::string_view> excluded = target.parameters("exclude");
  std::string body;
  bool good = true;
  for (const ProbeCheck& check : checks) {
    if (std::ranges::find(excluded, check.name) != excluded.end()) {
      body += fmt::format("[+]{} excluded: ok\n", check.name);
      continue;
    }
    good = good && check.ok;
    body += line(check);
  }
  for (const std::string_view name : excluded) {
    if (std::ranges::find(checks, name, &ProbeCheck::name) != checks.end()) continue;
    body += fmt::format("warn: no check {} to exclude\n", printable(name));
  }
  if (good && !target.parameter("verbose")) return text(200, "ok\n");
  body += fmt::format("{} check {}\n", target.segments[0], good ? "passed" : "failed");
  return text(good ? 200 : 503, std::move(body));
}

}  // namespace feedwatch::api
