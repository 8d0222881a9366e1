#include "feedwatch/app/log.hpp"

#include <spdlog/async.h>
#include <spdlog/spdlog.h>

#include <string>

#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/app/stderr_sink.hpp"
#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::app {

namespace {

constexpr std::size_t waiting_lines = 8192;

spdlog::level::level_enum level_of(std::string_view severity) {
  if (severity == "debug") return spdlog::level::debug;
  if (severity == "warning") return spdlog::level::warn;
  if (severity == "error") return spdlog::level::err;
  if (severity == "alert") return spdlog::level::critical;
  return spdlog::level::info;
}

spdlog::level::level_enum level_of(config::LogConfig::Level level) {
  switch (level) {
    case config::LogConfig::Level::debug:
      return spdlog::level::debug;
    case config::LogConfig::Level::info:
      return spdlog::level::info;
    case config::LogConfig::Level::warning:
      return spdlog::level::warn;
    case config::LogConfig::Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

struct Log::Impl {
  explicit Impl(const config::LogConfig& options)
      : json(options.format == config::LogConfig::Format::json),
        sink(std::make_shared<StderrSink>()),
        pool(std::make_shared<spdlog::details::thread_pool>(waiting_lines, 1)),
        logger(std::make_shared<spdlog::async_logger>(
            "feedwatch", sink, pool, spdlog::async_overflow_policy::overrun_oldest)) {
    logger->set_level(level_of(options.level));
    // The time is spdlog's, taken when the line is written down: display, not decision.
    if (json) {
      logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ",%v})", spdlog::pattern_time_type::utc);
    } else {
      logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc);
    }
  }

  bool json;
  std::shared_ptr<StderrSink> sink;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
};

Log::Log(const config::LogConfig& options) : impl_(std::make_unique<Impl>(options)) {}
Log::~Log() {
  // The pool's end waits for its thread, which may be waiting for somebody to read.
  impl_->sink->stop();
}

void Log::set_level(config::LogConfig::Level level) {
  impl_->logger->set_level(level_of(level));
}

void Log::line(std::string_view severity, std::string_view text) {
  const spdlog::level::level_enum level = level_of(severity);
  if (!impl_->logger->should_log(level)) return;
  std::string line;
  if (impl_->json) {
    line.append("\"severity\":");
    append_json_string(line, severity);
    line.append(",\"message\":");
    append_json_string(line, text);
  } else {
    // Symbols and the venue's words come from outside; a terminal would obey what they hold.
    line.append(severity).append(" ").append(api::printable(text));
  }
  impl_->logger->log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace feedwatch::app
