#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

namespace feedwatch::bench {

/// The first number a command prints; nothing if it prints none. The command is our own text.
inline std::optional<double> number_said_by(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (pipe == nullptr) return std::nullopt;
  std::array<char, 64> line{};
  if (std::fgets(line.data(), line.size(), pipe.get()) == nullptr) return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(line.data(), &end);
  if (end == line.data()) return std::nullopt;
  return number;
}

}  // namespace feedwatch::bench
